//! That a database was made from a backup, and whether somebody has said since that work goes on.

use super::Store;
use super::error::StoreError;
use super::rows::from_row;
use super::types::Position;
use crate::domain::Timestamp;

/// That a database was made from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the log ended in the backup.
    pub position: Position,
    /// When the backup was taken.
    pub taken_at: Timestamp,
    /// When it was restored.
    pub restored_at: Timestamp,
    /// Since when work goes on, and who said so; none while nobody has.
    pub resumed: Option<(Timestamp, String)>,
}

/// It as it stands in its table.
pub(super) type RestoredRow = (i64, i64, i64, Option<i64>, Option<String>);

fn restored(row: RestoredRow) -> Result<Restored, StoreError> {
    let (position, taken_at_ms, restored_at_ms, resumed_at_ms, resumed_by) = row;
    Ok(Restored {
        position: from_row(position)?.into(),
        taken_at: Timestamp::from_unix_ms(taken_at_ms),
        restored_at: Timestamp::from_unix_ms(restored_at_ms),
        resumed: resumed_at_ms.map(Timestamp::from_unix_ms).zip(resumed_by),
    })
}

impl Store {
    /// From which backup the database was made; none when it was not.
    pub async fn restored(&self) -> Result<Option<Restored>, StoreError> {
        let row = match self {
            Self::Postgres(store) => store.restored().await?,
            Self::Sqlite(store) => store.restored().await?,
            Self::Memory(_) => None,
        };
        row.map(restored).transpose()
    }

    /// Says that work goes on; false when that was said before, or nothing was restored.
    pub async fn resume_restored(&self, at: Timestamp, by: &str) -> Result<bool, StoreError> {
        match self {
            Self::Postgres(store) => store.resume_restored(at, by).await,
            Self::Sqlite(store) => store.resume_restored(at, by).await,
            Self::Memory(_) => Ok(false),
        }
    }
}

/// The statements, once for each driver: their types differ, and nothing else.
macro_rules! on {
    ($($store:ty, $within:path;)+) => {$(
        impl $store {
            async fn restored(&self) -> Result<Option<RestoredRow>, StoreError> {
                let query = sqlx::query_as(include_str!("sql/restored.sql"));
                $within(query.fetch_optional(&self.beside)).await
            }

            async fn resume_restored(&self, at: Timestamp, by: &str) -> Result<bool, StoreError> {
                let query = sqlx::query(include_str!("sql/resume_restored.sql"))
                    .bind(at.unix_ms())
                    .bind(by);
                Ok($within(query.execute(&self.beside)).await?.rows_affected() == 1)
            }
        }
    )+};
}

on! {
    super::PostgresStore, super::postgres::within;
    super::SqliteStore, super::sqlite::within;
}
