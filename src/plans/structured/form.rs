//! The structured form of a plan, as it is sent: phases, their tasks, and the parts of those.

use planexe_ax_domain::event::plan::Risk;
use planexe_ax_domain::{
    ActionName, AgentId, Backoff, Dependency, DependencyType, PlanId, Priority, RetryPolicy,
    TaskId, Text, Title,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest time that can be named: a hundred years.
const LASTING_MS_MAX: u64 = 100 * 366 * 24 * 3_600_000;

/// A plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanForm {
    pub(super) plan_id: Option<PlanId>,
    pub(super) goal: Option<Text>,
    pub(super) title: Option<Title>,
    pub(super) assigned_to: Option<AgentId>,
    pub(super) phase_count: Option<usize>,
    pub(super) phases: Vec<PhaseForm>,
    #[serde(default)]
    pub(super) dependencies: Vec<ListedForm>,
    #[serde(default)]
    pub(super) roles_required: Vec<Title>,
    #[serde(default)]
    pub(super) risks: Vec<Risk>,
    pub(super) metadata: Option<Map<String, Value>>,
}

/// A phase of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseForm {
    pub(super) phase_id: TaskId,
    #[serde(alias = "title")]
    pub(super) name: Title,
    pub(super) description: Option<Text>,
    pub(super) duration_weeks: Option<Weeks>,
    pub(super) assignee_role: Option<Title>,
    pub(super) agent_id: Option<AgentId>,
    #[serde(default)]
    pub(super) priority: Priority,
    pub(super) approval: Option<Title>,
    pub(super) action: Option<ActionName>,
    pub(super) params: Option<Map<String, Value>>,
    pub(super) timeout_hours: Option<Hours>,
    pub(super) retry_policy: Option<RetryForm>,
    #[serde(default)]
    pub(super) success_criteria: Vec<Text>,
    #[serde(default)]
    pub(super) tasks: Vec<TaskForm>,
}

/// A task of a phase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskForm {
    pub(super) task_id: TaskId,
    #[serde(alias = "name")]
    pub(super) title: Title,
    pub(super) description: Option<Text>,
    pub(super) assignee_role: Option<Title>,
    pub(super) agent_id: Option<AgentId>,
    #[serde(default)]
    pub(super) prerequisites: Vec<TaskId>,
    pub(super) estimated_hours: Option<Hours>,
    #[serde(default)]
    pub(super) priority: Priority,
    pub(super) approval: Option<Title>,
    pub(super) action: Option<ActionName>,
    pub(super) params: Option<Map<String, Value>>,
    pub(super) timeout_hours: Option<Hours>,
    pub(super) retry_policy: Option<RetryForm>,
    #[serde(default)]
    pub(super) success_criteria: Vec<Text>,
    #[serde(default)]
    pub(super) subtasks: Vec<SubtaskForm>,
}

/// A part of a task; `dependencies` is what the documents' decompositions call `depends_on`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubtaskForm {
    pub(super) subtask_id: TaskId,
    pub(super) title: Option<Title>,
    pub(super) description: Option<Text>,
    pub(super) assignee_role: Option<Title>,
    pub(super) agent_id: Option<AgentId>,
    pub(super) estimated_hours: Option<Hours>,
    pub(super) priority: Option<Priority>,
    pub(super) approval: Option<Title>,
    pub(super) action: Option<ActionName>,
    pub(super) params: Option<Map<String, Value>>,
    pub(super) timeout_hours: Option<Hours>,
    pub(super) retry_policy: Option<RetryForm>,
    #[serde(default)]
    pub(super) depends_on: Vec<TaskId>,
    #[serde(default)]
    pub(super) dependencies: Vec<TaskId>,
    #[serde(default)]
    pub(super) success_criteria: Vec<Text>,
    #[serde(default)]
    pub(super) subtasks: Vec<SubtaskForm>,
}

/// One task waits for another, as the list of a plan has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedForm {
    pub(super) from: TaskId,
    pub(super) to: TaskId,
    #[serde(default, rename = "type")]
    pub(super) kind: DependencyType,
    #[serde(default)]
    pub(super) is_implied: bool,
}

/// One task waits for another, as an amendment names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependencyForm {
    from: TaskId,
    to: TaskId,
    #[serde(default, rename = "type")]
    kind: DependencyType,
}

impl DependencyForm {
    /// The dependency.
    pub fn dependency(self) -> Dependency {
        Dependency { from: self.from, to: self.to, kind: self.kind, is_implied: false }
    }
}

/// How often a part is tried; what it does not say is as usual.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryForm {
    max_attempts: Option<u32>,
    backoff: Option<Backoff>,
    backoff_seconds: Option<Seconds>,
}

impl RetryForm {
    /// The policy.
    pub fn policy(&self) -> RetryPolicy {
        let usual = RetryPolicy::default();
        RetryPolicy {
            attempts_max: self.max_attempts.unwrap_or(usual.attempts_max),
            backoff: self.backoff.unwrap_or(usual.backoff),
            backoff_ms: self.backoff_seconds.map_or(usual.backoff_ms, |lasting| lasting.ms),
        }
    }
}

type Seconds = Lasting<1>;
/// How long something lasts, told in hours.
pub type Hours = Lasting<3_600>;
type Weeks = Lasting<604_800>;

/// How long something lasts, told in a unit of so many seconds.
#[derive(Debug, Clone, Copy)]
pub struct Lasting<const UNIT_SECONDS: u32> {
    /// The time.
    pub ms: u64,
}

impl<'de, const UNIT_SECONDS: u32> Deserialize<'de> for Lasting<UNIT_SECONDS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = lasting_ms(f64::deserialize(deserializer)?, UNIT_SECONDS);
        let ms = ms.ok_or_else(|| D::Error::custom("this lasts from 0 to a hundred years"))?;
        Ok(Self { ms })
    }
}

/// So many units as milliseconds, to the nearest; none beyond a hundred years, or below nothing.
pub(crate) fn lasting_ms(count: f64, unit_seconds: u32) -> Option<u64> {
    const HALF: Duration = Duration::from_micros(500);
    let lasting = Duration::try_from_secs_f64(count * f64::from(unit_seconds)).ok()?;
    let ms = u64::try_from(lasting.checked_add(HALF)?.as_millis()).ok()?;
    (ms <= LASTING_MS_MAX).then_some(ms)
}
