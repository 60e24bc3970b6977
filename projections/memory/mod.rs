//! What executions and agents remember: one row a thing.

mod id;
mod row;
#[cfg(test)]
mod tests;

pub use id::{Holder, context_id, read_context_id};
pub use row::MemoryRow;

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Window};
use planexe_ax_domain::event::agent::AgentEvent;
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::execution::MemoryKey;
use planexe_ax_domain::{Event, StreamKind};

const MEMORY: usize = 0;

/// What executions and agents remember.
#[derive(Debug, Clone, Copy)]
pub struct MemoryWindow;

/// The tables of [`MemoryWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "memory",
    columns: MemoryRow::COLUMNS,
    key: 5,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "plan_id", "set_at", "holder"],
        &["workspace", "task_id", "set_at", "holder"],
        &["workspace", "agent_id", "set_at", "holder"],
        &["workspace", "context_type", "set_at", "holder"],
        &["workspace", "set_at", "holder"],
    ],
    search: &["context_key", "context_value"],
}];

impl Window for MemoryWindow {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn version(&self) -> u16 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution, StreamKind::Agent]
    }

    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if let Event::Record(RecordEvent::OwnPlanDeleted(_)) = happened.event {
            for part in self.parts(MEMORY, subject) {
                changes.touch(MEMORY, part);
            }
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if let Event::Lifecycle(LifecycleEvent::ExecutionReassigned(_)) = happened.event {
            for part in self.parts(MEMORY, subject) {
                changes.touch(MEMORY, part);
            }
        }
        if let Some(key) = key_in(happened.event) {
            changes.touch(MEMORY, Part::Memory(key));
        }
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, part: &Part) -> Shape {
        let key = match part {
            Part::Memory(key) => key,
            Part::Whole | Part::Task(_) | Part::Named(_) => return Shape::Gone(subject.key()),
        };
        let row = MemoryRow::of(subject, key);
        row.map_or_else(
            || Shape::Gone(row::row_key(subject, key)),
            |row| Shape::There(row.into_row()),
        )
    }

    fn parts(&self, _table: usize, subject: &Subject<'_>) -> Vec<Part> {
        let execution = subject.state.execution().into_iter().flat_map(|it| it.memory());
        let agent = subject.state.agent().into_iter().flat_map(|it| it.memory());
        execution.chain(agent).map(|(key, _)| Part::Memory(key.clone())).collect()
    }
}

/// What an event sets or takes out.
fn key_in(event: &Event) -> Option<MemoryKey> {
    let (task_id, kind, key) = match event {
        Event::Record(RecordEvent::ContextSet(e)) => (&e.task_id, &e.context_type, &e.context_key),
        Event::Record(RecordEvent::ContextRemoved(e)) => {
            (&e.task_id, &e.context_type, &e.context_key)
        }
        Event::Agent(AgentEvent::AgentContextSet(e)) => {
            (&e.task_id, &e.context_type, &e.context_key)
        }
        Event::Agent(AgentEvent::AgentContextRemoved(e)) => {
            (&e.task_id, &e.context_type, &e.context_key)
        }
        Event::Record(_)
        | Event::Agent(_)
        | Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Plan(_)
        | Event::Workspace(_) => return None,
    };
    Some((task_id.clone(), kind.clone(), key.clone()))
}
