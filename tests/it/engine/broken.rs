//! A log that the law cannot follow, snapshots that mislead: found out, and nothing else is hurt.

use super::house::{House, begin, key_of, note, on_every, simple, stream, workspace};
use super::log;
use crate::store::backend::Backend;
use anyhow::{Context, Result, bail, ensure};
use planexe_ax::domain::Timestamp;
use planexe_ax::engine::{EngineError, State, fold_fingerprint};
use planexe_ax::store::{AppendRequest, Expected, NewEvent, Snapshot, Store, StreamWrite, Version};
use uuid::Uuid;

/// Puts an event into the log behind the engine's back.
async fn smuggle(store: &Store, execution: &str, kind: &'static str, payload: &str) -> Result<()> {
    let event = NewEvent {
        event_id: Uuid::from_u128(1),
        kind: kind.into(),
        schema_version: 1,
        payload: payload.as_bytes().to_vec(),
        metadata: b"{}".to_vec(),
        recorded_at: Timestamp::from_unix_ms(super::house::BEGIN_MS),
    };
    let stream = stream(execution);
    store
        .append(AppendRequest {
            workspace: workspace(),
            writes: vec![StreamWrite { stream, expected: Expected::Any, events: vec![event] }],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        })
        .await?;
    Ok(())
}

/// An unknown kind, a payload that is none, and an event that cannot be there.
const BAD: [(&str, &str); 3] = [
    ("task_teleported", "{}"),
    ("task_started", r#"{"task_id":7}"#),
    ("execution_resumed", r#"{"at":"2026-01-01T00:00:00Z","by":{"kind":"user","id":"x"}}"#),
];

async fn is_left_alone(house: &House, execution: &str) -> Result<()> {
    let head = house.store.head().await?;
    let refused = house.engine.execute(note(execution, "n")).await;
    let Err(error @ EngineError::BrokenStream { .. }) = refused else {
        bail!("not refused: {refused:?}");
    };
    let told = error.to_string();
    let events =
        house.store.read_stream(&workspace(), &stream(execution), Version::ZERO, 99).await?;
    let last = events.last().context("an event")?.version;
    let named = format!("stream execution/{execution} cannot be folded: at version {last}, ");
    ensure!(told.starts_with(&named), "{told}");
    let asked = house.ask(execution, |_| ()).await;
    ensure!(asked.is_err(), "a state of a log that cannot be folded");
    ensure!(house.store.head().await? == head, "something was written to it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_be_folded_is_left_alone_and_hurts_no_other() -> Result<()> {
    for backend in Backend::every().await? {
        for (number, (kind, payload)) in BAD.into_iter().enumerate() {
            let mut house = House::on(backend.open().await?, &begin()).await?;
            let (bad, good) = (format!("bad{number}"), format!("good{number}"));
            house.create(simple(&bad, 2)).await?;
            house.create(simple(&good, 2)).await?;
            house.register(&format!("a{number}"), 8).await?;
            smuggle(&house.store, &bad, kind, payload).await?;
            for _ in 0..2 {
                house = house.again(&backend).await?;
                is_left_alone(&house, &bad).await?;
                house.engine.execute(note(&good, "n")).await?;
                let got = house.tasks(&format!("a{number}"), 8).await?;
                ensure!(got.iter().all(|task| task.execution_id.as_str() != bad));
                house.pass_ms(1000 * super::house::HOUR_MS).await?;
            }
            house.store.close().await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_while_it_is_known_is_not_due_for_ever() -> Result<()> {
    let backend = Backend::memory();
    let house = House::on(backend.open().await?, &begin()).await?;
    house.create(simple("bad", 2)).await?;
    house.create(simple("good", 2)).await?;
    smuggle(&house.store, "bad", BAD[0].0, BAD[0].1).await?;
    house.engine.catch_up().await?;
    house.pass_ms(1000 * super::house::HOUR_MS).await?;
    house.register("a", 8).await?;
    is_left_alone(&house, "bad").await?;
    assert_eq!(log::count(&house.store, "blocker_escalated").await?, 1);
    Ok(())
}

async fn long_one(house: &House) -> Result<()> {
    house.create(simple("e", 2)).await?;
    for number in 0..520 {
        house.engine.execute(note("e", &format!("n{number}"))).await?;
    }
    Ok(())
}

async fn newest(house: &House) -> Result<(State, Version)> {
    Ok(house.engine.look(&key_of("e"), |state, version| (state.clone(), version)).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_its_tail_are_the_whole_stream() -> Result<()> {
    on_every(async |house, backend| {
        long_one(&house).await?;
        let lived = newest(&house).await?;
        let house = house.again(&backend).await?;
        let (workspace, stream) = (workspace(), stream("e"));
        let kept = house.store.load_snapshot(&workspace, &stream, fold_fingerprint()).await?;
        ensure!(kept.is_some_and(|kept| kept.version.get() >= 500), "no snapshot was kept");
        assert_eq!(newest(&house).await?, lived);
        let replayed = house.engine.state_at(&key_of("e"), Some(lived.1)).await?;
        assert_eq!(replayed, lived);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_another_fold_or_of_garbage_is_of_no_use() -> Result<()> {
    on_every(async |house, backend| {
        long_one(&house).await?;
        let lived = newest(&house).await?;
        let misleading = serde_json::to_vec(&serde_json::Value::Null)?;
        let empty = State::new(planexe_ax::domain::StreamKind::Execution);
        let State::Execution(empty) = empty else { anyhow::bail!("it is an execution") };
        let empty = serde_json::to_vec(&empty)?;
        let wrong = [([9; 16], empty.clone()), (fold_fingerprint(), misleading)];
        let mut house = house;
        for (fingerprint, state) in wrong.into_iter().chain([(fold_fingerprint(), empty)]) {
            let (workspace, stream) = (workspace(), stream("e"));
            let version = Version::new(lived.1.get() - 2);
            let snapshot = Snapshot { workspace, stream, fingerprint, version, state };
            house.store.save_snapshot(&snapshot).await?;
            house = house.again(&backend).await?;
            assert_eq!(newest(&house).await?, lived);
        }
        house.engine.execute(note("e", "after")).await?;
        house.close().await
    })
    .await
}

#[test]
fn a_runtime_that_goes_down_in_the_middle_takes_what_waits_along() -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let house = House::on(Backend::memory().open().await?, &begin()).await?;
        house.create(simple("e", 2)).await?;
        for number in 0..500 {
            let house = house.clone();
            tokio::spawn(async move { house.engine.execute(note("e", &number.to_string())).await });
        }
        anyhow::Ok(())
    })?;
    drop(runtime);
    Ok(())
}
