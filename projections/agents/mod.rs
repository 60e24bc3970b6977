//! Every agent: one row an agent.

mod row;
#[cfg(test)]
mod tests;

pub use row::AgentRow;

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Window};
use planexe_ax_domain::StreamKind;

const AGENTS: usize = 0;

/// Every agent.
#[derive(Debug, Clone, Copy)]
pub struct AgentsWindow;

/// The tables of [`AgentsWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "agent",
    columns: AgentRow::COLUMNS,
    key: 2,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "status", "registered_at", "agent_id"],
        &["workspace", "registered_at", "agent_id"],
    ],
    search: &[],
}];

impl Window for AgentsWindow {
    fn name(&self) -> &'static str {
        "agents"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Agent]
    }

    fn after(
        &self,
        _happened: &Happened<'_>,
        _subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        changes.touch(AGENTS, Part::Whole);
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, _part: &Part) -> Shape {
        let row = AgentRow::of(subject);
        row.map_or_else(|| Shape::Gone(subject.key()), |row| Shape::There(row.into_row()))
    }

    fn parts(&self, _table: usize, _subject: &Subject<'_>) -> Vec<Part> {
        vec![Part::Whole]
    }
}
