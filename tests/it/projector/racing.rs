//! Two that write at once, and steps that were taken already: nothing is written twice.

use super::house::{House, on_every};
use super::story::{Story, write_all};
use super::sums::Sums;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::domain::Timestamp;
use planexe_ax::projections::{Mark, TableWrites, Value, Window, windows};
use planexe_ax::projector::Projector;
use planexe_ax::store::Position;
use planexe_ax::store::views::{Generation, Step, WindowWrite, Written};
use std::sync::Arc;

/// Longer than any lead.
const LONG_MS: u64 = 60_000;

fn all() -> Vec<Arc<dyn Window>> {
    windows().into_iter().chain([Sums::window(1)]).collect()
}

/// A projector with a clock of its own.
fn racer(house: &House) -> (Projector, Arc<SimulatedClock>) {
    let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(1_700_000_000_000));
    (house.projector_with(all(), 10, clock), hands)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lead_without_noticing_writes_nothing() -> Result<()> {
    on_every(async |house| {
        let (mut old, mut next) = (racer(&house), racer(&house));
        ensure!(old.0.finish().await?, "the first one leads");
        for round in 1..7 {
            let mut stories = [Story::of(400 + 2 * round), Story::of(401 + 2 * round)];
            for story in &mut stories {
                story.go_on(&house.store, 4).await?;
            }
            let now = old.1.now().plus_ms(LONG_MS);
            next.1.set(now);
            ensure!(next.0.catch_up().await?, "the lease of the other one is over");
            for story in &mut stories {
                ensure!(!story.is_over(), "there is more to write");
                story.go_on(&house.store, 3).await?;
            }
            ensure!(!old.0.catch_up().await?, "round {round}: it leads no more");
            ensure!(next.0.catch_up().await?, "the new one does");
            house.check().await?;
            house.check_one(&Sums::window(1)).await?;
            std::mem::swap(&mut old, &mut next);
        }
        house.close().await;
        Ok(())
    })
    .await
}

/// A row that says that many events of a kind happened.
fn count(position: u64) -> Vec<TableWrites> {
    let at = Timestamp::from_unix_ms(1_700_000_000_000);
    let row = vec![Value::Text("plan_imported".into()), Value::Integer(1)];
    let sums = TableWrites { rows: vec![(row, Mark { position, at })], gone: Vec::new() };
    vec![sums, TableWrites::default()]
}

/// Takes a step, with a row that an event at that position changed last.
async fn write(
    house: &House,
    live: &Generation,
    (step, position): (&Step, u64),
) -> Result<Written> {
    let epoch = house.views.leader().await?.epoch;
    let writes = count(position);
    let write = WindowWrite {
        name: "sums",
        generation: live.generation,
        tables: Sums::tables_of(1),
        writes: &writes,
        step: step.clone(),
    };
    Ok(house.views.write(epoch, &[write], Timestamp::default()).await?)
}

/// How many events of that kind the newest generation counts.
async fn counted(house: &House, generation: u64) -> Result<i64> {
    let frozen = house.views.freeze("sums", generation).await?;
    let mut frozen = frozen.context("there is one")?;
    let key = [Value::Text("plan_imported".into())];
    let row = frozen.row(&Sums::tables_of(1)[0], &key).await?;
    frozen.end().await?;
    Ok(match row.map(|(row, _)| row[1].clone()) {
        Some(Value::Integer(number)) => number,
        Some(Value::Text(_) | Value::Null) | None => 0,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_written_already_adds_nothing() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(vec![Sums::window(1)], 10);
        write_all(&house.store, 420..422, 5).await?;
        projector.finish().await?;
        let live = house.newest("sums").await?;
        let to = live.position.next();
        let step = Step::Move { from: live.position, to, prefix_hash: String::new() };
        ensure!(write(&house, &live, (&step, 900)).await? == Written::All, "the first time");
        ensure!(write(&house, &live, (&step, 901)).await? == Written::Overtaken, "the second time");
        ensure!(counted(&house, live.generation).await? == 1, "it is counted once");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_was_built_already_adds_nothing() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(vec![Sums::window(1)], 10);
        projector.finish().await?;
        house.operator(all()).rebuild("sums", &Default::default()).await?;
        let built = house.newest("sums").await?;
        ensure!(built.target == Position::ZERO, "{built:?}");
        let step =
            Step::Build { from: None, to: "17".to_owned(), events_done: 1, events_per_second: 1 };
        ensure!(write(&house, &built, (&step, 900)).await? == Written::All, "the first time");
        ensure!(
            write(&house, &built, (&step, 901)).await? == Written::Overtaken,
            "the second time"
        );
        ensure!(counted(&house, built.generation).await? == 1, "it is counted once");
        house.close().await;
        Ok(())
    })
    .await
}
