//! Promise 1 at the engine: what it acknowledged survives its death, and what it did not is
//! settled by asking again.

use super::house::{House, begin, note, simple};
use super::log;
use crate::store::backend::Backend;
use crate::store::killing::{CHILD_ROUND, CHILD_URL, kill_a_child};
use crate::store::ledger::Ledger;
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::Event;
use planexe_ax::domain::event::record::RecordEvent;
use planexe_ax::engine::{EngineConfig, Request};
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax_testkit::postgres_is_skipped;
use std::collections::BTreeMap;
use std::time::Duration;

const WRITERS: u64 = 16;
const EXECUTIONS: u64 = 4;
const ROUNDS: u64 = 4;
const TEST: &str = "engine::killing::a_child_commands_until_it_is_killed";

/// A request that can be found again: its note is its key.
fn named(key: &str) -> Request {
    let number = key.bytes().map(u64::from).sum::<u64>() % EXECUTIONS;
    note(&format!("e{number}"), key).with_key(key, [1; 32])
}

async fn write(house: House, name: String) -> Result<()> {
    for number in 0.. {
        let key = format!("{name}-{number}");
        println!("\nintent {key}");
        let outcome = house.engine.execute(named(&key)).await?;
        println!("\nack {key} {}", outcome.position);
    }
    Ok(())
}

async fn work(house: House, agent: &'static str) -> Result<()> {
    loop {
        for task in house.tasks(agent, 4).await? {
            house.complete(agent, &task).await?;
        }
        tokio::task::yield_now().await;
    }
}

/// Not a test by itself: what a killed process does until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_commands_until_it_is_killed() -> Result<()> {
    let (Ok(url), Ok(round)) = (std::env::var(CHILD_URL), std::env::var(CHILD_ROUND)) else {
        return Ok(());
    };
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let store = Store::open(&config).await?;
    let house = House::with(store, &begin(), EngineConfig::default()).await?;
    house.register("a", 4).await?;
    for number in 0..EXECUTIONS {
        // It is there already in later rounds.
        drop(house.create(simple(&format!("e{number}"), 400)).await);
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(house.clone(), format!("{round}-{writer}")));
    }
    writers.spawn(work(house.clone(), "a"));
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// The position of each note, by its text.
async fn notes(store: &Store) -> Result<BTreeMap<String, u64>> {
    let mut notes = BTreeMap::new();
    for recorded in log::read(store).await? {
        if let Event::Record(RecordEvent::NoteAdded(note)) = log::decode(&recorded)? {
            let text = note.text.as_str().to_owned();
            let twice = notes.insert(text, recorded.position.get());
            ensure!(twice.is_none(), "{:?} is stored twice", note.text);
        }
    }
    Ok(notes)
}

async fn settle(house: &House, ledger: &mut Ledger) -> Result<()> {
    let stored = notes(&house.store).await?;
    for (key, position) in &ledger.acks {
        ensure!(stored.get(key) == Some(position), "{key} was acknowledged and is lost");
    }
    for key in stored.keys() {
        ensure!(ledger.intents.contains(key), "nobody asked for {key}");
    }
    let unclear: Vec<_> =
        ledger.intents.iter().filter(|key| !ledger.acks.contains_key(*key)).cloned().collect();
    for key in unclear {
        let outcome = house.engine.execute(named(&key)).await?;
        let before = stored.get(&key);
        ensure!(outcome.is_repeat == before.is_some(), "{key} is not settled");
        ensure!(before.is_none_or(|before| *before == outcome.position.get()), "{key} moved");
        ledger.acks.insert(key, outcome.position.get());
    }
    ensure!(notes(&house.store).await?.len() == ledger.intents.len(), "too few or too many");
    Ok(())
}

async fn kill_children_on(backend: &Backend) -> Result<()> {
    let mut ledger = Ledger::default();
    for round in 0..ROUNDS {
        kill_a_child(TEST, &backend.config().url, round, &mut ledger).await?;
        let house = House::on(backend.open().await?, &begin()).await?;
        settle(&house, &mut ledger).await.with_context(|| format!("round {round}"))?;
        log::check(&house.store).await?;
        house.engine.stop().await;
        house.store.close().await;
    }
    Ok(())
}

async fn in_time(killing: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(Duration::from_secs(240), killing).await.context("it hangs")?
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_engine_on_sqlite() -> Result<()> {
    in_time(kill_children_on(&Backend::sqlite()?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_engine_on_postgresql() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    in_time(kill_children_on(&Backend::postgres().await?)).await
}
