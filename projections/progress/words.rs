//! What the status of an execution means, in a sentence.

use planexe_ax_domain::Text;
use planexe_ax_domain::execution::{Execution, Phase};

/// Why the execution has its status.
pub fn message(execution: &Execution) -> String {
    let because = |reason: &Option<Text>| {
        reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"))
    };
    match execution.phase() {
        Phase::Created => "Made, not started yet".to_owned(),
        Phase::Queued { .. } => "Waits for an agent".to_owned(),
        Phase::Running => running(execution),
        Phase::Blocked { .. } => blocked(execution),
        Phase::Paused { by, reason, .. } => format!("Paused by {}{}", by.id(), because(reason)),
        Phase::Completed => "Every task is complete or skipped".to_owned(),
        Phase::Failed { task_id: Some(task_id), reason } => {
            format!("Failed at {task_id}: {reason}")
        }
        Phase::Failed { task_id: None, reason } => format!("Failed: {reason}"),
        Phase::Cancelled { by, reason, .. } => {
            format!("Cancelled by {}{}", by.id(), because(reason))
        }
    }
}

fn running(execution: &Execution) -> String {
    let progress = execution.progress();
    let at_work = execution.tree().held().count();
    let done = format!("{} of {} tasks done", progress.tasks_completed, progress.tasks_total);
    match (at_work, execution.blockers().count()) {
        (0, 0) => format!("{done}, none at work"),
        (0, blocked) => format!("{done}, none at work, {blocked} blocked"),
        (at_work, 0) => format!("{done}, {at_work} at work"),
        (at_work, blocked) => format!("{done}, {at_work} at work, {blocked} blocked"),
    }
}

fn blocked(execution: &Execution) -> String {
    let mut blockers = execution.blockers();
    let first = blockers.next().map(|blocker| blocker.message.to_string()).unwrap_or_default();
    match blockers.count() {
        0 => format!("Blocked: {first}"),
        others => format!("Blocked: {first} (and {others} more)"),
    }
}
