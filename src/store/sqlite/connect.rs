//! How connections to a SQLite file are made, and what the library and the file must be like.

use crate::store::error::StoreError;
use crate::store::open_error::OpenError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use std::{future::Future, path::Path, time::Duration};

/// How long any one exchange with the database may take; then its connection is given up.
const EXCHANGE_MS_MAX: u64 = 15_000;
/// How long a caller waits for a free connection, and a connection for a lock.
const ACQUIRE_MS_MAX: u64 = 5_000;
/// The journal is cut back to this after a checkpoint.
const JOURNAL_BYTES_MAX: &str = "67108864";
/// How many pages the journal takes before they are moved into the file: a batch dirties some fifty
/// (the ends of its streams in the index), and many batches the same ones.
const JOURNAL_PAGES: &str = "8000";
/// The pages that the writer keeps, in kibibytes (as SQLite wants it, below zero).
const WRITER_CACHE_KIB: &str = "-65536";
/// How many statements the writer keeps prepared: one for each number of rows.
const STATEMENTS_MAX: usize = 512;
/// Versions before it may corrupt a file that several connections write in WAL mode.
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// Waits for the database, but not for ever.
pub(in crate::store) async fn within<T>(
    exchange: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(Duration::from_millis(EXCHANGE_MS_MAX), exchange).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::timed_out()),
    }
}

/// The file, with the settings under which a power cut loses nothing that was acknowledged.
pub(in crate::store) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(ACQUIRE_MS_MAX))
        .pragma("mmap_size", "0")
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX)
        .pragma("wal_autocheckpoint", JOURNAL_PAGES)
        .pragma("trusted_schema", "off")
        .disable_statement_logging()
}

/// The settings of the one connection that appends.
pub(super) fn append_options(options: &SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .clone()
        .statement_cache_capacity(STATEMENTS_MAX)
        .pragma("cache_size", WRITER_CACHE_KIB)
        .pragma("temp_store", "memory")
}

/// One connection, outside any pool.
pub(in crate::store) async fn connect(
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, StoreError> {
    within(SqliteConnection::connect_with(options)).await
}

/// Connections that can only read.
pub(super) fn read_pool(options: &SqliteConnectOptions, connections_max: u32) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_millis(ACQUIRE_MS_MAX))
        .test_before_acquire(false)
        .connect_lazy_with(options.clone().pragma("query_only", "on"))
}

/// The one connection that writes beside the log.
pub(super) fn beside_pool(options: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(ACQUIRE_MS_MAX))
        .test_before_acquire(false)
        .connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Normal))
}

/// Refuses a library that may corrupt the file, and settings that were not taken.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    allow_unsafe: bool,
) -> Result<(), OpenError> {
    let query = sqlx::query_as::<_, (String,)>("select sqlite_version()");
    check_version(&within(query.fetch_one(&mut *connection)).await?.0)?;
    let query = sqlx::query_as::<_, (String,)>("pragma journal_mode");
    let (journal_mode,) = within(query.fetch_one(&mut *connection)).await?;
    let query = sqlx::query_as::<_, (i64,)>("pragma synchronous");
    let (synchronous,) = within(query.fetch_one(connection)).await?;
    let checked = [("journal_mode", journal_mode == "wal"), ("synchronous", synchronous >= 2)];
    let off = checked.into_iter().filter(|(_, is_safe)| !is_safe);
    let settings: Vec<String> = off.map(|(name, _)| name.to_owned()).collect();
    if settings.is_empty() || allow_unsafe {
        return Ok(());
    }
    Err(OpenError::UnsafeSettings { settings })
}

fn check_version(found: &str) -> Result<(), OpenError> {
    let mut parts = found.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < VERSION_MIN {
        return Err(OpenError::OldSqlite { found: found.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_with_the_corruption_bug_is_refused() {
        assert!(matches!(check_version("3.46.0"), Err(OpenError::OldSqlite { .. })));
        assert!(matches!(check_version("3.51.2"), Err(OpenError::OldSqlite { .. })));
        assert!(check_version("3.51.3").is_ok());
        assert!(check_version("3.52.0").is_ok());
        assert!(check_version("4.0").is_ok());
    }
}
