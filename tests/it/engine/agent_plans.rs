//! Plans that agents bring: their two streams are written together or not at all, whatever fails.

use super::house::{BEGIN_MS, House, agent_id, step_by_step, workspace};
use crate::store::backend::on_every_backend;
use anyhow::{Result, ensure};
use planexe_ax::clock::SimulatedClock;
use planexe_ax::domain::event::plan::PlanSource;
use planexe_ax::domain::execution::{OwnPlan, PlanType};
use planexe_ax::domain::plan::ImportPlan;
use planexe_ax::domain::{
    Actor, ExecutionId, PlanId, StreamName, TaskDefinition, TaskId, Timestamp, Title,
};
use planexe_ax::engine::{
    AgentPlanRequest, DeleteAgentPlan, EngineError, Metadata, Random, RequestKey,
};
use planexe_ax::store::{MemoryFaults, MemoryLog, Store, StoreConfig, Version};
use std::sync::Arc;
use uuid::Uuid;

fn title(words: &str) -> Title {
    Title::parse(words).expect("a title")
}

fn by_claude() -> Metadata {
    Metadata::by(Actor::agent(&agent_id("claude")))
}

/// A plan of one step, under a key of its own.
fn plan(id: &str) -> AgentPlanRequest {
    let step = TaskId::parse("step_1").expect("an id");
    AgentPlanRequest {
        workspace: workspace(),
        import: ImportPlan {
            plan_id: PlanId::parse(id).expect("an id"),
            title: title("Find it out"),
            goal: None,
            source: PlanSource { format: title("steps"), content_hash: None, source_id: None },
            roles: Vec::new(),
            risks: Vec::new(),
            assigned_to: Some(agent_id("claude")),
            tasks: vec![TaskDefinition::new(step, title("search"))],
            dependencies: Vec::new(),
            report: None,
            metadata: None,
        },
        agent_id: agent_id("claude"),
        own: OwnPlan {
            outside_task: None,
            plan_type: PlanType::Research,
            reasoning: None,
            metadata: None,
        },
        metadata: by_claude(),
        key: Some(RequestKey { key: id.to_owned(), request_hash: [7; 32] }),
        describe: None,
        is_dry_run: false,
    }
}

fn deletion(id: &str) -> DeleteAgentPlan {
    DeleteAgentPlan {
        workspace: workspace(),
        plan_id: PlanId::parse(id).expect("an id"),
        reason: None,
        metadata: by_claude(),
        key: None,
        expected: None,
        describe: None,
        is_dry_run: false,
    }
}

/// How often each of the two streams of a plan was written, and whether each is deleted.
async fn streams(store: &Store, id: &str) -> Result<[(usize, bool); 2]> {
    let plan = StreamName::plan(&PlanId::parse(id)?);
    let execution = StreamName::execution(&ExecutionId::parse(id)?);
    let mut found = [(0, false); 2];
    for (found, (stream, made, gone)) in found.iter_mut().zip([
        (plan, "plan_imported", "plan_deleted"),
        (execution, "execution_created", "own_plan_deleted"),
    ]) {
        let events = store.read_stream(&workspace(), &stream, Version::ZERO, 100).await?;
        let count = events.iter().filter(|it| it.kind == made).count();
        *found = (count, events.iter().any(|it| it.kind == gone));
    }
    Ok(found)
}

/// How often somebody repeats a request whose outcome is not known.
const TRIES_MAX: u32 = 50;

#[tokio::test(start_paused = true)]
async fn a_plan_and_its_execution_are_there_together_whatever_fails() -> Result<()> {
    let log = MemoryLog::new(Uuid::from_u128(11));
    let url = "memory:".to_owned();
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let faults = MemoryFaults {
        seed: 3,
        commit_then_error: 300,
        commit_fails: 300,
        settle_fails: 950,
        ..MemoryFaults::default()
    };
    let store = Store::memory(&log, faults, &config);
    let sound = Store::memory(&log, MemoryFaults::default(), &config);
    let hands = Arc::new(SimulatedClock::new(Timestamp::from_unix_ms(BEGIN_MS)));
    let house = House::seeded(store, &hands, step_by_step(), Random::from_seed(5)).await?;
    let mut failures = 0;
    for number in 0..40 {
        let id = format!("own-{number}");
        for _ in 0..TRIES_MAX {
            let made = house.engine.create_agent_plan(&plan(&id)).await;
            let [of_plan, of_execution] = streams(&sound, &id).await?;
            ensure!(of_plan == of_execution, "the one without the other: {id}: {made:?}");
            match made {
                Ok(_) => break,
                Err(EngineError::Rejected(rejection)) => return Err(rejection.into()),
                Err(_) => failures += 1,
            }
        }
        ensure!(streams(&sound, &id).await? == [(1, false), (1, false)], "{id}");
    }
    ensure!(failures > 10, "only {failures} of them failed");
    house.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_are_gone_together_also_when_others_change_them_at_the_same_time() -> Result<()> {
    on_every_backend(async |store| {
        let hands = Arc::new(SimulatedClock::new(Timestamp::from_unix_ms(BEGIN_MS)));
        let house = House::on(store.clone(), &hands).await?;
        for number in 0..10 {
            let id = format!("own-{number}");
            house.engine.create_agent_plan(&plan(&id)).await?;
            let request = deletion(&id);
            let both = tokio::join!(
                house.engine.delete_agent_plan(&request),
                house.engine.delete_agent_plan(&request),
            );
            both.0?;
            both.1?;
            ensure!(streams(&store, &id).await? == [(1, true), (1, true)], "{id}");
        }
        house.engine.stop().await;
        Ok(())
    })
    .await
}
