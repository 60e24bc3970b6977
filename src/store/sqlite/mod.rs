//! The archive in a SQLite file: the embedded default, for one process.

mod beside;
mod connect;
pub(super) mod load;
mod lock;
pub(super) mod migrate;
pub(super) mod read;
mod rows_text;
mod streams;
mod write;

pub(super) use connect::{connect, options, within};
pub(super) use lock::FileLock;
pub(super) use write::{SqliteTx, SqliteWriter};

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
use sqlx::{Connection, SqlitePool};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// An open archive in a SQLite file.
pub struct SqliteStore {
    pub(super) queue: Queue,
    pub(super) committed: Arc<watch::Sender<Position>>,
    reads: SqlitePool,
    pub(super) beside: SqlitePool,
    lock: Mutex<Option<FileLock>>,
}

impl SqliteStore {
    pub(super) async fn open(path: &Path, config: &StoreConfig) -> Result<Self, OpenError> {
        let lock = FileLock::take(path)?;
        check_file(path)?;
        let options = connect::options(path);
        let named = |error| match error {
            StoreError::Damaged(_) => OpenError::NotADatabase { path: path.to_owned() },
            StoreError::Unavailable { .. } => OpenError::CannotOpen {
                path: path.to_owned(),
                source: std::io::ErrorKind::PermissionDenied.into(),
            },
            StoreError::Contended { .. }
            | StoreError::DiskFull
            | StoreError::ReadOnly
            | StoreError::DiskFailed
            | StoreError::WentBackwards
            | StoreError::NoWorkspace
            | StoreError::Tainted
            | StoreError::NotCommitted
            | StoreError::Database { .. } => error.into(),
        };
        let mut first = connect::connect(&options).await.map_err(named)?;
        connect::check(&mut first, config.allow_unsafe_durability).await?;
        migrate::migrate(&mut first).await?;
        connect::within(first.close()).await?;
        let reads = connect::read_pool(&options, config.read_connections_max);
        let beside = connect::beside_pool(&options);
        let head = read::head(&reads).await?;
        let committed = Arc::new(watch::Sender::new(head.position));
        let writer = Writer::Sqlite(SqliteWriter::new(&options, head));
        let queue = Queue::start(writer, config.queue_requests_max, Arc::clone(&committed));
        Ok(Self { queue, committed, reads, beside, lock: Mutex::new(Some(lock)) })
    }

    pub(super) async fn close(&self) {
        self.reads.close().await;
        self.beside.close().await;
        self.queue.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
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

/// The first bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Looks at the file before SQLite does, which would write to it.
pub(super) fn check_file(path: &Path) -> Result<(), OpenError> {
    use std::io::Read as _;
    let cannot = |source| OpenError::of_file(path, source);
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
    };
    let mut start = Vec::new();
    let length = u64::try_from(MAGIC.len()).expect("sixteen fits");
    file.take(length).read_to_end(&mut start).map_err(cannot)?;
    if start.is_empty() || start == MAGIC {
        return Ok(());
    }
    Err(OpenError::NotADatabase { path: path.to_owned() })
}
