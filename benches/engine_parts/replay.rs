//! How fast a log is folded again, against reading and parsing alone.

use super::{now, plans};
use crate::shared::{Figure, Reach};
use anyhow::{Result, ensure};
use planexe_ax::domain::execution::Execution;
use planexe_ax::domain::{Event, StreamName, TaskId, WorkspaceId};
use planexe_ax::store::{
    AppendRequest, Expected, LogFilter, NewEvent, Position, Store, StoreConfig, StreamWrite,
};
use planexe_ax_testkit::{Database, Durability, Server, SqliteFile};
use std::collections::BTreeMap;
use uuid::Uuid;

const EXECUTIONS: u64 = 200;
const REPORTS: u64 = 500;
const ROUNDS: usize = 5;
const PAGE_EVENTS: usize = 5_000;

/// Prints the figure for both databases.
pub(crate) async fn measure() -> Result<()> {
    let server = Server::start(Durability::Off)?;
    let database = Database::on(&server).await?;
    let mut config = StoreConfig::new(&database.url);
    config.allow_unsafe_durability = true;
    measure_on("PostgreSQL", &Store::open(&config).await?).await?;
    let file = SqliteFile::new()?;
    measure_on("SQLite", &Store::open(&StoreConfig::new(file.url())).await?).await
}

async fn measure_on(database: &str, store: &Store) -> Result<()> {
    fill(store).await?;
    let (mut folded, mut parsed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        parsed.push(rate(store, false).await?);
        folded.push(rate(store, true).await?);
    }
    let best = |rates: Vec<f64>| rates.into_iter().fold(0.0, f64::max);
    let name = format!("replay: read, decode and fold, {database}");
    let (value, baseline) = (best(folded), best(parsed));
    Figure { name, value, unit: "events/s", baseline, reach: Reach { limit: 0.7, is_most: false } }
        .print();
    store.close().await;
    Ok(())
}

async fn fill(store: &Store) -> Result<()> {
    let task_id = TaskId::parse("task_0_0")?;
    for number in 0..EXECUTIONS {
        let name = format!("exec_{number}");
        let (mut execution, mut events) = plans::made(&name, 50)?;
        events.extend(execution.handle(&plans::grant(&task_id)?, &plans::moment(1))?);
        for step in 0..REPORTS {
            let report = plans::progress(&task_id, step)?;
            events.extend(execution.handle(&report, &plans::moment(step + 2))?);
        }
        append(store, &name, number, &events).await?;
    }
    Ok(())
}

async fn append(store: &Store, name: &str, number: u64, events: &[Event]) -> Result<()> {
    let events = (0_u64..).zip(events).map(|(place, event)| NewEvent {
        event_id: Uuid::from_u128(u128::from(number) << 64 | u128::from(place)),
        kind: event.kind().into(),
        schema_version: event.schema_version(),
        payload: event.payload(),
        metadata: br#"{"actor":{"kind":"agent","id":"agent_larry_001"}}"#.to_vec(),
        recorded_at: plans::moment(place).at,
    });
    let stream = StreamName::parse(&format!("execution/{name}"))?;
    let write = StreamWrite { stream, expected: Expected::NoStream, events: events.collect() };
    let request = AppendRequest {
        workspace: WorkspaceId::parse("bench")?,
        writes: vec![write],
        conditions: Vec::new(),
        key: None,
        answer: Vec::new(),
    };
    store.append(request).await?;
    Ok(())
}

/// Events a second, read and decoded, and folded or not.
async fn rate(store: &Store, folds: bool) -> Result<f64> {
    let mut states: BTreeMap<String, Execution> = BTreeMap::new();
    let (mut after, mut count, started) = (Position::ZERO, 0_u32, now());
    loop {
        let page = store.read_log(after, &LogFilter::default(), PAGE_EVENTS).await?;
        for recorded in &page {
            let event = Event::decode(&recorded.kind, recorded.schema_version, &recorded.payload)?;
            if folds {
                let stream = recorded.stream.as_str();
                match states.get_mut(stream) {
                    Some(state) => state.apply(&event)?,
                    None => states.entry(stream.to_owned()).or_default().apply(&event)?,
                }
            }
            after = recorded.position;
            count += 1;
        }
        if page.len() < PAGE_EVENTS {
            break;
        }
    }
    let rate = f64::from(count) / started.elapsed().as_secs_f64();
    ensure!(count > 100_000, "the log is too short to measure");
    Ok(rate)
}
