//! What the archive is measured against: one insert, one commit, and nothing looked at.

use crate::database::{Database, SqliteFile};
use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const POSTGRES_TABLE: &str =
    "create table baseline (position bigserial primary key, payload bytea not null)";
const SQLITE_TABLE: &str =
    "create table baseline (position integer primary key, payload blob not null) strict";
const INSERT: &str = "insert into baseline (payload) values ($1)";

/// How many inserts a second so many clients commit, each one on its own.
pub async fn postgres(
    database: &Database,
    clients: u32,
    payload: &[u8],
    warm_up: Duration,
    measured: Duration,
) -> Result<f64> {
    database.execute(POSTGRES_TABLE).await?;
    let stored = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let connection = PgConnection::connect(&database.url).await?;
        tasks.push(tokio::spawn(insert_postgres(connection, payload.to_vec(), stored.clone())));
    }
    let rate = rate(&stored, warm_up, measured).await;
    for task in tasks {
        task.abort();
    }
    Ok(rate)
}

/// How many inserts a second the one writer of a SQLite file commits, durably.
pub async fn sqlite(
    file: &SqliteFile,
    payload: &[u8],
    warm_up: Duration,
    measured: Duration,
) -> Result<f64> {
    let mut connection = SqliteConnectOptions::new()
        .filename(file.path())
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    connection.execute(SQLITE_TABLE).await?;
    let stored = Arc::new(AtomicU64::new(0));
    let task = tokio::spawn(insert_sqlite(connection, payload.to_vec(), stored.clone()));
    let rate = rate(&stored, warm_up, measured).await;
    task.abort();
    Ok(rate)
}

async fn insert_postgres(
    mut connection: PgConnection,
    payload: Vec<u8>,
    stored: Arc<AtomicU64>,
) -> Result<()> {
    loop {
        sqlx::query(INSERT).bind(payload.as_slice()).execute(&mut connection).await?;
        stored.fetch_add(1, Ordering::Relaxed);
    }
}

async fn insert_sqlite(
    mut connection: SqliteConnection,
    payload: Vec<u8>,
    stored: Arc<AtomicU64>,
) -> Result<()> {
    loop {
        sqlx::query(INSERT).bind(payload.as_slice()).execute(&mut connection).await?;
        stored.fetch_add(1, Ordering::Relaxed);
    }
}

async fn rate(stored: &AtomicU64, warm_up: Duration, measured: Duration) -> f64 {
    tokio::time::sleep(warm_up).await;
    let (before, started) = (stored.load(Ordering::Relaxed), now());
    tokio::time::sleep(measured).await;
    let count = stored.load(Ordering::Relaxed) - before;
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a baseline measures real time")]
fn now() -> Instant {
    Instant::now()
}
