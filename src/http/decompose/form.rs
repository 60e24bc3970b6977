//! What is sent to have a task broken down, and to break one down by hand.

use crate::decompose::Asked;
use crate::domain::event::agent::{AgentProfile, Capability};
use crate::domain::{AgentId, PlanId, Priority, TaskId, Text, Title};
use crate::http::agents::{Ability, AbilityForm};
use crate::http::plans;
use crate::http::schemas::{self, Any, AnyObject, Id};
use crate::plans::structured::{DependencyForm, Hours, SubtaskForm};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A task to be broken down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecompositionWish)]
pub(in crate::http) struct DecomposeForm {
    task: TaskAsked,
    /// The plan, as far as it helps. Where its `plan_id` is a plan of this server, the parts are
    /// kept on its task, and what is stored of the plan is what counts.
    #[serde(default)]
    #[schema(value_type = Option<AnyObject>)]
    pub(super) plan_context: Map<String, Value>,
    /// What the agent can do; what it is registered with when nothing is said.
    #[serde(default, alias = "capabilities")]
    #[schema(value_type = Option<Vec<AbilityForm>>)]
    agent_capabilities: Vec<Ability>,
}

/// A task, as a plan describes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskAsked {
    #[schema(value_type = Id)]
    task_id: TaskId,
    #[serde(alias = "name")]
    #[schema(value_type = String)]
    title: Title,
    #[schema(value_type = Option<String>)]
    description: Option<Text>,
    #[serde(alias = "role")]
    #[schema(value_type = Option<String>)]
    assignee_role: Option<Title>,
    /// What it needs.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    resources: Vec<Text>,
    /// Parts that the plan names: their parameters are taken over.
    #[serde(default)]
    #[schema(value_type = Vec<Any>)]
    subtasks: Vec<Value>,
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    #[expect(dead_code, reason = "a plan's task has it, and nothing here follows from it")]
    prerequisites: Vec<TaskId>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    #[expect(dead_code, reason = "a plan's task has it, and nothing here follows from it")]
    estimated_hours: Option<Hours>,
    #[schema(value_type = Option<schemas::Priority>)]
    #[expect(dead_code, reason = "a plan's task has it, and nothing here follows from it")]
    priority: Option<Priority>,
}

impl DecomposeForm {
    /// The task that is asked about.
    pub(super) fn task_id(&self) -> &TaskId {
        &self.task.task_id
    }

    /// The plan that the context names.
    pub(super) fn plan_id(&self) -> Option<PlanId> {
        PlanId::parse(self.plan_context.get("plan_id")?.as_str()?).ok()
    }

    /// The task, what else is known of it, and what the agent can do.
    pub(super) fn taken(
        self,
        profile: &AgentProfile,
    ) -> (Asked, Map<String, Value>, Vec<Capability>) {
        let (task, mut context) = (self.task, self.plan_context);
        if !task.subtasks.is_empty() {
            let own = serde_json::json!({"task_id": task.task_id, "subtasks": task.subtasks});
            context.insert("task".to_owned(), own);
        }
        let asked = Asked {
            task_id: task.task_id,
            title: task.title,
            description: task.description,
            role: task.assignee_role,
            resources: task.resources,
        };
        let named = self.agent_capabilities;
        let capabilities = match named.is_empty() {
            true => profile.capabilities.clone(),
            false => named.into_iter().map(Ability::capability).collect(),
        };
        (asked, context, each_once(capabilities))
    }
}

/// Each action once: what is said of it first holds.
pub(super) fn each_once(mut capabilities: Vec<Capability>) -> Vec<Capability> {
    let mut seen = BTreeSet::new();
    capabilities.retain(|able| seen.insert(able.action.clone()));
    capabilities
}

/// The parts that a person breaks a task down into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PartsByHand)]
pub(in crate::http) struct PartsForm {
    #[schema(value_type = Vec<plans::SubtaskForm>)]
    pub(super) subtasks: Vec<SubtaskForm>,
    /// What waits for what among them.
    #[serde(default)]
    #[schema(value_type = Vec<plans::DependencyForm>)]
    pub(super) dependencies: Vec<DependencyForm>,
    #[schema(value_type = Option<String>)]
    pub(super) notes: Option<Text>,
}

/// What a person says of the parts of a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewForm)]
pub(in crate::http) struct ReviewForm {
    pub(super) decision: ReviewDecision,
    #[schema(value_type = Option<String>)]
    pub(super) note: Option<Text>,
    /// With `edit`: the parts that take the place of those that were proposed.
    #[schema(value_type = Option<Vec<plans::SubtaskForm>>)]
    pub(super) subtasks: Option<Vec<SubtaskForm>>,
    #[serde(default)]
    #[schema(value_type = Vec<plans::DependencyForm>)]
    pub(super) dependencies: Vec<DependencyForm>,
}

/// What is to become of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReviewDecision {
    /// They stay, and can run.
    Approve,
    /// They go; the task has no parts again.
    Reject,
    /// Others take their place.
    Edit,
}

/// Which tasks of a plan are to be broken down, and for whom.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanDecompositionWish)]
pub(in crate::http) struct PlanForm {
    /// The agent whose actions are used; the one that the plan is meant for, or all agents, when
    /// nothing is said.
    #[schema(value_type = Option<Id>)]
    pub(super) agent_id: Option<AgentId>,
    /// Actions in place of those that agents are registered with.
    #[serde(default, alias = "capabilities")]
    #[schema(value_type = Vec<AbilityForm>)]
    pub(super) agent_capabilities: Vec<Ability>,
    /// The tasks; all that have no parts and name no action when nothing is said.
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    pub(super) task_ids: Vec<TaskId>,
}
