//! Plans that agents brought and carry out themselves: one row a plan, until it is deleted.

mod row;
mod steps;
#[cfg(test)]
mod tests;

pub use row::AgentPlanRow;
pub use steps::{Step, steps_of};

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Window};
use planexe_ax_domain::StreamKind;

const PLANS: usize = 0;

/// Plans that agents brought.
#[derive(Debug, Clone, Copy)]
pub struct AgentPlansWindow;

/// The tables of [`AgentPlansWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "agent_plan",
    columns: AgentPlanRow::COLUMNS,
    key: 2,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "created_at", "plan_id"],
        &["workspace", "agent_id", "created_at", "plan_id"],
        &["workspace", "task_id", "created_at", "plan_id"],
        &["workspace", "plan_type", "created_at", "plan_id"],
        &["workspace", "status", "created_at", "plan_id"],
    ],
    search: &[],
}];

impl Window for AgentPlansWindow {
    fn name(&self) -> &'static str {
        "agent_plans"
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    fn after(
        &self,
        _happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let execution = subject.state.execution();
        if execution.is_some_and(|it| it.own_plan().is_some() || it.is_own_plan_deleted()) {
            changes.touch(PLANS, Part::Whole);
        }
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, _part: &Part) -> Shape {
        let row = AgentPlanRow::of(subject);
        row.map_or_else(|| Shape::Gone(subject.key()), |row| Shape::There(row.into_row()))
    }

    fn parts(&self, _table: usize, _subject: &Subject<'_>) -> Vec<Part> {
        vec![Part::Whole]
    }
}
