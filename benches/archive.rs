//! What an append costs, against one insert and one commit on the same database in the same run.
//! Prints one JSON object a line.

mod shared;

use anyhow::{Context, Result, ensure};
use planexe_ax::domain::{StreamName, Timestamp, WorkspaceId};
use planexe_ax::store::{
    AppendRequest, Expected, NewEvent, Store, StoreConfig, StreamWrite, Version,
};
use planexe_ax_testkit::{Database, Durability, Server, SqliteFile, baseline};
use shared::{Figure, Reach};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

const ROUNDS: usize = 5;
const WARM_UP_MS: u64 = 500;
const MEASURE_MS: u64 = 1_500;
const PAYLOAD_BYTES: usize = 400;
const METADATA_BYTES: usize = 112;

#[tokio::main]
async fn main() -> Result<()> {
    let server = Server::start(Durability::On)?;
    let [mut few, mut many, mut sqlite] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        let baseline = baseline_postgres(&server).await?;
        few.push((append_postgres(&server, 64).await?, baseline));
        many.push((append_postgres(&server, 256).await?, baseline));
        let baseline = baseline_sqlite().await?;
        sqlite.push((append_sqlite(64).await?, baseline));
    }
    figure("append, 64 callers, PostgreSQL", few, 2.2)?.print();
    figure("append, 256 callers, PostgreSQL", many, 3.0)?.print();
    figure("append, 64 callers, SQLite", sqlite, 8.0)?.print();
    Ok(())
}

/// Of the round in the middle: a disk is faster at one time than at another.
fn figure(name: &str, mut rounds: Vec<(f64, f64)>, reach: f64) -> Result<Figure> {
    let ratio = |round: &(f64, f64)| round.0 / round.1;
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let (value, baseline) = *rounds.get(rounds.len() / 2).context("nothing was measured")?;
    let (name, unit, reach) = (name.to_owned(), "events/s", Reach { limit: reach, is_most: false });
    Ok(Figure { name, value, unit, baseline, reach })
}

async fn baseline_postgres(server: &Server) -> Result<f64> {
    let database = Database::on(server).await?;
    let payload = vec![b'x'; PAYLOAD_BYTES + METADATA_BYTES];
    baseline::postgres(&database, 64, &payload, warm_up(), measured()).await
}

async fn baseline_sqlite() -> Result<f64> {
    let file = SqliteFile::new()?;
    let payload = vec![b'x'; PAYLOAD_BYTES + METADATA_BYTES];
    baseline::sqlite(&file, &payload, warm_up(), measured()).await
}

fn warm_up() -> Duration {
    Duration::from_millis(WARM_UP_MS)
}

fn measured() -> Duration {
    Duration::from_millis(MEASURE_MS)
}

async fn append_postgres(server: &Server, callers: u64) -> Result<f64> {
    let database = Database::on(server).await?;
    append(&database.url, callers).await
}

async fn append_sqlite(callers: u64) -> Result<f64> {
    let file = SqliteFile::new()?;
    append(&file.url(), callers).await
}

async fn append(url: &str, callers: u64) -> Result<f64> {
    let store = Store::open(&StoreConfig::new(url)).await?;
    let stored = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..callers)
        .map(|caller| tokio::spawn(call(store.clone(), caller, Arc::clone(&stored))))
        .collect();
    let rate = rate_of(&stored).await;
    for task in &tasks {
        task.abort();
    }
    store.close().await;
    ensure!(store_is_sound(url).await?, "the log does not verify");
    Ok(rate)
}

async fn store_is_sound(url: &str) -> Result<bool> {
    let store = Store::open(&StoreConfig::new(url)).await?;
    let verified = store.verify().await;
    store.close().await;
    Ok(verified.is_ok())
}

async fn rate_of(stored: &AtomicU64) -> f64 {
    tokio::time::sleep(warm_up()).await;
    let (before, started) = (stored.load(Ordering::Relaxed), now());
    tokio::time::sleep(measured()).await;
    let count = stored.load(Ordering::Relaxed) - before;
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// One caller: an event after the other for its own stream, at the version that it knows.
async fn call(store: Store, caller: u64, stored: Arc<AtomicU64>) -> Result<()> {
    let workspace = WorkspaceId::parse("bench")?;
    let stream = StreamName::parse(&format!("execution/exec_{caller}"))?;
    for version in 0.. {
        let event = NewEvent {
            event_id: Uuid::from_u128(u128::from(caller) << 64 | u128::from(version)),
            kind: "task_progressed".into(),
            schema_version: 1,
            payload: vec![b'x'; PAYLOAD_BYTES],
            metadata: vec![b'y'; METADATA_BYTES],
            recorded_at: Timestamp::from_unix_ms(1_700_000_000_000).plus_ms(version),
        };
        let expected = Expected::Exact(Version::new(version));
        let write = StreamWrite { stream: stream.clone(), expected, events: vec![event] };
        let request = AppendRequest {
            workspace: workspace.clone(),
            writes: vec![write],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        };
        store.append(request).await?;
        stored.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
