//! Promise 13: windows equal a fresh replay, whenever the process that writes them is killed.

use super::house::{House, config};
use super::story::Story;
use super::sums::Sums;
use crate::store::backend::Backend;
use crate::store::killing::{CHILD_ROUND, CHILD_URL, kill_a_child};
use crate::store::ledger::Ledger;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::projections::{Window, windows};
use planexe_ax::projector::{Operator, Projector, ProjectorConfig};
use planexe_ax::store::views::Views;
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax_testkit::postgres_is_skipped;
use std::sync::Arc;
use std::time::Duration;

const TEST: &str = "projector::killing::a_child_projects_until_it_is_killed";
const WRITERS: u64 = 4;
/// How many of a child's stories there may be.
const STORIES: u64 = 10_000;

fn rounds() -> u64 {
    if std::env::var("AX_TIER").is_ok_and(|tier| tier == "long") { 30 } else { 10 }
}

fn all() -> Vec<Arc<dyn Window>> {
    windows().into_iter().chain([Sums::window(1)]).collect()
}

async fn write(store: Store, round: u64, writer: u64) -> Result<()> {
    let mut number = 0_u64;
    for nth in 0..STORIES {
        let mut story = Story::of((round * WRITERS + writer) * STORIES + nth + 1_000_000);
        while !story.is_over() {
            story.go_on(&store, 2).await?;
            number += 1;
            println!("\nack {round}-{writer}-{number} {number}");
        }
    }
    Ok(())
}

/// Not a test by itself: what a killed process does until it is killed. In every other round it
/// makes a window anew, in small pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_projects_until_it_is_killed() -> Result<()> {
    let (Ok(url), Ok(round)) = (std::env::var(CHILD_URL), std::env::var(CHILD_ROUND)) else {
        return Ok(());
    };
    let round: u64 = round.parse()?;
    let at = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let (store, views) = (Store::open(&at).await?, Views::open(&at).await?);
    let settings = ProjectorConfig { runs_by_itself: true, ..config(30) };
    let (known, clock) = (views.clone(), Clock::System);
    let projector = Projector::start(store.clone(), known, all(), clock.clone(), settings);
    if round % 2 == 1 {
        let operator = Operator::new(Some(store.clone()), views, all(), clock);
        for window in all() {
            operator.rebuild(window.name(), &Default::default()).await?;
        }
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(store.clone(), round, writer));
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    projector.stop().await;
    Ok(())
}

async fn kill_children_on(backend: Backend) -> Result<()> {
    let (url, mut ledger) = (backend.config().url, Ledger::default());
    let mut house = House::on(backend).await?;
    for round in 0..rounds() {
        let House { backend, .. } = house.closed().await;
        kill_a_child(TEST, &url, round, &mut ledger).await?;
        house = House::on(backend).await?;
        // By this clock, the lease of the dead one is over.
        let later = Clock::System.now().plus_ms(60_000);
        let projector = house.projector_with(all(), 50, Clock::simulated(later).0);
        ensure!(projector.finish().await?, "it leads");
        house.check().await.with_context(|| format!("round {round}"))?;
        house.check_one(&Sums::window(1)).await.with_context(|| format!("round {round}"))?;
        projector.stop().await;
    }
    let sums = house.newest("sums").await?;
    ensure!(sums.generation > 1, "some rounds made it anew: {sums:?}");
    house.close().await;
    Ok(())
}

async fn in_time(killing: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(Duration::from_secs(1_500), killing).await.context("it hangs")?
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_equal_a_replay_however_long_they_are_killed_on_sqlite() -> Result<()> {
    in_time(kill_children_on(Backend::sqlite()?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_equal_a_replay_however_long_they_are_killed_on_postgresql() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    in_time(kill_children_on(Backend::postgres().await?)).await
}
