//! The row of something remembered.

use super::id::context_id;
use crate::{JsonText, Subject, Value};
use planexe_ax_domain::execution::MemoryKey;
use planexe_ax_domain::{TaskId, Timestamp};
use std::sync::Arc;

crate::rows! {
    /// Something that an execution remembers.
    struct MemoryRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// The task that it belongs to; empty: the execution.
        task_id: Arc<str>,
        /// What kind of thing it is: `research`, `decisions`, …
        context_type: Arc<str>,
        /// What it is called.
        context_key: Arc<str>,
        /// Its opaque id, which spells the key.
        context_id: Arc<str>,
        /// The plan that the execution carries out.
        plan_id: Arc<str>,
        /// What it says.
        context_value: Arc<str>,
        /// What else is known of it.
        metadata: Option<JsonText>,
        /// When it was set.
        set_at: Timestamp,
        /// Who set it.
        set_by: Arc<str>,
    }
}

impl MemoryRow {
    /// The row of what is remembered under a key; none when nothing is.
    pub(super) fn of(subject: &Subject<'_>, key: &MemoryKey) -> Option<Self> {
        let execution = subject.state.execution()?;
        let memory = execution.remembered(key)?;
        let (task_id, context_type, context_key) = key;
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            task_id: task_id.as_ref().map_or("", TaskId::as_str).into(),
            context_type: context_type.as_str().into(),
            context_key: context_key.as_str().into(),
            context_id: context_id(subject.stream.id(), key).into(),
            plan_id: execution.header()?.plan_id.as_str().into(),
            context_value: memory.value.as_str().into(),
            metadata: memory.metadata.as_ref().map(JsonText::from),
            set_at: memory.set_at,
            set_by: memory.set_by.to_string().into(),
        })
    }
}

/// The key of the row of what is remembered, as its cells hold it.
pub(super) fn row_key(subject: &Subject<'_>, key: &MemoryKey) -> Vec<Value> {
    let (task_id, context_type, context_key) = key;
    let task_id = task_id.as_ref().map_or("", TaskId::as_str);
    let own = [task_id, context_type.as_str(), context_key.as_str()];
    let mut cells = subject.key();
    cells.extend(own.map(|cell| Value::Text(cell.into())));
    cells
}
