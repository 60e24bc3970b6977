//! Every plan: one row a plan, and one for each of its tasks.

mod row;
mod task_row;
#[cfg(test)]
mod tests;

pub use row::PlanRow;
pub use task_row::PlanTaskRow;

use crate::{Changes, FoldError, Happened, Mode, Part, Row, Shape, Subject, Table, Value, Window};
use planexe_ax_domain::event::plan::PlanEvent;
use planexe_ax_domain::plan::Plan;
use planexe_ax_domain::{Event, StreamKind, TaskId};
use std::collections::BTreeSet;
use std::slice::from_ref;

const PLANS: usize = 0;
const TASKS: usize = 1;

/// Every plan.
#[derive(Debug, Clone, Copy)]
pub struct PlansWindow;

/// The tables of [`PlansWindow`].
pub const TABLES: &[Table] = &[
    Table {
        name: "plan",
        columns: PlanRow::COLUMNS,
        key: 2,
        mode: Mode::Replace,
        indexes: &[
            &["workspace", "created_at", "plan_id"],
            &["workspace", "status", "created_at", "plan_id"],
            &["workspace", "assigned_to", "created_at", "plan_id"],
            &["workspace", "content_hash"],
        ],
        search: &["title", "goal"],
    },
    Table {
        name: "plan_task",
        columns: PlanTaskRow::COLUMNS,
        key: 3,
        mode: Mode::Replace,
        indexes: &[
            &["workspace", "plan_id", "ordinal"],
            &["workspace", "review", "plan_id", "task_id"],
        ],
        search: &[],
    },
];

impl Window for PlansWindow {
    fn name(&self) -> &'static str {
        "plans"
    }

    fn version(&self) -> u16 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Plan]
    }

    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let (Event::Plan(event), Some(plan)) = (happened.event, subject.state.plan()) else {
            return Ok(());
        };
        for task_id in leaving(event, plan) {
            let mut key = subject.key();
            key.push(Value::Text(task_id.as_str().into()));
            changes.remove(TASKS, key);
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        _subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Event::Plan(event) = happened.event else { return Ok(()) };
        changes.touch(PLANS, Part::Whole);
        match event {
            PlanEvent::PlanTasksAdded(_)
            | PlanEvent::PlanDependenciesAdded(_)
            | PlanEvent::PlanAmended(_)
            | PlanEvent::PlanTaskDecomposed(_)
            | PlanEvent::PlanDecompositionReviewed(_)
            | PlanEvent::PlanDeleted(_) => changes.touch_all(TASKS),
            PlanEvent::PlanImported(_)
            | PlanEvent::PlanGenerationAsked(_)
            | PlanEvent::PlanGenerationStarted(_)
            | PlanEvent::PlanGenerationProgressed(_)
            | PlanEvent::PlanGenerationFailed(_)
            | PlanEvent::PlanGenerationCancelled(_)
            | PlanEvent::PlanGenerationStopped(_)
            | PlanEvent::PlanGenerationRetried(_)
            | PlanEvent::PlanAssigned(_)
            | PlanEvent::PlanArchived(_) => {}
        }
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, _part: &Part) -> Shape {
        let row = PlanRow::of(subject);
        row.map_or_else(|| Shape::Gone(subject.key()), |row| Shape::There(row.into_row()))
    }

    fn parts(&self, table: usize, _subject: &Subject<'_>) -> Vec<Part> {
        if table == PLANS { vec![Part::Whole] } else { Vec::new() }
    }

    fn rows_of_all(&self, table: usize, subject: &Subject<'_>) -> Vec<Row> {
        if table == TASKS {
            return task_row::rows(subject);
        }
        PlanRow::of(subject).into_iter().map(PlanRow::into_row).collect()
    }
}

/// The tasks that an event may take away.
fn leaving(event: &PlanEvent, plan: &Plan) -> BTreeSet<TaskId> {
    match event {
        PlanEvent::PlanAmended(event) => plan.branches(&event.removed),
        PlanEvent::PlanTaskDecomposed(event) => plan.branches(from_ref(&event.task_id)),
        PlanEvent::PlanDecompositionReviewed(event) if !event.is_approved => {
            plan.branches(from_ref(&event.task_id))
        }
        PlanEvent::PlanDeleted(_) => plan.tasks().map(|task| task.task_id.clone()).collect(),
        PlanEvent::PlanImported(_)
        | PlanEvent::PlanGenerationAsked(_)
        | PlanEvent::PlanGenerationStarted(_)
        | PlanEvent::PlanGenerationProgressed(_)
        | PlanEvent::PlanGenerationFailed(_)
        | PlanEvent::PlanGenerationCancelled(_)
        | PlanEvent::PlanGenerationStopped(_)
        | PlanEvent::PlanGenerationRetried(_)
        | PlanEvent::PlanTasksAdded(_)
        | PlanEvent::PlanDependenciesAdded(_)
        | PlanEvent::PlanDecompositionReviewed(_)
        | PlanEvent::PlanAssigned(_)
        | PlanEvent::PlanArchived(_) => BTreeSet::new(),
    }
}
