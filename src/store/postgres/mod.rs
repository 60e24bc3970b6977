//! The archive on PostgreSQL: for many users and several servers.

mod beside;
mod connect;
pub(super) mod load;
pub(super) mod migrate;
pub(super) mod read;
mod streams;
mod wake;
mod write;
#[cfg(test)]
mod write_tests;

pub(super) use connect::{connect, first_connection, options, within};
pub(super) use write::{PostgresTx, PostgresWriter};

use super::appender::Queue;
use super::config::StoreConfig;
use super::error::StoreError;
use super::open_error::OpenError;
use super::presence::{AgentPresence, EndedLease, Renewal, newest_renewals, newest_signs};
use super::rows::{KeyRow, NumberedRow};
use super::types::{
    Batch, Head, LogFilter, Position, RecordedEvent, Snapshot, StoredAnswer, Version,
};
use super::write_tx::Writer;
use crate::domain::{StreamName, WorkspaceId};
use sqlx::{Connection, PgPool};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{sync::watch, task::JoinHandle};

/// An open archive on PostgreSQL.
pub struct PostgresStore {
    pub(super) queue: Queue,
    pub(super) committed: Arc<watch::Sender<Position>>,
    reads: PgPool,
    pub(super) beside: PgPool,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl PostgresStore {
    pub(super) async fn open(url: &str, config: &StoreConfig) -> Result<Self, OpenError> {
        let options = connect::options(url)?;
        let mut first = connect::first_connection(&options).await?;
        connect::check_server(&mut first, config.allow_unsafe_durability).await?;
        migrate::migrate(&mut first).await?;
        connect::within(first.close()).await?;
        let reads = connect::pool(&options, config.read_connections_max);
        let beside = connect::pool(&options, 2);
        let head = read::head(&reads).await?;
        let committed = Arc::new(watch::Sender::new(head.position));
        let writer = Writer::Postgres(PostgresWriter::new(&options).going_on_from(head));
        let queue = Queue::start(writer, config.queue_requests_max, Arc::clone(&committed));
        let told = wake::tell(beside.clone(), committed.subscribe());
        let listening = connect::pool(&options, 1);
        let heard = wake::listen(listening, reads.clone(), Arc::clone(&committed));
        let tasks = Mutex::new(vec![tokio::spawn(told), tokio::spawn(heard)]);
        Ok(Self { queue, committed, reads, beside, tasks })
    }

    pub(super) async fn close(&self) {
        self.queue.close().await;
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            if let Err(error) = task.await
                && !error.is_cancelled()
            {
                tracing::error!(%error, "a task of the archive did not end well");
            }
        }
        self.reads.close().await;
        self.beside.close().await;
    }

    pub(super) async fn head(&self) -> Result<Head, StoreError> {
        read::head(&self.reads).await
    }

    pub(super) async fn stored_answer(
        &self,
        workspace: &WorkspaceId,
        actor: &str,
        key: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        read::stored_answer(&self.reads, workspace, actor, key).await
    }

    pub(super) async fn read_stream(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        after: Version,
        limit: i64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        read::read_stream(&self.reads, workspace, stream, after, limit).await
    }

    pub(super) async fn read_positions(
        &self,
        after: Position,
        to: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        read::read_positions(&self.reads, after, to).await
    }

    pub(super) async fn read_filtered(
        &self,
        after: Position,
        to: Position,
        filter: &LogFilter,
        limit: i64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        read::read_filtered(&self.reads, after, to, filter, limit).await
    }

    pub(super) async fn batches(&self, after: u64, limit: i64) -> Result<Vec<Batch>, StoreError> {
        read::batches(&self.reads, after, limit).await
    }

    pub(super) async fn stream_rows(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        read::stream_rows(&self.reads, after, limit).await
    }

    pub(super) async fn key_rows(
        &self,
        after: &(String, String, String),
        limit: i64,
    ) -> Result<Vec<KeyRow>, StoreError> {
        read::key_rows(&self.reads, after, limit).await
    }

    pub(super) async fn places(
        &self,
        positions: &[Position],
    ) -> Result<Vec<NumberedRow>, StoreError> {
        read::places(&self.reads, positions).await
    }

    pub(super) async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        beside::save_snapshot(&self.beside, snapshot).await
    }

    pub(super) async fn load_snapshot(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        fingerprint: [u8; 16],
    ) -> Result<Option<Snapshot>, StoreError> {
        read::load_snapshot(&self.reads, workspace, stream, fingerprint).await
    }

    pub(super) async fn renew(&self, renewals: &[Renewal]) -> Result<(), StoreError> {
        beside::renew(&self.beside, &newest_renewals(renewals)).await
    }

    pub(super) async fn see(&self, signs: &[AgentPresence]) -> Result<(), StoreError> {
        beside::see(&self.beside, &newest_signs(signs)).await
    }

    pub(super) async fn forget(&self, ended: &[EndedLease]) -> Result<(), StoreError> {
        beside::forget(&self.beside, ended).await
    }

    pub(super) async fn leases(
        &self,
        of: Option<(&WorkspaceId, &str)>,
    ) -> Result<Vec<Renewal>, StoreError> {
        read::leases(&self.reads, of).await
    }

    pub(super) async fn agents(&self) -> Result<Vec<AgentPresence>, StoreError> {
        read::agents(&self.reads).await
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}
