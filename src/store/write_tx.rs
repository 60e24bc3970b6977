//! The one transaction that writes the log, on whichever database it is. It owns its connection
//! until it is finished: a unit of work that does not finish drops it, and with it the connection.

use super::error::{CommitError, StoreError};
use super::memory::{MemoryTx, MemoryWriter};
use super::plan::{Known, Plan, Prepared};
use super::postgres::{PostgresTx, PostgresWriter};
use super::sqlite::{SqliteTx, SqliteWriter};
use super::types::Hash;

/// What the appender writes through.
pub(super) enum Writer {
    Postgres(PostgresWriter),
    Sqlite(SqliteWriter),
    Memory(MemoryWriter),
}

impl Writer {
    /// Begins a transaction that holds the lock on the head of the log.
    pub(super) async fn begin(&mut self) -> Result<WriteTx<'_>, StoreError> {
        Ok(match self {
            Self::Postgres(writer) => WriteTx::Postgres(writer.begin().await?),
            Self::Sqlite(writer) => WriteTx::Sqlite(writer.begin().await?),
            Self::Memory(writer) => WriteTx::Memory(writer.begin()?),
        })
    }

    /// The hash of a batch as the log has it, read on a fresh connection under the lock.
    pub(super) async fn find_batch(&mut self, batch_no: u64) -> Result<Option<Hash>, StoreError> {
        match self {
            Self::Postgres(writer) => writer.find_batch(batch_no).await,
            Self::Sqlite(writer) => writer.find_batch(batch_no).await,
            Self::Memory(writer) => writer.find_batch(batch_no),
        }
    }

    /// Puts everything in order and lets go of the database.
    pub(super) async fn close(self) {
        match self {
            Self::Postgres(writer) => writer.close().await,
            Self::Sqlite(writer) => writer.close().await,
            Self::Memory(_) => {}
        }
    }
}

/// A transaction that holds the lock on the head of the log.
pub(super) enum WriteTx<'w> {
    Postgres(PostgresTx<'w>),
    Sqlite(SqliteTx<'w>),
    Memory(MemoryTx<'w>),
}

impl WriteTx<'_> {
    /// What the decision needs to know, when the appender may know it by itself: a guess, which the
    /// commit proves, and which is no ground for refusing anything.
    pub(super) fn guess(&mut self, requests: &[Prepared]) -> Option<Known> {
        match self {
            Self::Postgres(tx) => tx.guess(requests),
            Self::Sqlite(_) | Self::Memory(_) => None,
        }
    }

    /// Reads what the decision needs to know, as it is under the lock.
    pub(super) async fn read(&mut self, requests: &[Prepared]) -> Result<Known, StoreError> {
        match self {
            Self::Postgres(tx) => tx.read(requests).await,
            Self::Sqlite(tx) => tx.read(requests).await,
            Self::Memory(tx) => Ok(tx.read(requests)),
        }
    }

    /// Writes what was planned.
    pub(super) async fn write(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        match self {
            Self::Postgres(tx) => tx.write(plan).await,
            Self::Sqlite(tx) => tx.write(plan).await,
            Self::Memory(tx) => tx.write(),
        }
    }

    /// Commits, and makes sure that it was a commit.
    pub(super) async fn commit(self, plan: &Plan<'_>) -> Result<(), CommitError> {
        match self {
            Self::Postgres(tx) => tx.commit(plan).await,
            Self::Sqlite(tx) => Ok(tx.commit(plan).await?),
            Self::Memory(tx) => Ok(tx.commit(plan)?),
        }
    }

    /// Gives up a transaction that wrote nothing.
    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(tx) => tx.rollback().await,
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Memory(_) => Ok(()),
        }
    }
}
