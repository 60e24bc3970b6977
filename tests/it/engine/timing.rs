//! Time: leases, retries, limits and silence, to the millisecond, before and after a restart.

use super::house::{
    BEGIN_MS, HOUR_MS, House, MINUTE_MS, agent_id, begin, execution, failure, leaf, mark, on_every,
    pause, report, simple, workspace,
};
use super::log;
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax::domain::agent::{AgentCommand, AgentStatus};
use planexe_ax::domain::event::record::BlockerKind;
use planexe_ax::domain::execution::{ExecutionCommand, ExecutionStatus, ReportBody, Verdict};
use planexe_ax::domain::{Actor, TaskDefinition, Timestamp};
use planexe_ax::engine::EngineConfig;
use std::time::Duration;

const LEASE_MS: u64 = 30 * MINUTE_MS;

async fn blockers(house: &House, name: &str) -> Result<Vec<BlockerKind>> {
    house.ask(name, |e| e.blockers().map(|blocker| blocker.kind).collect()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_to_the_millisecond_and_its_task_is_ready_again() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.create(simple("e", 1)).await?;
        let task = house.task("a").await?;
        house.pass_ms(LEASE_MS - 1).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 0);
        assert_eq!(house.beat("a", &task.lease).await?.verdict, Verdict::Ok);
        house.pass_ms(LEASE_MS - 1).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 0);
        house.pass_ms(1).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 1);
        house.register("b", 1).await?;
        let again = house.task("b").await?;
        assert_eq!((again.attempt, again.lease.epoch > task.lease.epoch), (1, true));
        let late = house.beat("a", &task.lease).await?.verdict;
        assert_eq!(late, Verdict::Lost);
        house.report("a", &task.lease, ReportBody::Completed { output: None }).await.ok();
        assert_eq!(log::count(&house.store, "task_completed").await?, 0);
        assert_eq!(log::count(&house.store, "late_report_kept").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_changes_no_deadline_and_forgets_no_sign_of_life() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 2).await?;
        house.create(simple("e", 3)).await?;
        house.create(simple("f", 2)).await?;
        let tasks = house.tasks("a", 2).await?;
        house.pass_ms(LEASE_MS - 5).await?;
        house.beat("a", &tasks[0].lease).await?;
        house.report("a", &tasks[1].lease, failure()).await?;
        let before = house.engine.index_written().await?;
        let seen = house.engine.presence().last_seen(&workspace(), &agent_id("a"));
        let house = house.again(&backend).await?;
        assert_eq!(house.engine.index_written().await?, before);
        assert_eq!(house.engine.presence().last_seen(&workspace(), &agent_id("a")), seen);
        house.pass_ms(LEASE_MS - 1).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 0);
        house.pass_ms(1).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 1);
        let live = house.engine.index_written().await?;
        let house = house.again(&backend).await?;
        assert_eq!(house.engine.index_written().await?, live);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_rests_exactly_as_long_as_the_policy_says() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.create(simple("e", 1)).await?;
        for attempt in 1..=2 {
            let task = house.task("a").await?;
            assert_eq!(task.attempt, attempt);
            house.report("a", &task.lease, failure()).await?;
            house.pass_ms(MINUTE_MS - 1).await?;
            assert!(house.tasks("a", 1).await?.is_empty());
            house.pass_ms(1).await?;
        }
        let task = house.task("a").await?;
        house.report("a", &task.lease, failure()).await?;
        assert_eq!(blockers(&house, "e").await?, [BlockerKind::Incident]);
        assert_eq!(house.ask("e", |e| e.status()).await?, Some(ExecutionStatus::Blocked));
        house.pass_ms(48 * HOUR_MS - 1).await?;
        assert_eq!(log::count(&house.store, "blocker_escalated").await?, 0);
        house.pass_ms(1).await?;
        assert_eq!(log::count(&house.store, "blocker_escalated").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_alive_and_hung_is_timed_out() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        let task = TaskDefinition { timeout_ms: Some(HOUR_MS), ..leaf("t1") };
        house.create(execution("e", vec![task])).await?;
        let task = house.task("a").await?;
        for _ in 0..5 {
            house.pass_ms(10 * MINUTE_MS).await?;
            house.beat("a", &task.lease).await?;
        }
        house.pass_ms(10 * MINUTE_MS - 1).await?;
        assert_eq!(log::count(&house.store, "task_failed").await?, 0);
        house.pass_ms(1).await?;
        assert_eq!(log::count(&house.store, "task_failed").await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_grows_too_old_asks_a_person() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 1)).await?;
        house.pass_ms(168 * HOUR_MS - 1).await?;
        assert_eq!(blockers(&house, "e").await?, []);
        house.pass_ms(1).await?;
        assert_eq!(blockers(&house, "e").await?, [BlockerKind::ExecutionTimeout]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_due_while_a_person_keeps_an_execution_paused() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.create(simple("e", 1)).await?;
        let task = house.task("a").await?;
        house.pass_ms(10 * MINUTE_MS).await?;
        house.command("e", pause()).await?;
        house.hands.advance_ms(20 * MINUTE_MS - 1);
        house.engine.run_due().await?;
        assert_eq!(house.beat("a", &task.lease).await?.verdict, Verdict::Pause);
        house.command("e", ExecutionCommand::Resume).await?;
        assert_eq!(log::count(&house.store, "lease_expired").await?, 0);
        assert_eq!(house.beat("a", &task.lease).await?.verdict, Verdict::Ok);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_agent_is_lost_and_any_sign_of_life_brings_it_back() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 2).await?;
        house.register("b", 1).await?;
        let mut tied = simple("tied", 2);
        tied.agent_id = Some(agent_id("a"));
        house.create(tied).await?;
        house.create(simple("open", 1)).await?;
        assert_eq!(house.tasks("a", 2).await?.len(), 2);
        house.pass_ms(LEASE_MS - 1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
        house.tasks("b", 1).await?;
        house.pass_ms(1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Lost);
        assert_eq!(house.agent_state("b").await?.status(), AgentStatus::Active);
        assert_eq!(log::count(&house.store, "lease_expired").await?, 2);
        assert_eq!(blockers(&house, "tied").await?, [BlockerKind::AgentUnreachable]);
        assert_eq!(house.ids("b", 1).await?.len(), 1);
        let house = house.again(&backend).await?;
        let head = house.store.head().await?;
        house.pass_ms(MINUTE_MS).await?;
        assert_eq!(house.store.head().await?, head);
        house.tasks("a", 1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
        assert_eq!(blockers(&house, "tied").await?, []);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_a_registration_are_signs_of_life() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.register("mute", 1).await?;
        house.create(simple("e", 1)).await?;
        let task = house.task("a").await?;
        house.pass_ms(LEASE_MS - 1).await?;
        house.report("a", &task.lease, ReportBody::Started).await?;
        house.pass_ms(1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
        assert_eq!(house.agent_state("mute").await?.status(), AgentStatus::Lost);
        house.pass_ms(LEASE_MS).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Lost);
        house.report("a", &task.lease, ReportBody::Started).await.ok();
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_says_nothing_new_keeps_the_lease_and_the_agent_all_the_same() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 1).await?;
        house.create(simple("e", 1)).await?;
        let task = house.task("a").await?;
        house.report("a", &task.lease, ReportBody::Started).await?;
        for by in [Actor::agent(&agent_id("a")), mark()] {
            house.pass_ms(LEASE_MS - 1).await?;
            let mut again = report("a", &task.lease, ReportBody::Started);
            again.metadata.actor = by;
            let outcome = house.engine.execute(again).await?;
            assert_eq!(outcome.recorded, []);
        }
        let house = house.again(&backend).await?;
        house.pass_ms(LEASE_MS - 1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
        assert_eq!(log::count(&house.store, "lease_expired").await?, 0);
        house.pass_ms(1).await?;
        assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Lost);
        assert_eq!(log::count(&house.store, "lease_expired").await?, 1);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_signs_of_life_are_written_loses_no_agent_and_misses_every_silent_one()
-> Result<()> {
    let backend = Backend::memory();
    let house = House::on(backend.open().await?, &begin()).await?;
    for agent in ["a", "mute", "gone"] {
        house.register(agent, 1).await?;
    }
    house.agent("gone", AgentCommand::Retire { reason: None }).await?;
    house.create(simple("e", 1)).await?;
    house.hands.advance_ms(LEASE_MS - 1);
    house.task("a").await?;
    assert_eq!(house.store.all_agent_presence().await?, []);
    let house = House::on(backend.open().await?, &house.hands).await?;
    house.pass_ms(1).await?;
    assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Active);
    assert_eq!(house.agent_state("mute").await?.status(), AgentStatus::Lost);
    house.pass_ms(LEASE_MS - 1).await?;
    assert_eq!(house.agent_state("a").await?.status(), AgentStatus::Lost);
    assert_eq!(log::count(&house.store, "agent_lost").await?, 2);
    log::check(&house.store).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_rebuilt_is_the_one_that_was_kept() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 9).await?;
        house.register("b", 9).await?;
        let mut tied = simple("tied", 2);
        tied.agent_id = Some(agent_id("b"));
        house.create(tied).await?;
        for name in ["paused", "resumed", "over", "waiting", "open"] {
            house.create(simple(name, 1)).await?;
        }
        let tasks = house.tasks("a", 9).await?;
        for task in &tasks {
            match task.execution_id.as_str() {
                "over" => drop(house.complete("a", task).await?),
                "waiting" => drop(house.report("a", &task.lease, failure()).await?),
                _ => {}
            }
        }
        house.command("paused", pause()).await?;
        house.command("resumed", pause()).await?;
        house.pass_ms(LEASE_MS - 1).await?;
        house.command("resumed", ExecutionCommand::Resume).await?;
        house.beat("a", &tasks[0].lease).await?;
        let kept = house.engine.index_written().await?;
        let house = house.again(&backend).await?;
        assert_eq!(house.engine.index_written().await?, kept);
        house.pass_ms(1).await?;
        assert_eq!(blockers(&house, "tied").await?, [BlockerKind::AgentUnreachable]);
        let kept = house.engine.index_written().await?;
        let house = house.again(&backend).await?;
        assert_eq!(house.engine.index_written().await?, kept);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_told_of_their_agent_also_when_the_engine_died_in_between() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 1).await?;
        let mut tied = simple("tied", 2);
        tied.agent_id = Some(agent_id("a"));
        house.create(tied).await?;
        house.hands.advance_ms(LEASE_MS);
        let last_seen_at = Timestamp::from_unix_ms(BEGIN_MS);
        let check = AgentCommand::CheckPresence { last_seen_at, silence_ms: LEASE_MS };
        house.agent("a", check).await?;
        assert_eq!(blockers(&house, "tied").await?, []);
        let house = house.again(&backend).await?;
        assert_eq!(blockers(&house, "tied").await?, [BlockerKind::AgentUnreachable]);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_alone_makes_things_happen() -> Result<()> {
    for backend in Backend::every().await? {
        let hands = begin();
        let store = backend.open().await?;
        let house = House::with(store, &hands, EngineConfig::default()).await?;
        house.register("a", 1).await?;
        house.create(simple("e", 1)).await?;
        house.task("a").await?;
        let happened = async {
            while log::count(&house.store, "lease_expired").await? == 0 {
                hands.advance_ms(MINUTE_MS);
                tokio::task::yield_now().await;
            }
            anyhow::Ok(())
        };
        let happened = tokio::time::timeout(Duration::from_secs(30), happened).await;
        ensure!(matches!(happened, Ok(Ok(()))), "time passed and nothing happened");
        house.engine.stop().await;
        log::check(&house.store).await?;
        house.store.close().await;
    }
    Ok(())
}
