//! What executions remember: one row a thing.

mod id;
mod row;
#[cfg(test)]
mod tests;

pub use id::{context_id, read_context_id};
pub use row::MemoryRow;

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Window};
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::{Event, StreamKind};

const MEMORY: usize = 0;

/// What executions remember.
#[derive(Debug, Clone, Copy)]
pub struct MemoryWindow;

/// The tables of [`MemoryWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "memory",
    columns: MemoryRow::COLUMNS,
    key: 5,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "plan_id", "set_at", "execution_id"],
        &["workspace", "task_id", "set_at", "execution_id"],
        &["workspace", "context_type", "set_at", "execution_id"],
        &["workspace", "set_at", "execution_id"],
    ],
    search: &["context_key", "context_value"],
}];

impl Window for MemoryWindow {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        _subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Event::Record(event) = happened.event else { return Ok(()) };
        if let RecordEvent::ContextSet(e) = event {
            let key = (e.task_id.clone(), e.context_type.clone(), e.context_key.clone());
            changes.touch(MEMORY, Part::Memory(key));
        }
        if let RecordEvent::ContextRemoved(e) = event {
            let key = (e.task_id.clone(), e.context_type.clone(), e.context_key.clone());
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
        let execution = subject.state.execution();
        let memory = execution.into_iter().flat_map(|execution| execution.memory());
        memory.map(|(key, _)| Part::Memory(key.clone())).collect()
    }
}
