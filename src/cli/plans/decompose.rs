//! Breaks the tasks of a plan down that have no parts, right after it was read in.

use super::super::house::{House, streams_of};
use super::super::open::refusal;
use crate::{
    clock::Clock,
    config::Config,
    domain::{
        Command, PlanId, StreamKind, StreamName,
        event::agent::Capability,
        plan::{Plan, PlanCommand},
    },
    engine::State,
    exit::{Exit, Failure},
    models::{Decomposers, PlanWish, plan_tasks_open},
};
use anyhow::anyhow;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What became of the tasks.
#[derive(Debug, Default)]
pub(super) struct Decomposed {
    broken_down: usize,
    left_alone: usize,
    pending_reviews: usize,
    not_done_because: Option<&'static str>,
}

impl Decomposed {
    pub(super) fn line(&self) -> String {
        if let Some(why) = self.not_done_because {
            return format!("no task was broken down: {why}");
        }
        let Self { broken_down, left_alone, pending_reviews, .. } = self;
        format!(
            "{broken_down} tasks were broken down, {left_alone} left as they are; \
             {pending_reviews} wait for a person's review"
        )
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "decomposed": self.broken_down,
            "left_alone": self.left_alone,
            "pending_reviews": self.pending_reviews,
            "not_done_because": self.not_done_because,
        })
    }
}

/// Breaks them down, with the actions of the agent that the plan is meant for, or of all.
pub(super) async fn decompose(
    house: &House,
    config: &Config,
    plan_id: &PlanId,
) -> Result<Decomposed, Failure> {
    let (stream, mut told) = (StreamName::plan(plan_id), Decomposed::default());
    let plan = house.ask(stream.clone(), |state| state.plan().cloned()).await?;
    let Some(plan) = plan else { return Ok(told) };
    let capabilities = capabilities(house, &plan).await?;
    if capabilities.is_empty() {
        told.not_done_because =
            Some("there is no agent yet whose actions could be used: register one, and ask again");
        return Ok(told);
    }
    let threshold_permille = house.policy().await?.confidence_permille_min;
    let decomposers =
        Decomposers::start(&house.store, Clock::System, config.decomposition.clone()).await;
    let decomposers = decomposers.map_err(|error| refusal(error.into()))?;
    for task_ids in plan_tasks_open(&plan).chunks(decomposers.at_once()) {
        let now = house.ask(stream.clone(), |state| state.plan().cloned()).await?;
        let now = now.ok_or_else(|| Exit::NotPossible.because(anyhow!("the plan is gone")))?;
        let (capabilities, task_ids) = (capabilities.clone(), task_ids.to_vec());
        let wish = PlanWish { capabilities, task_ids, threshold_permille };
        let spread = decomposers.decompose_plan(&now, &wish).await;
        told.broken_down += spread.commands.len();
        told.left_alone += spread.left_alone.len();
        let command = Command::Plan(PlanCommand::DecomposeAll(spread.commands));
        house.order(stream.clone(), command).await?;
    }
    let waiting = |state: &State| state.plan().map_or(0, |plan| plan.pending_reviews().count());
    told.pending_reviews = house.ask(stream, waiting).await?;
    Ok(told)
}

/// What can be done: each action once.
async fn capabilities(house: &House, plan: &Plan) -> Result<Vec<Capability>, Failure> {
    let agents = match plan.assigned_to() {
        Some(agent_id) => vec![StreamName::agent(agent_id)],
        None => streams_of(house, StreamKind::Agent).await?,
    };
    let (mut known, mut seen) = (Vec::new(), BTreeSet::new());
    for stream in agents {
        let able = |state: &State| {
            let profile = state.agent().and_then(|agent| agent.profile());
            profile.map(|profile| profile.capabilities.clone()).unwrap_or_default()
        };
        let able = house.ask(stream, able).await?;
        known.extend(able.into_iter().filter(|able| seen.insert(able.action.clone())));
    }
    Ok(known)
}
