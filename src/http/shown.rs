//! Executions, as the door shows them.

use super::schemas::{AnyObject, Id, Moment};
use crate::domain::execution::ExecutionStatus;
use crate::domain::{Event, State};
use crate::projections::JsonText;
use crate::projections::progress::ProgressRow;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// JSON that a window keeps as text.
pub(super) fn value_of(text: &JsonText) -> Value {
    serde_json::from_str(&text.0).unwrap_or_default()
}

/// An execution.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Execution)]
pub(super) struct ExecutionShown<'a> {
    #[schema(value_type = Id)]
    execution_id: &'a str,
    #[schema(value_type = Id)]
    plan_id: &'a str,
    /// The version of the plan's stream that the tasks were taken from.
    plan_version: u64,
    title: &'a str,
    goal: Option<&'a str>,
    #[schema(value_type = Status)]
    status: &'a str,
    /// Why it has that status.
    status_message: &'a str,
    /// The one agent that carries it out; null when any may.
    agent_id: Option<&'a str>,
    priority: &'a str,
    #[schema(value_type = Vec<String>)]
    labels: Value,
    #[schema(value_type = Option<AnyObject>)]
    parameters: Option<Value>,
    #[schema(value_type = AnyObject)]
    budget: Value,
    /// The rules in force.
    #[schema(value_type = AnyObject)]
    policy: Value,
    #[schema(value_type = Option<AnyObject>)]
    forked_from: Option<Value>,
    progress: ProgressShown<'a>,
    /// How many leaves have which status.
    #[schema(value_type = AnyObject)]
    counts: Value,
    blockers_open: u32,
    usage: UsageShown,
    #[schema(value_type = Moment)]
    created_at: String,
    started_at: Option<String>,
    paused_at: Option<String>,
    completed_at: Option<String>,
    version: u64,
    /// What a person could do to it now.
    #[schema(value_type = Vec<String>)]
    allowed_commands: Value,
}

/// How far an execution is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressShown<'a> {
    tasks_completed: u32,
    tasks_total: u32,
    percent: u8,
    current_task_id: Option<&'a str>,
    current_task_title: Option<&'a str>,
}

/// What work cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
struct UsageShown {
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: f64,
    duration_ms: u64,
}

/// The status of an execution.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum Status {
    Created,
    Queued,
    Running,
    Blocked,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl<'a> From<&'a ProgressRow> for ExecutionShown<'a> {
    fn from(row: &'a ProgressRow) -> Self {
        Self {
            execution_id: &row.execution_id,
            plan_id: &row.plan_id,
            plan_version: row.plan_version,
            title: &row.title,
            goal: row.goal.as_deref(),
            status: &row.status,
            status_message: &row.status_message,
            agent_id: row.agent_id.as_deref(),
            priority: &row.priority,
            labels: value_of(&row.labels),
            parameters: row.parameters.as_ref().map(value_of),
            budget: value_of(&row.budget),
            policy: value_of(&row.policy),
            forked_from: row.forked_from.as_ref().map(value_of),
            progress: ProgressShown {
                tasks_completed: row.tasks_completed,
                tasks_total: row.tasks_total,
                percent: row.percent,
                current_task_id: row.current_task_id.as_deref(),
                current_task_title: row.current_task_title.as_deref(),
            },
            counts: value_of(&row.counts),
            blockers_open: row.blockers_open,
            usage: UsageShown {
                input_tokens: row.input_tokens,
                output_tokens: row.output_tokens,
                cost_usd: dollars(row.cost_microusd),
                duration_ms: row.duration_ms,
            },
            created_at: row.created_at.to_string(),
            started_at: row.started_at.map(|at| at.to_string()),
            paused_at: row.paused_at.map(|at| at.to_string()),
            completed_at: row.completed_at.map(|at| at.to_string()),
            version: row.version,
            allowed_commands: value_of(&row.allowed_commands),
        }
    }
}

/// Money, as people write it; exact for the six digits that are kept.
fn dollars(microusd: u64) -> f64 {
    std::time::Duration::from_micros(microusd).as_secs_f64()
}

/// What a write is answered: the execution as it is afterwards.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExecutionAfter)]
pub(super) struct AfterShown {
    #[schema(value_type = Id)]
    execution_id: Value,
    #[schema(value_type = Id)]
    plan_id: Value,
    #[schema(value_type = String)]
    title: Value,
    #[schema(value_type = Status)]
    status: Option<&'static str>,
    #[schema(value_type = Option<Id>)]
    agent_id: Value,
    #[schema(value_type = String)]
    priority: Value,
    #[schema(value_type = Vec<String>)]
    labels: Value,
    #[schema(value_type = AnyObject)]
    policy: Value,
    #[schema(value_type = AnyObject)]
    progress: Value,
    #[schema(value_type = Moment)]
    created_at: String,
    #[schema(value_type = Vec<String>)]
    allowed_commands: Value,
}

/// The bytes of that answer.
pub(super) fn describe_execution(state: &State, _: &[Event]) -> Vec<u8> {
    let Some(execution) = state.execution() else { return Vec::new() };
    let Some(header) = execution.header() else { return Vec::new() };
    let progress = execution.progress();
    let shown = AfterShown {
        execution_id: json!(header.execution_id),
        plan_id: json!(header.plan_id),
        title: json!(header.title),
        status: execution.status().map(ExecutionStatus::as_str),
        agent_id: json!(header.agent_id),
        priority: json!(header.priority),
        labels: json!(header.labels),
        policy: json!(header.policy),
        progress: json!({
            "tasks_completed": progress.tasks_completed,
            "tasks_total": progress.tasks_total,
            "percent": progress.percent,
            "current_task_id": progress.current_task_id,
        }),
        created_at: header.created_at.to_string(),
        allowed_commands: json!(execution.allowed_commands()),
    };
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}
