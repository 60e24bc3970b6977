//! When each leaf was meant to be done: one row a leaf, from estimates and dependencies alone.
//! When it really was stands in the task tree; what is to be expected, [`forecast`] says.

mod forecast;
#[cfg(test)]
mod forecast_tests;
mod net;
mod pace;
mod row;
#[cfg(test)]
mod tests;

pub use forecast::{Band, Forecast, Outlook, forecast};
pub use row::TimelineRow;

use crate::{Changes, FoldError, Happened, Mode, Row, Subject, Table, Value, Window};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::work::WorkEvent;
use planexe_ax_domain::execution::Execution;
use planexe_ax_domain::{Event, StreamKind, TaskDefinition, TaskId};

const LEAVES: usize = 0;

/// When each leaf was meant to be done.
#[derive(Debug, Clone, Copy)]
pub struct TimelineWindow;

/// The tables of [`TimelineWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "timeline",
    columns: TimelineRow::COLUMNS,
    key: 3,
    mode: Mode::Replace,
    indexes: &[&["workspace", "execution_id", "ordinal"]],
    search: &[],
}];

impl Window for TimelineWindow {
    fn name(&self) -> &'static str {
        "timeline"
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

    /// What ceases to be a leaf loses its row here; what stays gets it again with all others.
    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let (Some(shape), Some(execution)) = (Shape::of(happened.event), subject.state.execution())
        else {
            return Ok(());
        };
        let parents = shape.added.iter().filter_map(|task| task.parent_id.as_ref());
        let gone = shape.removed.iter().flat_map(|task_id| below(execution, task_id));
        for task_id in parents.chain(gone) {
            let mut key = subject.key();
            key.push(Value::Text(task_id.as_str().into()));
            changes.remove(LEAVES, key);
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        _subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if Shape::of(happened.event).is_some() {
            changes.touch_all(LEAVES);
        }
        Ok(())
    }

    fn rows_of_all(&self, _table: usize, subject: &Subject<'_>) -> Vec<Row> {
        row::rows(subject)
    }
}

/// What an event changes about the shape of a tree, or about its estimates.
struct Shape<'a> {
    /// Tasks that come.
    added: &'a [TaskDefinition],
    /// Tasks that go, or whose parts go.
    removed: &'a [TaskId],
}

impl<'a> Shape<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        match event {
            Event::Lifecycle(event) => Self::of_lifecycle(event),
            Event::Work(event) => Self::of_work(event),
            Event::Record(_) | Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => None,
        }
    }

    fn of_lifecycle(event: &'a LifecycleEvent) -> Option<Self> {
        match event {
            LifecycleEvent::TasksAdded(event) => Some(Self { added: &event.tasks, removed: &[] }),
            LifecycleEvent::DependenciesAdded(_) => Some(Self { added: &[], removed: &[] }),
            LifecycleEvent::ExecutionAmended(event) => {
                Some(Self { added: &event.added, removed: &event.removed })
            }
            LifecycleEvent::ExecutionCreated(_)
            | LifecycleEvent::OutcomesCarried(_)
            | LifecycleEvent::ExecutionQueued(_)
            | LifecycleEvent::ExecutionStarted(_)
            | LifecycleEvent::ExecutionPaused(_)
            | LifecycleEvent::ExecutionResumed(_)
            | LifecycleEvent::ExecutionBlocked(_)
            | LifecycleEvent::ExecutionUnblocked(_)
            | LifecycleEvent::ExecutionReassigned(_)
            | LifecycleEvent::ExecutionForked(_)
            | LifecycleEvent::ExecutionCompleted(_)
            | LifecycleEvent::ExecutionFailed(_)
            | LifecycleEvent::ExecutionCancelled(_)
            | LifecycleEvent::PolicyChanged(_)
            | LifecycleEvent::ExecutionPriorityChanged(_)
            | LifecycleEvent::LabelsChanged(_)
            | LifecycleEvent::ExecutionExtended(_)
            | LifecycleEvent::BudgetChanged(_) => None,
        }
    }

    fn of_work(event: &'a WorkEvent) -> Option<Self> {
        let replacing = |added, task_id| {
            let removed = std::slice::from_ref(task_id);
            Some(Self { added, removed })
        };
        match event {
            WorkEvent::DecompositionAdopted(event) => replacing(&event.subtasks, &event.task_id),
            WorkEvent::DecompositionRejected(event) => replacing(&[], &event.task_id),
            WorkEvent::DecompositionOverridden(event) => replacing(&event.subtasks, &event.task_id),
            WorkEvent::TaskGranted(_)
            | WorkEvent::TaskStarted(_)
            | WorkEvent::TaskProgressed(_)
            | WorkEvent::TaskCompletionHeld(_)
            | WorkEvent::TaskCompleted(_)
            | WorkEvent::TaskResultKept(_)
            | WorkEvent::TaskReleased(_)
            | WorkEvent::LeaseExpired(_)
            | WorkEvent::LeaseRevoked(_)
            | WorkEvent::TaskFailed(_)
            | WorkEvent::RetryScheduled(_)
            | WorkEvent::RetryCameDue(_)
            | WorkEvent::TaskGivenUp(_)
            | WorkEvent::TaskSkipped(_)
            | WorkEvent::TaskReset(_)
            | WorkEvent::TaskReassigned(_)
            | WorkEvent::TaskPriorityChanged(_)
            | WorkEvent::LateReportKept(_)
            | WorkEvent::LateReportAdopted(_)
            | WorkEvent::DecompositionApproved(_) => None,
        }
    }
}

/// A task and all below it.
fn below<'a>(execution: &'a Execution, task_id: &TaskId) -> impl Iterator<Item = &'a TaskId> {
    let tree = execution.tree();
    let spots = tree.find(task_id).into_iter().flat_map(|spot| tree.below(spot));
    spots.map(|spot| &tree.node(spot).definition.task_id)
}
