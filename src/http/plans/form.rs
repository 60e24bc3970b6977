//! The structured form of a plan, as it is sent: phases, their tasks, and the parts of those.

use crate::domain::event::plan::Risk;
use crate::domain::{
    ActionName, AgentId, Backoff, Dependency, DependencyType, PlanId, Priority, RetryPolicy,
    TaskId, Text, Title,
};
use crate::http::schemas::{self, AnyObject, Id};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;

/// The longest time that can be named: a hundred years.
const LASTING_MS_MAX: u64 = 100 * 366 * 24 * 3_600_000;

/// A plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PlanForm {
    #[schema(value_type = Option<Id>)]
    pub(super) plan_id: Option<PlanId>,
    #[schema(value_type = String)]
    pub(super) goal: Text,
    #[schema(value_type = Option<String>)]
    pub(super) title: Option<Title>,
    #[schema(value_type = Option<Id>)]
    pub(super) assigned_to: Option<AgentId>,
    pub(super) phase_count: Option<usize>,
    pub(super) phases: Vec<PhaseForm>,
    #[serde(default)]
    pub(super) dependencies: Vec<DependencyForm>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub(super) roles_required: Vec<Title>,
    #[serde(default)]
    #[schema(value_type = Vec<AnyObject>)]
    pub(super) risks: Vec<Risk>,
    #[schema(value_type = Option<AnyObject>)]
    pub(super) metadata: Option<Map<String, Value>>,
}

/// A phase of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseForm {
    #[schema(value_type = Id)]
    pub(super) phase_id: TaskId,
    #[serde(alias = "title")]
    #[schema(value_type = String)]
    pub(super) name: Title,
    #[schema(value_type = Option<f64>, minimum = 0)]
    pub(super) duration_weeks: Option<Weeks>,
    pub(super) tasks: Vec<TaskForm>,
}

/// A task of a phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskForm {
    #[schema(value_type = Id)]
    pub(super) task_id: TaskId,
    #[serde(alias = "name")]
    #[schema(value_type = String)]
    pub(super) title: Title,
    #[schema(value_type = Option<String>)]
    pub(super) description: Option<Text>,
    #[schema(value_type = Option<String>)]
    pub(super) assignee_role: Option<Title>,
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    pub(super) prerequisites: Vec<TaskId>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    pub(super) estimated_hours: Option<Hours>,
    #[serde(default)]
    #[schema(value_type = schemas::Priority)]
    pub(super) priority: Priority,
    #[serde(default)]
    pub(super) subtasks: Vec<SubtaskForm>,
}

/// A part of a task; `dependencies` is what the documents' decompositions call `depends_on`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SubtaskForm {
    #[schema(value_type = Id)]
    pub(super) subtask_id: TaskId,
    #[schema(value_type = Option<String>)]
    pub(super) title: Option<Title>,
    #[schema(value_type = Option<String>)]
    pub(super) description: Option<Text>,
    #[schema(value_type = String)]
    pub(super) action: ActionName,
    #[schema(value_type = Option<AnyObject>)]
    pub(super) params: Option<Map<String, Value>>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    pub(super) timeout_hours: Option<Hours>,
    pub(super) retry_policy: Option<RetryForm>,
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    pub(super) depends_on: Vec<TaskId>,
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    pub(super) dependencies: Vec<TaskId>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub(super) success_criteria: Vec<Text>,
}

/// One task waits for another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct DependencyForm {
    #[schema(value_type = Id)]
    pub(super) from: TaskId,
    #[schema(value_type = Id)]
    pub(super) to: TaskId,
    #[serde(default, rename = "type")]
    #[schema(value_type = DependencyWord)]
    pub(super) kind: DependencyType,
}

impl DependencyForm {
    pub(in crate::http) fn dependency(self) -> Dependency {
        Dependency { from: self.from, to: self.to, kind: self.kind, is_implied: false }
    }
}

/// How two tasks depend on each other.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum DependencyWord {
    FinishToStart,
    StartToStart,
    FinishToFinish,
    StartToFinish,
}

/// How the time between two tries grows.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum BackoffWord {
    Fixed,
    Exponential,
}

/// How often a part is tried; what it does not say is as usual.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RetryForm {
    max_attempts: Option<u32>,
    #[schema(value_type = Option<BackoffWord>)]
    backoff: Option<Backoff>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    backoff_seconds: Option<Seconds>,
}

impl RetryForm {
    pub(in crate::http) fn policy(&self) -> RetryPolicy {
        let usual = RetryPolicy::default();
        RetryPolicy {
            attempts_max: self.max_attempts.unwrap_or(usual.attempts_max),
            backoff: self.backoff.unwrap_or(usual.backoff),
            backoff_ms: self.backoff_seconds.map_or(usual.backoff_ms, |lasting| lasting.ms),
        }
    }
}

pub(super) type Seconds = Lasting<1>;
pub(in crate::http) type Hours = Lasting<3_600>;
pub(super) type Weeks = Lasting<604_800>;

/// How long something lasts, told in a unit of so many seconds.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Lasting<const UNIT_SECONDS: u32> {
    pub(in crate::http) ms: u64,
}

impl<'de, const UNIT_SECONDS: u32> Deserialize<'de> for Lasting<UNIT_SECONDS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)? * f64::from(UNIT_SECONDS);
        let lasting = Duration::try_from_secs_f64(seconds).ok();
        let ms = lasting.and_then(|lasting| u64::try_from(lasting.as_millis()).ok());
        let ms = ms.filter(|&ms| ms <= LASTING_MS_MAX);
        let ms = ms.ok_or_else(|| D::Error::custom("this lasts from 0 to a hundred years"))?;
        Ok(Self { ms })
    }
}
