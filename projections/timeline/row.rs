//! The rows of an execution's leaves, made together from its schedule.

use crate::{Row, Subject};
use std::sync::Arc;

crate::rows! {
    /// When a leaf was meant to be done.
    struct TimelineRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// The leaf.
        task_id: Arc<str>,
        /// Its place in the plan's order.
        ordinal: u32,
        /// When it can start at the earliest, counted from the start of the execution.
        planned_start_ms: u64,
        /// How long it should take.
        planned_ms: u64,
        /// How much later it could start without making the whole later.
        slack_ms: u64,
        /// Whether the whole is late when it is.
        is_critical: bool,
    }
}

/// The rows of all leaves of an execution.
pub(super) fn rows(subject: &Subject<'_>) -> Vec<Row> {
    let Some(execution) = subject.state.execution() else { return Vec::new() };
    let (workspace, execution_id) = (subject.workspace_cell(), subject.id_cell());
    let rows = execution.schedule().into_iter().filter_map(|leaf| {
        let ordinal = execution.tree().find(&leaf.task_id)?.ordinal();
        let row = TimelineRow {
            workspace: Arc::clone(&workspace),
            execution_id: Arc::clone(&execution_id),
            task_id: leaf.task_id.as_str().into(),
            ordinal,
            planned_start_ms: leaf.starts_ms,
            planned_ms: leaf.estimated_ms,
            slack_ms: leaf.slack_ms,
            is_critical: leaf.slack_ms == 0,
        };
        Some(row.into_row())
    });
    rows.collect()
}
