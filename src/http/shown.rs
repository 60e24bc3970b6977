//! Executions, as the door shows them.

use crate::domain::{Event, State};
use crate::projections::JsonText;
use crate::projections::progress::ProgressRow;
use serde_json::{Value, json};

/// JSON that a window keeps as text.
pub(super) fn value_of(text: &JsonText) -> Value {
    serde_json::from_str(&text.0).unwrap_or_default()
}

/// An execution, from its window.
pub(super) fn execution_shown(row: &ProgressRow) -> Value {
    json!({
        "execution_id": row.execution_id,
        "plan_id": row.plan_id,
        "plan_version": row.plan_version,
        "title": row.title,
        "goal": row.goal,
        "status": row.status,
        "status_message": row.status_message,
        "agent_id": row.agent_id,
        "priority": row.priority,
        "labels": value_of(&row.labels),
        "parameters": row.parameters.as_ref().map(value_of),
        "budget": value_of(&row.budget),
        "policy": value_of(&row.policy),
        "forked_from": row.forked_from.as_ref().map(value_of),
        "progress": {
            "tasks_completed": row.tasks_completed,
            "tasks_total": row.tasks_total,
            "percent": row.percent,
            "current_task_id": row.current_task_id,
            "current_task_title": row.current_task_title,
        },
        "counts": value_of(&row.counts),
        "blockers_open": row.blockers_open,
        "usage": {
            "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens,
            "cost_usd": dollars(row.cost_microusd),
            "duration_ms": row.duration_ms,
        },
        "created_at": row.created_at.to_string(),
        "started_at": row.started_at.map(|at| at.to_string()),
        "paused_at": row.paused_at.map(|at| at.to_string()),
        "completed_at": row.completed_at.map(|at| at.to_string()),
        "version": row.version,
        "allowed_commands": value_of(&row.allowed_commands),
    })
}

/// Money, as people write it; exact for the six digits that are kept.
fn dollars(microusd: u64) -> f64 {
    std::time::Duration::from_micros(microusd).as_secs_f64()
}

/// What a write is answered: the execution as it is afterwards.
pub(super) fn describe_execution(state: &State, _: &[Event]) -> Vec<u8> {
    let Some(execution) = state.execution() else { return Vec::new() };
    let Some(header) = execution.header() else { return Vec::new() };
    let progress = execution.progress();
    let shown = json!({
        "execution_id": header.execution_id,
        "plan_id": header.plan_id,
        "title": header.title,
        "status": execution.status().map(|status| status.as_str()),
        "agent_id": header.agent_id,
        "priority": header.priority,
        "labels": header.labels,
        "policy": header.policy,
        "progress": {
            "tasks_completed": progress.tasks_completed,
            "tasks_total": progress.tasks_total,
            "percent": progress.percent,
            "current_task_id": progress.current_task_id,
        },
        "created_at": header.created_at.to_string(),
        "allowed_commands": execution.allowed_commands(),
    });
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}
