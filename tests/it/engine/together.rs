//! Several engines on one log behave as one.

use super::house::{
    House, MINUTE_MS, agent_id, begin, key_of, mark, note, pause, request, simple, step_by_step,
    workspace,
};
use super::log;
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::execution::{ExecutionCommand, ExecutionStatus, ReportBody, Verdict};
use planexe_ax::domain::{Actor, Rejection, StreamName};
use planexe_ax::engine::{Command, EngineConfig, EngineError, State, Work};
use planexe_ax::store::Version;
use std::future::Future;
use std::time::Duration;

fn cancel() -> ExecutionCommand {
    ExecutionCommand::Cancel { reason: None }
}

/// Runs a test on two engines over one log in memory, and over one PostgreSQL.
pub(super) async fn on_pairs<F: Future<Output = Result<()>>>(
    config: EngineConfig,
    test: impl Fn(House, House) -> F,
) -> Result<()> {
    let mut shared = vec![Backend::memory()];
    if !planexe_ax_testkit::postgres_is_skipped() {
        shared.push(Backend::postgres().await?);
    }
    for backend in shared {
        let hands = begin();
        let one = House::with(backend.open().await?, &hands, config.clone()).await?;
        let other = House::with(backend.open().await?, &hands, config.clone()).await?;
        test(one.clone(), other.clone()).await?;
        one.engine.stop().await;
        other.engine.stop().await;
        log::check(&one.store).await?;
        one.store.close().await;
        other.store.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_served_by_one_engine_reports_to_the_other_at_once() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.register("a", 1).await?;
        one.create(simple("e", 3)).await?;
        for _ in 0..3 {
            let task = one.task("a").await?;
            assert_eq!(other.beat("a", &task.lease).await?.verdict, Verdict::Ok);
            assert_eq!(other.task("a").await?, task);
            other.complete("a", &task).await?;
            assert_eq!(one.beat("a", &task.lease).await?.verdict, Verdict::Lost);
        }
        assert_eq!(one.ask("e", |e| e.status()).await?, Some(ExecutionStatus::Completed));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_refusal_is_given_from_a_state_that_another_engine_has_changed() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.create(simple("e", 1)).await?;
        other.ask("e", |e| e.status()).await?;
        let made = one.command("e", pause()).await?;
        let resumed = other.command("e", ExecutionCommand::Resume).await?;
        assert_eq!(resumed.version, made.version.next());
        let again = one.command("e", pause()).await?;
        let expecting = request("e", ExecutionCommand::Resume).expecting(again.version);
        other.engine.execute(expecting).await?;
        one.command("e", cancel()).await?;
        let refused = other.command("e", ExecutionCommand::Resume).await;
        ensure!(matches!(refused, Err(EngineError::Rejected(Rejection::IllegalMove { .. }))));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_known_to_every_engine() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.create(simple("e", 1)).await?;
        let keyed = || request("e", pause()).with_key("k", [1; 32]);
        let first = one.engine.execute(keyed()).await?;
        one.command("e", cancel()).await?;
        let again = other.engine.execute(keyed()).await?;
        assert!(again.is_repeat);
        assert_eq!((again.position, again.version), (first.position, first.version));
        let calls: Vec<_> = (0..24)
            .map(|number| {
                let engine = if number % 2 == 0 { &one.engine } else { &other.engine }.clone();
                tokio::spawn(
                    async move { engine.execute(note("e", "n").with_key("n", [1; 32])).await },
                )
            })
            .collect();
        let mut firsts = 0;
        for call in calls {
            firsts += u32::from(!call.await??.is_repeat);
        }
        assert_eq!((firsts, log::count(&one.store, "note_added").await?), (1, 1));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_at_two_engines_on_one_execution_all_land() -> Result<()> {
    on_pairs(EngineConfig::default(), async |one, other| {
        one.create(simple("e", 1)).await?;
        let calls: Vec<_> = (0..120)
            .map(|number| {
                let engine = if number % 2 == 0 { &one.engine } else { &other.engine }.clone();
                tokio::spawn(async move { engine.execute(note("e", &format!("n{number}"))).await })
            })
            .collect();
        let mut versions: Vec<Version> = Vec::new();
        for call in calls {
            versions.push(call.await??.version);
        }
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions.len(), 120);
        assert_eq!(log::count(&one.store, "note_added").await?, 120);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_a_race_is_decided_anew_on_what_is_there() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.create(simple("e", 1)).await?;
        other.ask("e", |e| e.status()).await?;
        one.command("e", pause()).await?;
        other.engine.execute(note("e", "n")).await?;
        for house in [one, other] {
            let served = |state: &State, version| (state.clone(), version);
            let (state, version) = house.engine.look(&key_of("e"), served).await?;
            let replayed = house.engine.state_at(&key_of("e"), Some(version)).await?;
            assert_eq!((state, version), replayed);
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_racing_at_two_engines_never_share_a_task_nor_exceed_their_slots() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        for agent in ["a", "b", "c"] {
            one.register(agent, 2).await?;
        }
        for number in 0..6 {
            one.create(simple(&format!("e{number}"), 2)).await?;
        }
        for _ in 0..3 {
            let polls: Vec<_> = (0..18)
                .map(|number| {
                    let house = if number % 2 == 0 { &one } else { &other }.clone();
                    let agent = ["a", "b", "c"][number % 3];
                    tokio::spawn(async move { house.poll(agent, 9).await })
                })
                .collect();
            for poll in polls {
                drop(poll.await?);
            }
            for agent in ["a", "b", "c"] {
                for task in one.tasks(agent, 9).await? {
                    other.complete(agent, &task).await?;
                }
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_raced_by_claims_is_followed_by_no_grant() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        for agent in ["a", "b", "c", "d"] {
            one.register(agent, 1).await?;
        }
        for round in 0..10 {
            let name = format!("e{round}");
            one.create(simple(&name, 4)).await?;
            let polls: Vec<_> = ["a", "b", "c", "d"]
                .into_iter()
                .enumerate()
                .map(|(number, agent)| {
                    let house = if number % 2 == 0 { &one } else { &other }.clone();
                    tokio::spawn(async move { house.poll(agent, 1).await })
                })
                .collect();
            one.command(&name, pause()).await?;
            for poll in polls {
                drop(poll.await?);
            }
            other.command(&name, cancel()).await?;
            one.hands.advance_ms(2 * MINUTE_MS);
            one.engine.run_due().await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_paused_at_one_engine_is_granted_nothing_at_the_other_from_then_on() -> Result<()>
{
    on_pairs(step_by_step(), async |one, other| {
        one.register("a", 50).await?;
        one.create(simple("e", 40)).await?;
        let polling = {
            let other = other.clone();
            tokio::spawn(async move { other.poll("a", 40).await })
        };
        let stream = StreamName::agent(&agent_id("a"));
        let pausing = Command::Agent(AgentCommand::Pause { reason: None });
        let paused = loop {
            match one.execute(stream.clone(), pausing.clone(), mark()).await {
                Err(EngineError::Contended { .. }) => {}
                paused => break paused?,
            }
        };
        drop(polling.await?);
        let work = other.poll("a", 40).await?;
        ensure!(matches!(work, Work::NotNow { status: "paused" }), "{work:?}");
        let granted = log::read(&one.store).await?;
        let after = granted.iter().filter(|event| event.position > paused.position);
        assert_eq!(after.filter(|event| event.kind == "task_granted").count(), 0);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_at_one_engine_keeps_the_lease_at_the_other() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.register("a", 1).await?;
        one.create(simple("e", 1)).await?;
        let task = one.task("a").await?;
        one.engine.run_due().await?;
        other.engine.catch_up().await?;
        one.hands.advance_ms(20 * MINUTE_MS);
        one.beat("a", &task.lease).await?;
        one.engine.presence().flush(&one.store).await?;
        other.pass_ms(20 * MINUTE_MS).await?;
        assert_eq!(log::count(&one.store, "lease_expired").await?, 0);
        assert_eq!(log::count(&one.store, "agent_lost").await?, 0);
        other.pass_ms(10 * MINUTE_MS).await?;
        assert_eq!(log::count(&one.store, "lease_expired").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_races_the_end_of_its_lease_is_taken_or_kept_and_never_both() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.register("a", 1).await?;
        for round in 1..=12 {
            one.create(simple(&format!("e{round}"), 1)).await?;
            let task = one.task("a").await?;
            other.engine.catch_up().await?;
            one.hands.advance_ms(30 * MINUTE_MS);
            let [first, second] = [&one, &other].map(|house| {
                let engine = house.engine.clone();
                tokio::spawn(async move { engine.run_due().await })
            });
            let done = ReportBody::Completed { output: None };
            let reported = other.report("a", &task.lease, done).await?;
            first.await??;
            second.await??;
            if reported.recorded.iter().any(|event| event.kind == "late_report_kept") {
                let task = other.task("a").await?;
                one.complete("a", &task).await?;
            }
            let ended = log::count(&one.store, "lease_expired").await?;
            let late = log::count(&one.store, "late_report_kept").await?;
            assert_eq!((late, log::count(&one.store, "task_completed").await?), (ended, round));
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_engine_does_reaches_the_index_of_the_other() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.register("a", 2).await?;
        one.create(simple("e", 3)).await?;
        other.create(simple("f", 3)).await?;
        let tasks = one.tasks("a", 2).await?;
        other.complete("a", &tasks[0]).await?;
        one.engine.catch_up().await?;
        other.engine.catch_up().await?;
        let written = one.engine.index_written().await?;
        assert_eq!(other.engine.index_written().await?, written);
        let follows = House::on(one.store.clone(), &one.hands).await?;
        assert_eq!(follows.engine.index_written().await?, written);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_follows_what_another_does_by_itself() -> Result<()> {
    on_pairs(EngineConfig::default(), async |one, other| {
        let mut changed = other.engine.index().changed();
        changed.borrow_and_update();
        one.create(simple("e", 1)).await?;
        tokio::time::timeout(Duration::from_secs(30), changed.changed()).await??;
        one.register("a", 1).await?;
        let task = other.task("a").await?;
        let actor = Actor::agent(&agent_id("a"));
        assert_eq!(actor.id(), "a");
        one.report("a", &task.lease, ReportBody::Completed { output: None }).await?;
        let asked = other.engine.agent(&workspace(), &agent_id("a")).await?.0;
        ensure!(asked.may_take_work());
        Ok(())
    })
    .await
}
