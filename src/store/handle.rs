//! One interface over the databases.

use super::config::{Location, StoreConfig};
use super::error::{AppendError, StoreError};
use super::memory::{MemoryFaults, MemoryLog, MemoryStore};
use super::open_error::OpenError;
use super::postgres::PostgresStore;
use super::presence::{AgentPresence, EndedLease, Renewal, signs_of};
use super::rows::{KeyRow, NumberedRow, READ_ROWS_MAX};
use super::sqlite::SqliteStore;
use super::types::{
    AppendRequest, Appended, Batch, Head, LogFilter, Position, RecordedEvent, Snapshot,
    StoredAnswer, Version,
};
use super::verify::{self, Verified, VerifyError};
use crate::domain::{StreamName, WorkspaceId};
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// How many positions one statement looks at when it filters.
const FILTER_POSITIONS_MAX: u64 = 20_000;

/// An open archive; clones are the same one.
#[derive(Clone)]
pub enum Store {
    /// For many users and several servers.
    Postgres(Arc<PostgresStore>),
    /// The embedded default.
    Sqlite(Arc<SqliteStore>),
    /// For simulations.
    Memory(Arc<MemoryStore>),
}

impl Store {
    /// Opens the archive at an address: checks the database, brings it up to date, and starts to
    /// append. Must be called within a runtime.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        Ok(match Location::parse(&config.url).ok_or(OpenError::BadAddress)? {
            Location::Postgres(url) => {
                Self::Postgres(Arc::new(PostgresStore::open(url, config).await?))
            }
            Location::Sqlite(path) => {
                Self::Sqlite(Arc::new(SqliteStore::open(&path, config).await?))
            }
            Location::Memory => {
                Self::memory(&MemoryLog::new(Uuid::nil()), MemoryFaults::default(), config)
            }
        })
    }

    /// A store over a log in memory that fails as it is told to. Several stores may share a log.
    pub fn memory(log: &MemoryLog, faults: MemoryFaults, config: &StoreConfig) -> Self {
        Self::Memory(Arc::new(MemoryStore::start(log, faults, config)))
    }

    /// Stores a request whole or not at all; answers when it is durable.
    pub async fn append(&self, request: AppendRequest) -> Result<Appended, AppendError> {
        match self {
            Self::Postgres(store) => store.queue.append(request).await,
            Self::Sqlite(store) => store.queue.append(request).await,
            Self::Memory(store) => store.queue.append(request).await,
        }
    }

    /// Stores requests of which each was decided on what those before it store, with one commit.
    /// Where one is not stored anew, those behind it are refused as conflicts, unless they repeat
    /// what was stored before.
    pub async fn append_coupled(
        &self,
        requests: Vec<AppendRequest>,
    ) -> Vec<Result<Appended, AppendError>> {
        match self {
            Self::Postgres(store) => store.queue.append_coupled(requests).await,
            Self::Sqlite(store) => store.queue.append_coupled(requests).await,
            Self::Memory(store) => store.queue.append_coupled(requests).await,
        }
    }

    /// What a request with this key was answered, if there was one.
    pub async fn stored_answer(
        &self,
        workspace: &WorkspaceId,
        actor: &str,
        key: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        match self {
            Self::Postgres(store) => store.stored_answer(workspace, actor, key).await,
            Self::Sqlite(store) => store.stored_answer(workspace, actor, key).await,
            Self::Memory(store) => store.stored_answer(workspace, actor, key),
        }
    }

    /// The events of a stream that follow a version, at most so many (and at most 5,000).
    pub async fn read_stream(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows = row_limit(limit);
        match self {
            Self::Postgres(store) => store.read_stream(workspace, stream, after, rows).await,
            Self::Sqlite(store) => store.read_stream(workspace, stream, after, rows).await,
            Self::Memory(store) => store.read_stream(workspace, stream, after, limit),
        }
    }

    /// The events of the log that follow a position and are wanted, at most so many (and at most
    /// 5,000). Fewer than asked for means that the end of the log was reached.
    pub async fn read_log(
        &self,
        after: Position,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let limit = limit.min(READ_ROWS_MAX);
        let count = u64::try_from(limit).unwrap_or(u64::MAX);
        if filter.is_everything() {
            return self.read_positions(after, after.plus(count)).await;
        }
        let head = self.head().await?.position;
        let (mut events, mut from) = (Vec::new(), after);
        while from < head && events.len() < limit {
            let to = from.plus(FILTER_POSITIONS_MAX).min(head);
            let page = self.read_filtered(from, to, filter, limit - events.len()).await?;
            events.extend(page);
            from = to;
        }
        Ok(events)
    }

    /// The end of the log.
    pub async fn head(&self) -> Result<Head, StoreError> {
        match self {
            Self::Postgres(store) => store.head().await,
            Self::Sqlite(store) => store.head().await,
            Self::Memory(store) => store.head(),
        }
    }

    /// Hints that something up to a position was committed; at once when by this process.
    pub fn wake(&self) -> watch::Receiver<Position> {
        match self {
            Self::Postgres(store) => store.committed.subscribe(),
            Self::Sqlite(store) => store.committed.subscribe(),
            Self::Memory(store) => store.committed.subscribe(),
        }
    }

    /// Keeps a snapshot, unless a newer one of the same fold is there.
    pub async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        match self {
            Self::Postgres(store) => store.save_snapshot(snapshot).await,
            Self::Sqlite(store) => store.save_snapshot(snapshot).await,
            Self::Memory(store) => store.save_snapshot(snapshot),
        }
    }

    /// The snapshot of a stream, if there is one of this fold.
    pub async fn load_snapshot(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        fingerprint: [u8; 16],
    ) -> Result<Option<Snapshot>, StoreError> {
        match self {
            Self::Postgres(store) => store.load_snapshot(workspace, stream, fingerprint).await,
            Self::Sqlite(store) => store.load_snapshot(workspace, stream, fingerprint).await,
            Self::Memory(store) => store.load_snapshot(workspace, stream, fingerprint),
        }
    }

    /// Notes that leases were renewed, and with them that their agents were seen. An older epoch or
    /// time than is known changes nothing.
    pub async fn renew(&self, renewals: &[Renewal]) -> Result<(), StoreError> {
        if renewals.is_empty() {
            return Ok(());
        }
        self.see(&signs_of(renewals)).await?;
        match self {
            Self::Postgres(store) => store.renew(renewals).await,
            Self::Sqlite(store) => store.renew(renewals).await,
            Self::Memory(store) => store.renew(renewals),
        }
    }

    /// Notes that agents were heard of. An older time than is known changes nothing.
    pub async fn see(&self, signs: &[AgentPresence]) -> Result<(), StoreError> {
        if signs.is_empty() {
            return Ok(());
        }
        match self {
            Self::Postgres(store) => store.see(signs).await,
            Self::Sqlite(store) => store.see(signs).await,
            Self::Memory(store) => store.see(signs),
        }
    }

    /// Forgets the presence of leases that ended; that of a later epoch stays.
    pub async fn forget(&self, ended: &[EndedLease]) -> Result<(), StoreError> {
        if ended.is_empty() {
            return Ok(());
        }
        match self {
            Self::Postgres(store) => store.forget(ended).await,
            Self::Sqlite(store) => store.forget(ended).await,
            Self::Memory(store) => store.forget(ended),
        }
    }

    /// The last renewals of one execution's leases.
    pub async fn lease_presence(
        &self,
        workspace: &WorkspaceId,
        execution_id: &str,
    ) -> Result<Vec<Renewal>, StoreError> {
        self.leases(Some((workspace, execution_id))).await
    }

    /// The last renewals of all leases.
    pub async fn all_lease_presence(&self) -> Result<Vec<Renewal>, StoreError> {
        self.leases(None).await
    }

    /// When each agent was last heard of.
    pub async fn all_agent_presence(&self) -> Result<Vec<AgentPresence>, StoreError> {
        match self {
            Self::Postgres(store) => store.agents().await,
            Self::Sqlite(store) => store.agents().await,
            Self::Memory(store) => store.agents(),
        }
    }

    /// Walks the log and proves that it is as it was committed, or names the first bad position.
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        verify::verify(self, None).await
    }

    /// The same, and proves that the log holds what it held when this head was seen.
    pub async fn verify_since(&self, anchor: &Head) -> Result<Verified, VerifyError> {
        verify::verify(self, Some(anchor)).await
    }

    /// Takes no more requests, finishes those that wait, and lets go of the database.
    pub async fn close(&self) {
        match self {
            Self::Postgres(store) => store.close().await,
            Self::Sqlite(store) => store.close().await,
            Self::Memory(store) => store.queue.close().await,
        }
    }

    pub(super) async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        match self {
            Self::Postgres(store) => store.batches(after, row_limit(limit)).await,
            Self::Sqlite(store) => store.batches(after, row_limit(limit)).await,
            Self::Memory(store) => store.batches(after, limit),
        }
    }

    pub(super) async fn read_positions(
        &self,
        after: Position,
        to: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        match self {
            Self::Postgres(store) => store.read_positions(after, to).await,
            Self::Sqlite(store) => store.read_positions(after, to).await,
            Self::Memory(store) => store.read_positions(after, to),
        }
    }

    /// The rows of `stream` after an id.
    pub(super) async fn stream_rows(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        match self {
            Self::Postgres(store) => store.stream_rows(after, row_limit(limit)).await,
            Self::Sqlite(store) => store.stream_rows(after, row_limit(limit)).await,
            Self::Memory(store) => store.stream_rows(after, limit),
        }
    }

    /// The rows of `append_key` after workspace, actor and key.
    pub(super) async fn key_rows(
        &self,
        after: &(String, String, String),
        limit: usize,
    ) -> Result<Vec<KeyRow>, StoreError> {
        match self {
            Self::Postgres(store) => store.key_rows(after, row_limit(limit)).await,
            Self::Sqlite(store) => store.key_rows(after, row_limit(limit)).await,
            Self::Memory(store) => store.key_rows(after, limit),
        }
    }

    /// Where the events at these positions belong; those that are not there are left out.
    pub(super) async fn places(
        &self,
        positions: &[Position],
    ) -> Result<Vec<NumberedRow>, StoreError> {
        match self {
            Self::Postgres(store) => store.places(positions).await,
            Self::Sqlite(store) => store.places(positions).await,
            Self::Memory(store) => store.places(positions),
        }
    }

    /// The first event behind a position, even where positions are missing.
    pub(super) async fn first_after(
        &self,
        after: Position,
    ) -> Result<Option<RecordedEvent>, StoreError> {
        let all = LogFilter::default();
        Ok(self.read_filtered(after, u64::MAX.into(), &all, 1).await?.pop())
    }

    async fn read_filtered(
        &self,
        after: Position,
        to: Position,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows = row_limit(limit);
        match self {
            Self::Postgres(store) => store.read_filtered(after, to, filter, rows).await,
            Self::Sqlite(store) => store.read_filtered(after, to, filter, rows).await,
            Self::Memory(store) => store.read_filtered(after, to, filter, limit),
        }
    }

    async fn leases(&self, of: Option<(&WorkspaceId, &str)>) -> Result<Vec<Renewal>, StoreError> {
        match self {
            Self::Postgres(store) => store.leases(of).await,
            Self::Sqlite(store) => store.leases(of).await,
            Self::Memory(store) => store.leases(of),
        }
    }
}

fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit.min(READ_ROWS_MAX)).unwrap_or(i64::MAX)
}
