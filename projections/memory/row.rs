//! The row of something remembered.

use super::id::{Holder, context_id};
use crate::{JsonText, Subject, Value};
use planexe_ax_domain::execution::{Memory, MemoryKey};
use planexe_ax_domain::{TaskId, Timestamp};
use std::sync::Arc;

crate::rows! {
    /// Something that an execution or an agent remembers.
    struct MemoryRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// Who remembers it: an execution by its id, an agent by `agent/` and its id.
        holder: Arc<str>,
        /// The task that it belongs to; empty: all of them.
        task_id: Arc<str>,
        /// What kind of thing it is: `research`, `decisions`, …
        context_type: Arc<str>,
        /// What it is called.
        context_key: Arc<str>,
        /// Its opaque id, which spells the key.
        context_id: Arc<str>,
        /// The execution, when one remembers it.
        execution_id: Option<Arc<str>>,
        /// The plan that the execution carries out.
        plan_id: Option<Arc<str>>,
        /// The agent that remembers it, or whose own plan the execution is.
        agent_id: Option<Arc<str>>,
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
        let holder = Holder::of(subject.stream)?;
        if let Some(agent) = subject.state.agent() {
            let row = Self::bare(subject, &holder, key, agent.remembered(key)?);
            return Some(Self { agent_id: Some(subject.id_cell()), ..row });
        }
        let execution = subject.state.execution()?;
        let row = Self::bare(subject, &holder, key, execution.remembered(key)?);
        let header = execution.header()?;
        let own_agent = execution.own_plan().and(header.agent_id.as_ref());
        Some(Self {
            execution_id: Some(subject.id_cell()),
            plan_id: Some(header.plan_id.as_str().into()),
            agent_id: own_agent.map(|agent_id| agent_id.as_str().into()),
            ..row
        })
    }

    fn bare(subject: &Subject<'_>, holder: &Holder, key: &MemoryKey, memory: &Memory) -> Self {
        let (task_id, context_type, context_key) = key;
        Self {
            workspace: subject.workspace_cell(),
            holder: holder.to_string().into(),
            task_id: task_id.as_ref().map_or("", TaskId::as_str).into(),
            context_type: context_type.as_str().into(),
            context_key: context_key.as_str().into(),
            context_id: context_id(holder, key).into(),
            execution_id: None,
            plan_id: None,
            agent_id: None,
            context_value: memory.value.as_str().into(),
            metadata: memory.metadata.as_ref().map(JsonText::from),
            set_at: memory.set_at,
            set_by: memory.set_by.to_string().into(),
        }
    }
}

/// The key of the row of what is remembered, as its cells hold it.
pub(super) fn row_key(subject: &Subject<'_>, key: &MemoryKey) -> Vec<Value> {
    let (task_id, context_type, context_key) = key;
    let holder = Holder::of(subject.stream).map(|holder| holder.to_string()).unwrap_or_default();
    let task_id = task_id.as_ref().map_or("", TaskId::as_str);
    let own = [&holder, task_id, context_type.as_str(), context_key.as_str()];
    let own = own.map(|cell| Value::Text(cell.into()));
    std::iter::once(Value::Text(subject.workspace_cell())).chain(own).collect()
}
