//! A command on its way: decided, stored once, answered, and answered again.

use super::house::{
    House, begin, execution_id, key_of, mark, note, on_every, pause, request, simple, task_id,
    workspace,
};
use super::log;
use crate::store::backend::Backend;
use anyhow::{Context, Result, bail};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::execution::{Execution, ExecutionCommand, ExecutionStatus};
use planexe_ax::domain::plan::PlanCommand;
use planexe_ax::domain::{Event, PlanId, Rejection, StreamName, TaskDefinition};
use planexe_ax::engine::{Command, EngineError, Outcome, Request, State};
use planexe_ax::store::Version;
use std::sync::Arc;

/// Tells the version of an execution as text, with the kinds of its new events.
fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let status = state.execution().and_then(|execution| execution.status());
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    format!("{status:?} {}", kinds.join(",")).into_bytes()
}

fn described(mut request: Request) -> Request {
    request.describe = Some(describe);
    request
}

fn keyed(key: &str, request: Request) -> Request {
    described(request.with_key(key, [1; 32]))
}

fn first_again(first: &Outcome, again: &Outcome) {
    assert!(again.is_repeat);
    assert_eq!(again.recorded, first.recorded);
    assert_eq!(again.position, first.position);
    assert_eq!(again.version, first.version);
    assert_eq!(again.at, first.at);
    assert_eq!(again.description, first.description);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_stored_and_answered_with_where_it_went() -> Result<()> {
    on_every(async |house, _| {
        let made = house.create(simple("e", 2)).await?;
        assert!(!made.is_repeat);
        assert_eq!(made.recorded.len(), made.events.len());
        let events = log::read(&house.store).await?;
        let last = events.last().context("an event")?;
        assert_eq!((made.position, made.version), (last.position, last.version));
        for (told, stored) in made.recorded.iter().zip(&events) {
            assert_eq!(
                (told.event_id, told.kind.as_str()),
                (stored.event_id, stored.kind.as_str())
            );
            assert_eq!(stored.recorded_at, made.at);
        }
        let status = house.ask("e", |execution| execution.status()).await?;
        assert_eq!(status, Some(ExecutionStatus::Running));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_stores_nothing_and_tells_the_very_events() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let head = house.store.head().await?;
        let rehearsed = house.engine.dry_run(request("e", pause())).await?;
        assert_eq!(house.store.head().await?, head);
        assert_eq!(house.ask("e", |e| e.status()).await?, Some(ExecutionStatus::Running));
        let done = house.command("e", pause()).await?;
        assert_eq!(rehearsed.events, done.events);
        let refused = house.engine.dry_run(request("nowhere", pause())).await;
        assert!(matches!(refused, Err(EngineError::Rejected(Rejection::NotFound { .. }))));
        let stale = house.engine.dry_run(request("e", pause()).expecting(Version::new(1))).await;
        assert!(matches!(stale, Err(EngineError::VersionMismatch { .. })), "{stale:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_first_answer_also_after_a_restart() -> Result<()> {
    on_every(async |house, backend| {
        house.create(simple("e", 2)).await?;
        let first = house.engine.execute(keyed("k", note("e", "one"))).await?;
        assert!(!first.is_repeat && first.description.ends_with(b"note_added"), "{first:?}");
        first_again(&first, &house.engine.execute(keyed("k", note("e", "one"))).await?);
        let other = note("e", "two").with_key("k", [2; 32]);
        let reused = house.engine.execute(other.clone()).await;
        assert!(matches!(reused, Err(EngineError::KeyReused)), "{reused:?}");
        let house = house.again(&backend).await?;
        first_again(&first, &house.engine.execute(keyed("k", note("e", "one"))).await?);
        let reused = house.engine.execute(other).await;
        assert!(matches!(reused, Err(EngineError::KeyReused)), "{reused:?}");
        assert_eq!(log::count(&house.store, "note_added").await?, 1);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_or_be_so_already_gets_its_first_answer() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let first = house.engine.execute(keyed("p", request("e", pause()))).await?;
        first_again(&first, &house.engine.execute(keyed("p", request("e", pause()))).await?);
        house.command("e", ExecutionCommand::Cancel { reason: None }).await?;
        let refused = house.command("e", pause()).await;
        assert!(matches!(refused, Err(EngineError::Rejected(_))), "{refused:?}");
        first_again(&first, &house.engine.execute(keyed("p", request("e", pause()))).await?);
        let late = keyed("p", request("e", pause())).expecting(Version::new(1));
        first_again(&first, &house.engine.execute(late).await?);
        let other = request("e", pause()).with_key("p", [2; 32]);
        let reused = house.engine.execute(other).await;
        assert!(matches!(reused, Err(EngineError::KeyReused)), "{reused:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_request_was_so_already_never_changes_anything_later() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        house.command("e", pause()).await?;
        let first = house.engine.execute(keyed("p", request("e", pause()))).await?;
        assert_eq!((first.recorded.len(), first.is_repeat), (0, false));
        house.command("e", ExecutionCommand::Resume).await?;
        first_again(&first, &house.engine.execute(keyed("p", request("e", pause()))).await?);
        assert_eq!(house.ask("e", |e| e.status()).await?, Some(ExecutionStatus::Running));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_at_once_are_stored_once() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let calls: Vec<_> = (0..16)
            .map(|_| {
                let engine = house.engine.clone();
                tokio::spawn(async move { engine.execute(keyed("k", note("e", "one"))).await })
            })
            .collect();
        let mut firsts = 0;
        for call in calls {
            firsts += u32::from(!call.await??.is_repeat);
        }
        assert_eq!(firsts, 1);
        assert_eq!(log::count(&house.store, "note_added").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_overtaken_is_named_with_the_actual_one() -> Result<()> {
    on_every(async |house, _| {
        let made = house.create(simple("e", 2)).await?;
        house.engine.execute(note("e", "one").expecting(made.version)).await?;
        for expected in [made.version, Version::new(99)] {
            let refused = house.engine.execute(note("e", "two").expecting(expected)).await;
            let Err(EngineError::VersionMismatch { expected: told, actual }) = refused else {
                bail!("not refused: {refused:?}");
            };
            assert_eq!((told, actual), (expected, made.version.next()));
        }
        assert_eq!(log::count(&house.store, "note_added").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_one_execution_are_served_in_order_and_all_of_them() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let begun = house.engine.look(&key_of("e"), |_, version| version).await?;
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let engine = house.engine.clone();
                tokio::spawn(async move { engine.execute(note("e", &format!("n{number}"))).await })
            })
            .collect();
        let mut versions = Vec::new();
        for call in calls {
            versions.push(call.await??.version.get());
        }
        versions.sort_unstable();
        let wanted: Vec<u64> = (1..=100).map(|number| begun.get() + number).collect();
        assert_eq!(versions, wanted);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_stop_its_command() -> Result<()> {
    on_every(async |house, backend| {
        house.create(simple("e", 2)).await?;
        for number in 0..20 {
            let call = house.engine.execute(note("e", &format!("n{number}")));
            let mut call = std::pin::pin!(call);
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)));
            drop(polled.await);
        }
        let house = house.again(&backend).await?;
        assert_eq!(log::count(&house.store, "note_added").await?, 20);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_by_its_name() -> Result<()> {
    let house = House::on(Backend::memory().open().await?, &begin()).await?;
    let is_named = |refused: Result<Outcome, EngineError>, wanted: (&str, &str)| {
        let Err(EngineError::Rejected(Rejection::NotFound { what, id })) = refused else {
            bail!("not refused: {refused:?}");
        };
        assert_eq!((what, id.as_str()), wanted);
        Ok(())
    };
    let gone = ("execution", "nowhere");
    is_named(house.command("nowhere", pause()).await, gone)?;
    is_named(house.engine.dry_run(request("nowhere", pause())).await, gone)?;
    is_named(house.engine.execute(keyed("k", request("nowhere", pause()))).await, gone)?;
    is_named(house.agent("nobody", AgentCommand::Resume).await, ("agent", "nobody"))?;
    let absent = StreamName::plan(&PlanId::parse("nothing")?);
    let refused = house.execute(absent, Command::Plan(PlanCommand::Archive), mark()).await;
    is_named(refused, ("plan", "nothing"))?;
    let asked = house.engine.ask(&workspace(), &execution_id("nowhere"), |_| ()).await?;
    assert!(asked.is_none());
    assert_eq!(log::read(&house.store).await?, []);
    Ok(())
}

/// Says what it does not survive.
fn faint(_: &State, _: &[Event]) -> Vec<u8> {
    panic!("planted by a test")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_a_panic_in_the_middle_of_a_command() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let mut request = note("e", "one");
        request.describe = Some(faint);
        let fainted = house.engine.execute(request).await;
        assert!(matches!(fainted, Err(EngineError::OutcomeUnknown)), "{fainted:?}");
        let asked = house.engine.look(&key_of("e"), |_, _| panic!("planted by a test")).await;
        assert!(matches!(asked, Err(EngineError::Stopping)), "{asked:?}");
        house.engine.execute(note("e", "two")).await?;
        assert_eq!(log::count(&house.store, "note_added").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn few_places_in_memory_change_nothing() -> Result<()> {
    let backend = Backend::memory();
    let config = planexe_ax::engine::EngineConfig { cells_max: 2, ..super::house::step_by_step() };
    let house = House::with(backend.open().await?, &begin(), config).await?;
    for number in 0..12 {
        house.create(simple(&format!("e{number}"), 1)).await?;
    }
    let house = Arc::new(house);
    let calls: Vec<_> = (0..240)
        .map(|number| {
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                house.engine.execute(note(&format!("e{}", number % 12), "n")).await
            })
        })
        .collect();
    for call in calls {
        call.await??;
    }
    assert_eq!(log::count(&house.store, "note_added").await?, 240);
    log::check(&house.store).await
}

async fn first_definition(house: &House, execution: &str) -> Result<Arc<TaskDefinition>> {
    let first = |execution: &Execution| {
        let spot = execution.tree().find(&task_id("t1"))?;
        Some(Arc::clone(&execution.tree().node(spot).definition))
    };
    house.ask(execution, first).await?.context("the task")
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_of_one_plan_keep_what_describes_their_tasks_once() -> Result<()> {
    on_every(async |house, backend| {
        for execution in ["e", "f"] {
            house.create(simple(execution, 2)).await?;
        }
        let (one, other) =
            (first_definition(&house, "e").await?, first_definition(&house, "f").await?);
        assert!(Arc::ptr_eq(&one, &other), "made here");
        let house = house.again(&backend).await?;
        let (one, other) =
            (first_definition(&house, "e").await?, first_definition(&house, "f").await?);
        assert!(Arc::ptr_eq(&one, &other), "read from the log");
        house.close().await
    })
    .await
}
