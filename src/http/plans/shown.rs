//! Plans and their tasks, as the door shows them.

use crate::domain::event::plan::PlanEvent;
use crate::domain::plan::Plan;
use crate::domain::{Event, Json, RetryPolicy, State, TaskId, TaskKind};
use crate::http::schemas::{Any, AnyObject};
use crate::projections::plans::{PlanRow, PlanTaskRow};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use utoipa::ToSchema;

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(super) struct PlanShown<'a> {
    plan_id: &'a str,
    title: Option<&'a str>,
    goal: Option<&'a str>,
    status: &'a str,
    assigned_to: Option<&'a str>,
    source: Source<'a>,
    #[schema(value_type = Vec<Any>)]
    roles_required: Value,
    #[schema(value_type = Vec<Any>)]
    risks: Value,
    #[schema(value_type = Option<Any>)]
    metadata: Option<Value>,
    phase_count: u64,
    /// All nodes of the tree: phases, tasks and subtasks.
    task_count: u64,
    leaf_count: u64,
    pending_reviews: u64,
    created_at: String,
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AnyObject>)]
    import_report: Option<&'a Json>,
    /// What became of its tasks without parts, where an import breaks them down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AnyObject>)]
    decomposition: Option<Value>,
}

/// Where a plan came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanSource)]
struct Source<'a> {
    format: Option<&'a str>,
    content_hash: Option<&'a str>,
    source_id: Option<&'a str>,
}

impl<'a> From<&'a PlanRow> for PlanShown<'a> {
    fn from(row: &'a PlanRow) -> Self {
        Self {
            plan_id: &row.plan_id,
            title: row.title.as_deref(),
            goal: row.goal.as_deref(),
            status: &row.status,
            assigned_to: row.assigned_to.as_deref(),
            source: Source {
                format: row.source_format.as_deref(),
                content_hash: row.content_hash.as_deref(),
                source_id: row.source_id.as_deref(),
            },
            roles_required: value_of(&row.roles.0),
            risks: value_of(&row.risks.0),
            metadata: row.metadata.as_ref().map(|metadata| value_of(&metadata.0)),
            phase_count: row.phases_total,
            task_count: row.tasks_total,
            leaf_count: row.leaves_total,
            pending_reviews: row.pending_reviews,
            created_at: row.created_at.to_string(),
            created_by: row.created_by.to_string(),
            version: Some(row.version),
            import_report: None,
            decomposition: None,
        }
    }
}

impl<'a> PlanShown<'a> {
    /// The plan as it is after a write; none before it is imported.
    fn of(plan: &'a Plan, events: &'a [Event]) -> Option<Self> {
        let (created_at, created_by) = plan.imported()?;
        let source = plan.source();
        let hash = source.and_then(|source| source.content_hash.as_ref());
        let source_id = source.and_then(|source| source.source_id.as_ref());
        let parents: BTreeSet<&TaskId> =
            plan.tasks().filter_map(|task| task.parent_id.as_ref()).collect();
        Some(Self {
            plan_id: plan.plan_id()?.as_str(),
            title: plan.title().map(|title| title.as_str()),
            goal: plan.goal().map(|goal| goal.as_str()),
            status: plan.status(),
            assigned_to: plan.assigned_to().map(|agent_id| agent_id.as_str()),
            source: Source {
                format: source.map(|source| source.format.as_str()),
                content_hash: hash.map(|hash| hash.as_str()),
                source_id: source_id.map(|source_id| source_id.as_str()),
            },
            roles_required: json!(plan.roles()),
            risks: json!(plan.risks()),
            metadata: plan.metadata().map(|metadata| value_of(metadata.as_str())),
            phase_count: total(plan.tasks().filter(|task| task.kind == TaskKind::Phase)),
            task_count: total(plan.tasks()),
            leaf_count: total(plan.tasks().filter(|task| !parents.contains(&task.task_id))),
            pending_reviews: total(plan.pending_reviews()),
            created_at: created_at.to_string(),
            created_by: created_by.to_string(),
            version: None,
            import_report: events.iter().find_map(report_of),
            decomposition: None,
        })
    }
}

fn report_of(event: &Event) -> Option<&Json> {
    let Event::Plan(PlanEvent::PlanImported(imported)) = event else { return None };
    imported.report.as_ref()
}

/// What an import is answered: the plan as it is afterwards.
pub(super) fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let shown = state.plan().and_then(|plan| PlanShown::of(plan, events));
    shown.map_or_else(Vec::new, |shown| bytes(&shown))
}

/// What a deletion is answered: there is nothing more to say of the plan.
pub(super) fn describe_deleted(state: &State, _: &[Event]) -> Vec<u8> {
    let plan = state.plan();
    plan.map_or_else(Vec::new, |plan| {
        bytes(&json!({"plan_id": plan.plan_id(), "status": plan.status()}))
    })
}

fn bytes(shown: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shown).expect("texts and numbers always become JSON")
}

/// A phase, task or subtask of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanTask)]
pub(super) struct TaskShown<'a> {
    task_id: &'a str,
    parent_task_id: Option<&'a str>,
    /// Its place in the plan's order; parents come before their parts.
    ordinal: u32,
    kind: &'a str,
    title: &'a str,
    description: Option<&'a str>,
    is_leaf: bool,
    action: Option<&'a str>,
    #[schema(value_type = Option<Any>)]
    params: Option<Value>,
    assignee_role: Option<&'a str>,
    agent_id: Option<&'a str>,
    priority: &'a str,
    estimated_hours: Option<f64>,
    timeout_hours: Option<f64>,
    #[schema(value_type = Option<Any>)]
    retry_policy: Option<Value>,
    #[schema(value_type = Vec<Any>)]
    success_criteria: Value,
    approval: Option<&'a str>,
    /// What it waits for, each with the type of the dependency.
    #[schema(value_type = Vec<Any>)]
    waits_for: Value,
    decomposition_confidence: Option<f64>,
    #[schema(value_type = Option<Any>)]
    decomposed_by: Option<Value>,
    /// What a person says of its parts: `not_needed`, `pending`, `approved` or `rejected`.
    review: Option<&'a str>,
    /// What was said when it was broken down, and what a person should look at.
    decomposition_notes: Option<&'a str>,
}

impl<'a> From<&'a PlanTaskRow> for TaskShown<'a> {
    fn from(row: &'a PlanTaskRow) -> Self {
        let confidence = row.confidence_permille.map(f64::from);
        Self {
            task_id: &row.task_id,
            parent_task_id: row.parent_task_id.as_deref(),
            ordinal: row.ordinal,
            kind: &row.kind,
            title: &row.title,
            description: row.description.as_deref(),
            is_leaf: row.is_leaf,
            action: row.action.as_deref(),
            params: row.params.as_ref().map(|params| value_of(&params.0)),
            assignee_role: row.role.as_deref(),
            agent_id: row.agent_id.as_deref(),
            priority: &row.priority,
            estimated_hours: row.estimated_ms.map(hours),
            timeout_hours: row.timeout_ms.map(hours),
            retry_policy: row.retry.as_ref().and_then(|retry| read_retry(&retry.0)),
            success_criteria: value_of(&row.success_criteria.0),
            approval: row.approval.as_deref(),
            waits_for: row.waits_for.as_ref().map_or_else(|| json!([]), |it| value_of(&it.0)),
            decomposition_confidence: confidence.map(|permille| permille / 1_000.0),
            decomposed_by: row.decomposed_by.as_ref().map(|source| value_of(&source.0)),
            review: row.review.as_deref(),
            decomposition_notes: row.decomposition_notes.as_deref(),
        }
    }
}

fn read_retry(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok().map(retry_policy)
}

/// A retry policy in the words of the form.
pub(in crate::http) fn retry_policy(policy: RetryPolicy) -> Value {
    let seconds = Duration::from_millis(policy.backoff_ms).as_secs_f64();
    json!({
        "max_attempts": policy.attempts_max,
        "backoff": policy.backoff,
        "backoff_seconds": seconds,
    })
}

pub(in crate::http) fn hours(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64() / 3_600.0
}

fn total<T>(things: impl Iterator<Item = T>) -> u64 {
    u64::try_from(things.count()).unwrap_or(u64::MAX)
}

pub(in crate::http) fn value_of(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
