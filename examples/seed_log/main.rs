//! Writes a log of random executions, quickly: `cargo xtask seed-log` runs it.
//!
//! Takes how many events, and reads `DATABASE_URL`; a SQLite file in `ax-data` when it is not set.

#[path = "../../tests/it/projector/seed.rs"]
mod seed;

use anyhow::{Context, Result};
use planexe_ax::domain::{ExecutionId, StreamName};
use planexe_ax::store::{Expected, NewEvent, Store, StoreConfig, StreamWrite};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// How many different executions there are; the others are like one of them.
const KINDS: u64 = 400;
/// How many requests are on their way at once.
const WRITERS: u64 = 16;
/// How many executions a writer carries on side by side, and by how many events each time.
const SIDE_BY_SIDE: usize = 32;
const EVENTS_AT_ONCE: usize = 8;

/// An execution that is being written.
struct Run {
    stream: StreamName,
    events: Arc<Vec<NewEvent>>,
    written: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let events = std::env::args().nth(1).unwrap_or_else(|| "1000000".to_owned());
    let events: u64 = events.parse().context("how many events is a number")?;
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite:ax-data/ax.db".to_owned());
    if url == "sqlite:ax-data/ax.db" {
        tokio::task::block_in_place(|| std::fs::create_dir_all("ax-data"))?;
    }
    let store = Store::open(&StoreConfig::new(url)).await?;
    let kinds: Vec<_> = (0..KINDS).map(|seed| Arc::new(new_events(seed))).collect();
    let (kinds, written) = (Arc::new(kinds), Arc::new(AtomicU64::new(0)));
    let started = Uuid::now_v7().simple().to_string();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, kinds, written) = (store.clone(), Arc::clone(&kinds), Arc::clone(&written));
        let name = format!("{}_{writer}", &started[..12]);
        writers.spawn(async move { write(&store, &kinds, &name, (&written, events)).await });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    println!("{} events in the log", store.head().await?.position);
    store.close().await;
    Ok(())
}

fn new_events(seed: u64) -> Vec<NewEvent> {
    seed::events_of(seed).iter().map(seed::new_event).collect()
}

async fn write(
    store: &Store,
    kinds: &[Arc<Vec<NewEvent>>],
    name: &str,
    (written, enough): (&AtomicU64, u64),
) -> Result<()> {
    let mut runs: Vec<Run> = Vec::new();
    let mut number = 0;
    while written.load(Ordering::Relaxed) < enough {
        runs.retain(|run| run.written < run.events.len());
        while runs.len() < SIDE_BY_SIDE {
            let id = ExecutionId::parse(&format!("exec_{name}_{number}"))?;
            let events = Arc::clone(&kinds[number % kinds.len()]);
            runs.push(Run { stream: StreamName::execution(&id), events, written: 0 });
            number += 1;
        }
        let writes: Vec<_> = runs.iter_mut().map(Run::go_on).collect::<Result<_>>()?;
        let count: usize = writes.iter().map(|write| write.events.len()).sum();
        store.append(seed::request(writes)).await?;
        let count = u64::try_from(count)?;
        let before = written.fetch_add(count, Ordering::Relaxed);
        if before / 100_000 != (before + count) / 100_000 {
            println!("{} events …", before + count);
        }
    }
    Ok(())
}

impl Run {
    fn go_on(&mut self) -> Result<StreamWrite> {
        let to = self.events.len().min(self.written + EVENTS_AT_ONCE);
        let events = self.events[self.written..to].iter();
        let events = events.map(|it| NewEvent { event_id: Uuid::now_v7(), ..it.clone() }).collect();
        let expected = match u64::try_from(self.written)? {
            0 => Expected::NoStream,
            version => Expected::Exact(version.into()),
        };
        self.written = to;
        Ok(StreamWrite { stream: self.stream.clone(), expected, events })
    }
}
