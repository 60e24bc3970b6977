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

const UPSERT_TABLE: &str = "create table naive_# (id text primary key, position bigint not null, \
     body text not null)";
const UPSERT: &str = "insert into naive_# (id, position, body) values ($1, $2, $3) \
     on conflict (id) do update set position = excluded.position, body = excluded.body";

/// How many events a second are taken in when each writes its row of each table by a statement of
/// its own; a transaction holds a thousand events. An event is what its row is called, and what
/// stands there.
pub async fn upserts(
    database: &Database,
    tables: usize,
    events: &[(String, String)],
) -> Result<f64> {
    let statements: Vec<_> = (0..tables).map(|at| UPSERT.replace('#', &at.to_string())).collect();
    let mut connection = PgConnection::connect(&database.url).await?;
    for at in 0..tables {
        database.execute(&UPSERT_TABLE.replace('#', &at.to_string())).await?;
    }
    let started = now();
    let mut position = 0_i64;
    for page in events.chunks(1_000) {
        let mut transaction = connection.begin().await?;
        for (id, body) in page {
            position += 1;
            for statement in &statements {
                let statement = sqlx::query(sqlx::AssertSqlSafe(statement.as_str()));
                let statement = statement.bind(id).bind(position).bind(body);
                statement.execute(&mut *transaction).await?;
            }
        }
        transaction.commit().await?;
    }
    let count = f64::from(u32::try_from(events.len()).unwrap_or(u32::MAX));
    Ok(count / started.elapsed().as_secs_f64())
}

/// The tables of a database that were read row by row, and how many rows of each, since it was
/// made; small tables are left out.
pub async fn read_in_sequence(database: &Database) -> Result<Vec<(String, i64)>> {
    let mut connection = PgConnection::connect(&database.url).await?;
    let found = sqlx::query_as(
        "select relname::text, seq_tup_read from pg_stat_user_tables \
         where seq_tup_read > 0 and n_live_tup > 1000 order by relname",
    );
    Ok(found.fetch_all(&mut connection).await?)
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
