//! What stands and stood in the way, approvals and reviews included: the inbox.

mod held_up;
mod row;
#[cfg(test)]
mod tests;

pub use row::BlockerRow;

use crate::{Changes, FoldError, Happened, Mode, Subject, Table, Window};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::{RecordEvent, Resolution};
use planexe_ax_domain::event::work::WorkEvent;
use planexe_ax_domain::execution::{Blocker, Execution};
use planexe_ax_domain::{Actor, Event, StreamKind, TaskId, Timestamp};

const BLOCKERS: usize = 0;

/// What stands and stood in the way.
#[derive(Debug, Clone, Copy)]
pub struct BlockersWindow;

/// The tables of [`BlockersWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "blocker",
    columns: BlockerRow::COLUMNS,
    key: 3,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "is_open", "raised_at", "execution_id", "blocker_id"],
        &["workspace", "is_open", "resolved_at", "execution_id", "blocker_id"],
        &["workspace", "execution_id", "raised_at", "blocker_id"],
    ],
    search: &[],
}];

impl Window for BlockersWindow {
    fn name(&self) -> &'static str {
        "blockers"
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

    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Some(execution) = subject.state.execution() else { return Ok(()) };
        if let Event::Record(RecordEvent::BlockerResolved(event)) = happened.event {
            let row = execution.blocker(&event.blocker_id);
            let row = row.and_then(|blocker| BlockerRow::standing(subject, blocker));
            row.into_iter().for_each(|row| changes.put(BLOCKERS, row.resolved(event).into_row()));
        }
        let Some(end) = End::of(happened.event) else { return Ok(()) };
        for blocker in execution.blockers().filter(|blocker| end.takes(execution, blocker)) {
            let row = BlockerRow::standing(subject, blocker);
            let row = row.map(|row| row.gone(end.resolution, &end.by, end.at));
            row.into_iter().for_each(|row| changes.put(BLOCKERS, row.into_row()));
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Some(execution) = subject.state.execution() else { return Ok(()) };
        let changed: Vec<&Blocker> = match happened.event {
            Event::Record(RecordEvent::BlockerRaised(event)) => {
                execution.blocker(&event.blocker_id).into_iter().collect()
            }
            Event::Record(RecordEvent::BlockerEscalated(event)) => {
                execution.blocker(&event.blocker_id).into_iter().collect()
            }
            Event::Lifecycle(LifecycleEvent::ExecutionResumed(_)) => execution.blockers().collect(),
            Event::Record(_)
            | Event::Lifecycle(_)
            | Event::Work(_)
            | Event::Agent(_)
            | Event::Plan(_)
            | Event::Workspace(_) => Vec::new(),
        };
        for row in changed.into_iter().filter_map(|it| BlockerRow::standing(subject, it)) {
            changes.put(BLOCKERS, row.into_row());
        }
        Ok(())
    }
}

/// An event that takes blockers away without a word about each.
struct End<'a> {
    what: Taken<'a>,
    resolution: Resolution,
    by: Actor,
    at: Timestamp,
}

/// Whose blockers go.
enum Taken<'a> {
    /// All of them.
    All,
    /// Those on these tasks and their parts.
    With(&'a [TaskId]),
    /// Those on the parts of a task.
    Below(&'a TaskId),
}

impl<'a> End<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        let gone = |what, by: &Actor, at| {
            Some(Self { what, resolution: Resolution::CauseGone, by: by.clone(), at })
        };
        if let Event::Lifecycle(LifecycleEvent::ExecutionCompleted(event)) = event {
            return gone(Taken::All, &Actor::system(), event.at);
        }
        if let Event::Lifecycle(LifecycleEvent::ExecutionFailed(event)) = event {
            return gone(Taken::All, &Actor::system(), event.at);
        }
        if let Event::Lifecycle(LifecycleEvent::ExecutionCancelled(event)) = event {
            let (by, at) = (event.by.clone(), event.at);
            return Some(Self {
                what: Taken::All,
                resolution: Resolution::CancelExecution,
                by,
                at,
            });
        }
        if let Event::Lifecycle(LifecycleEvent::ExecutionAmended(event)) = event {
            return gone(Taken::With(&event.removed), &event.by, event.at);
        }
        if let Event::Work(WorkEvent::DecompositionRejected(event)) = event {
            return gone(Taken::Below(&event.task_id), &event.by, event.at);
        }
        if let Event::Work(WorkEvent::DecompositionOverridden(event)) = event {
            return gone(Taken::Below(&event.task_id), &event.by, event.at);
        }
        None
    }

    fn takes(&self, execution: &Execution, blocker: &Blocker) -> bool {
        let tree = execution.tree();
        let stands_on = blocker.task_id.as_ref().and_then(|task_id| tree.find(task_id));
        let mut chain = stands_on.into_iter().flat_map(|spot| tree.chain(spot));
        let id = |spot| &tree.node(spot).definition.task_id;
        match self.what {
            Taken::All => true,
            Taken::With(tasks) => chain.any(|spot| tasks.contains(id(spot))),
            Taken::Below(task_id) => chain.skip(1).any(|spot| id(spot) == task_id),
        }
    }
}
