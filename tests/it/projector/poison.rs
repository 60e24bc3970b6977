//! Promise 14: what cannot be taken in stops the windows that it is for, visibly, and nothing else.

use super::house::{House, on_every};
use super::seed::request;
use super::story::{Story, write_all};
use super::sums::{POISON, Panics, Sums};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::{Actor, ExecutionId, StreamKind, StreamName, Text, Timestamp};
use planexe_ax::projections::{Changes, FoldError, Happened, Subject, Table, Window, windows};
use planexe_ax::store::views::Phase;
use planexe_ax::store::{Expected, LogFilter, NewEvent, Position, StreamWrite};
use std::sync::Arc;
use uuid::Uuid;

/// Takes in what happens to plans: nothing, here.
struct Quiet;

impl Window for Quiet {
    fn name(&self) -> &'static str {
        "quiet"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        &[]
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Plan]
    }

    fn after(
        &self,
        _happened: &Happened<'_>,
        _subject: &Subject<'_>,
        _changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        Ok(())
    }
}

fn with(window: Arc<dyn Window>) -> Vec<Arc<dyn Window>> {
    windows().into_iter().chain([window]).collect()
}

/// Writes an event that nobody can read behind those of an execution.
async fn write_poison(house: &House, kind: &'static str, payload: &[u8]) -> Result<Position> {
    let id = ExecutionId::parse("exec_500").expect("it is an id");
    let event = NewEvent {
        event_id: Uuid::now_v7(),
        kind: kind.into(),
        schema_version: 1,
        payload: payload.to_vec(),
        metadata: br#"{"actor":"system:engine"}"#.to_vec(),
        recorded_at: Timestamp::from_unix_ms(1_700_000_000_000),
    };
    let stream = StreamName::execution(&id);
    let write = StreamWrite { stream, expected: Expected::Any, events: vec![event] };
    Ok(house.store.append(request(vec![write])).await?.receipt().last_position)
}

async fn skip(house: &House, windows: Vec<Arc<dyn Window>>, name: &str) -> Result<Position> {
    let reason = Text::parse("it was written by hand")?;
    let by = Actor::user("mark")?;
    Ok(house.operator(windows).skip(name, Some(reason), by).await?)
}

async fn stops_and_is_skipped(kind: &'static str, payload: &'static [u8]) -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(with(Arc::new(Quiet)), 40);
        projector.finish().await?;
        write_all(&house.store, 500..503, 5).await?;
        let poison = write_poison(&house, kind, payload).await?;
        write_all(&house.store, 503..506, 5).await?;
        projector.finish().await?;
        let head = house.store.head().await?.position;
        for name in ["progress", "task_tree"] {
            let stopped = house.newest(name).await?;
            let (at, why) = stopped.stopped.clone().context("it has stopped")?;
            ensure!(at == poison && !why.is_empty(), "{stopped:?}");
            ensure!(stopped.position.next() == poison, "{stopped:?}");
            ensure!(stopped.phase == Phase::Live, "it is read as it was");
        }
        let quiet = house.newest("quiet").await?;
        ensure!(quiet.position == head && quiet.stopped.is_none(), "{quiet:?}");

        ensure!(skip(&house, windows(), "progress").await? == poison, "at its position");
        projector.finish().await?;
        let progress = house.newest("progress").await?;
        ensure!(progress.stopped.is_none() && progress.skipped == [poison.get()], "{progress:?}");
        ensure!(progress.position == head.next(), "the skip is an event itself");
        ensure!(house.newest("task_tree").await?.stopped.is_some(), "it was not asked for");
        let said = house.store.read_log(head, &LogFilter::default(), 9).await?;
        ensure!(said.len() == 1 && said[0].kind == "projection_event_skipped", "{said:?}");

        skip(&house, windows(), "task_tree").await?;
        ensure!(skip(&house, windows(), "task_tree").await.is_err(), "there is nothing to skip");
        projector.finish().await?;
        house.check().await?;
        house.operator(windows()).rebuild("progress", &Default::default()).await?;
        projector.finish().await?;
        let rebuilt = house.newest("progress").await?;
        ensure!(rebuilt.phase == Phase::Live && rebuilt.generation == 2, "{rebuilt:?}");
        house.check().await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_stops_what_takes_it_in_until_it_is_skipped() -> Result<()> {
    stops_and_is_skipped("task_started", b"{\"task_id\":").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_event_stops_what_takes_it_in_until_it_is_skipped() -> Result<()> {
    stops_and_is_skipped("never_heard_of", b"{}").await
}

async fn panics(panics: Panics) -> Result<()> {
    on_every(async |house| {
        let all = || with(Sums::panicking(panics));
        let projector = house.projector_of(all(), 40);
        projector.finish().await?;
        let mut poisoned = Story::of(POISON);
        write_all(&house.store, 510..512, 5).await?;
        poisoned.go_on(&house.store, 3).await?;
        let poison = house.store.head().await?.position;
        write_all(&house.store, 512..514, 5).await?;
        poisoned.go_on(&house.store, 5).await?;
        projector.finish().await?;
        let sums = house.newest("sums").await?;
        let (at, why) = sums.stopped.clone().context("it has stopped")?;
        ensure!(at == poison && why.contains("it is poison"), "{sums:?}");
        let progress = house.newest("progress").await?;
        ensure!(progress.position == house.store.head().await?.position, "{progress:?}");
        skip(&house, all(), "sums").await?;
        projector.finish().await?;
        house.check().await?;
        house.check_one(&Sums::panicking(panics)).await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_whose_fold_panics_stops_alone() -> Result<()> {
    panics(Panics::InTheFold).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_whose_row_panics_stops_alone() -> Result<()> {
    panics(Panics::InTheRow).await
}

async fn stops_a_rebuild(panics: Panics) -> Result<()> {
    on_every(async |house| {
        write_all(&house.store, 520..525, 5).await?;
        let mut poisoned = Story::of(POISON);
        poisoned.go_on(&house.store, 3).await?;
        let poison = house.store.head().await?.position;
        poisoned.go_on(&house.store, 9).await?;
        let all = || with(Sums::panicking(panics));
        let projector = house.projector_of(all(), 40);
        projector.finish().await?;
        house.check().await?;
        let sums = house.newest("sums").await?;
        ensure!(sums.phase == Phase::Building, "{sums:?}");
        ensure!(sums.stopped.as_ref().is_some_and(|(at, _)| *at == poison), "{sums:?}");
        skip(&house, all(), "sums").await?;
        projector.finish().await?;
        house.check_one(&Sums::panicking(panics)).await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fold_that_panics_stops_a_rebuild_until_it_is_skipped() -> Result<()> {
    stops_a_rebuild(Panics::InTheFold).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_panics_stops_a_rebuild_until_it_is_skipped() -> Result<()> {
    stops_a_rebuild(Panics::InTheRow).await
}
