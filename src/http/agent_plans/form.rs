//! An agent's own plan as it is sent: numbered steps, and the plan that they come to.

use crate::domain::event::plan::PlanSource;
use crate::domain::execution::{MoveOwnPlan, OwnPlan, OwnStatus, PlanType};
use crate::domain::plan::ImportPlan;
use crate::domain::{
    ActionName, AgentId, Dependency, DependencyType, Json, PlanId, TaskDefinition, TaskId, Text,
    Title,
};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{AnyObject, Id};
use crate::plans::first_line;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most steps of a plan.
const STEPS_MAX: usize = 500;
/// The longest that a step may be said to take, in minutes: a hundred years.
const MINUTES_MAX: u32 = 100 * 366 * 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// A plan that an agent brings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewAgentPlan {
    /// The task that it is for, by the agent's own reference: it may name nothing here.
    #[schema(value_type = Id)]
    task_id: TaskId,
    #[schema(value_type = PlanTypeWord)]
    plan_type: PlanType,
    /// The steps, numbered from 1 in their order.
    steps: Vec<NewStep>,
    #[schema(value_type = Option<String>)]
    reasoning: Option<Text>,
    #[schema(value_type = Option<AnyObject>)]
    metadata: Option<Map<String, Value>>,
    /// The agent that carries it out, where a person sends it.
    #[schema(value_type = Option<Id>)]
    pub(super) agent_id: Option<AgentId>,
}

/// A step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStep {
    #[schema(minimum = 1)]
    step: u32,
    #[schema(value_type = String)]
    action: ActionName,
    #[schema(value_type = String)]
    description: Text,
    /// How long it should take, in minutes.
    #[schema(maximum = 52_704_000)]
    estimated_duration: Option<u32>,
    /// The earlier steps that it waits for; where nothing is said, the one before it.
    dependencies: Option<Vec<u32>>,
    #[schema(value_type = Option<AnyObject>)]
    metadata: Option<Map<String, Value>>,
}

/// What sort of plan it is.
#[derive(ToSchema)]
#[schema(as = PlanType, rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum PlanTypeWord {
    SubtaskBreakdown,
    Implementation,
    Research,
    Testing,
    Deployment,
    Refactoring,
    FeatureAddition,
}

/// Where an agent's own plan is.
#[derive(ToSchema)]
#[schema(as = AgentPlanStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum OwnStatusWord {
    Pending,
    InProgress,
    Completed,
    Blocked,
    Failed,
    Cancelled,
}

/// How an agent's own plan goes on; at least one thing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AgentPlanPatch {
    /// The step that it is at; those before it are done. One more than there are: all are done.
    #[schema(minimum = 1)]
    current_step: Option<u32>,
    #[schema(value_type = Option<OwnStatusWord>)]
    status: Option<OwnStatus>,
    #[schema(value_type = Option<String>)]
    agent_reasoning: Option<Text>,
    /// The plan, as the path has it.
    #[schema(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
}

impl AgentPlanPatch {
    pub(super) fn wanted(self, plan_id: &PlanId) -> Result<MoveOwnPlan, Problem> {
        if self.plan_id.as_ref().is_some_and(|named| named != plan_id) {
            return Err(wrong("/plan_id", "this names another plan than the path does"));
        }
        let Self { current_step, status, agent_reasoning: reasoning, .. } = self;
        if current_step.is_none() && status.is_none() && reasoning.is_none() {
            let detail = "name one thing at least: current_step, status or agent_reasoning";
            return Err(Problem::new(Code::Invalid, detail));
        }
        Ok(MoveOwnPlan { current_step, status, reasoning })
    }
}

pub(super) fn wrong(pointer: &str, message: impl Into<String>) -> Problem {
    Problem::at(Code::Invalid, pointer, message)
}

/// The task that a step is.
pub(super) fn step_id(step: u32) -> TaskId {
    TaskId::parse(&format!("step_{step}")).expect("it is an id")
}

impl NewAgentPlan {
    /// The plan that the steps come to, and what is said of it beside them.
    pub(super) fn read(
        self,
        plan_id: &PlanId,
        agent_id: &AgentId,
    ) -> Result<(ImportPlan, OwnPlan), Problem> {
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
            return Err(wrong("/steps", format!("a plan has 1 to {STEPS_MAX} steps")));
        }
        let title = self.title();
        let (mut tasks, mut dependencies) = (Vec::new(), Vec::new());
        for (place, step) in self.steps.into_iter().enumerate() {
            let pointer = format!("/steps/{place}");
            let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
            if step.step != number {
                let message = format!("steps are numbered in their order: this is step {number}");
                return Err(wrong(&format!("{pointer}/step"), message));
            }
            dependencies.extend(step.waits_for(&pointer)?);
            tasks.push(step.task(&pointer)?);
        }
        let source_id = Title::parse(self.task_id.as_str()).ok();
        let format = Title::parse("steps").expect("it is a title");
        let own = OwnPlan {
            outside_task: Some(self.task_id),
            plan_type: self.plan_type,
            reasoning: self.reasoning.clone(),
            metadata: object("/metadata", self.metadata)?,
        };
        let import = ImportPlan {
            plan_id: plan_id.clone(),
            title,
            goal: self.reasoning,
            source: PlanSource { format, content_hash: None, source_id },
            roles: Vec::new(),
            risks: Vec::new(),
            assigned_to: Some(agent_id.clone()),
            tasks,
            dependencies,
            report: None,
            metadata: own.metadata.clone(),
        };
        Ok((import, own))
    }

    /// One line for people: why it is done, else what it is.
    fn title(&self) -> Title {
        let (plan_type, task_id) = (self.plan_type.as_str(), &self.task_id);
        let why = self.reasoning.as_ref().and_then(|why| first_line(why.as_str()));
        why.unwrap_or_else(|| {
            Title::parse(&format!("{plan_type} for {task_id}")).expect("it is a title")
        })
    }
}

impl NewStep {
    fn waits_for(&self, pointer: &str) -> Result<Vec<Dependency>, Problem> {
        let before = self.step.checked_sub(1).filter(|before| *before > 0);
        let named = self.dependencies.clone().unwrap_or_else(|| before.into_iter().collect());
        let mut seen = BTreeSet::new();
        for (place, &other) in named.iter().enumerate() {
            if other == 0 || other >= self.step || !seen.insert(other) {
                let message = format!("step {} waits for earlier steps, each once", self.step);
                return Err(wrong(&format!("{pointer}/dependencies/{place}"), message));
            }
        }
        let (to, kind) = (step_id(self.step), DependencyType::FinishToStart);
        let tied = named.into_iter().map(|other| Dependency {
            from: step_id(other),
            to: to.clone(),
            kind,
            is_implied: false,
        });
        Ok(tied.collect())
    }

    fn task(self, pointer: &str) -> Result<TaskDefinition, Problem> {
        if self.estimated_duration.is_some_and(|minutes| minutes > MINUTES_MAX) {
            let message = format!("it is at most {MINUTES_MAX} minutes");
            return Err(wrong(&format!("{pointer}/estimated_duration"), message));
        }
        let by_action = || Title::parse(self.action.as_str()).expect("an action fits in a title");
        let title = first_line(self.description.as_str()).unwrap_or_else(by_action);
        Ok(TaskDefinition {
            description: Some(self.description),
            action: Some(self.action),
            params: object(&format!("{pointer}/metadata"), self.metadata)?,
            estimated_ms: self.estimated_duration.map(|minutes| u64::from(minutes) * MINUTE_MS),
            ..TaskDefinition::new(step_id(self.step), title)
        })
    }
}

/// An object of JSON, within the limits.
pub(super) fn object(
    pointer: &str,
    object: Option<Map<String, Value>>,
) -> Result<Option<Json>, Problem> {
    let json = object.map(|object| Json::from_value(&Value::Object(object))).transpose();
    json.map_err(|error| wrong(pointer, error.to_string()))
}
