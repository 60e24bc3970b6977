//! Which nodes an event changes.

use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::event::work::WorkEvent;
use planexe_ax_domain::{BlockerId, Event, TaskId};

/// Which nodes an event changes; ancestors always count their parts anew.
pub(super) enum Reach<'a> {
    /// None.
    Nothing,
    /// A task.
    Task(&'a TaskId),
    /// A task and all below it.
    TaskAndParts(&'a TaskId),
    /// The task that a blocker stands on.
    Blocker(&'a BlockerId),
    /// All of them.
    Everything,
    /// All of them, and what is below these tasks may go.
    Removing(Vec<&'a TaskId>),
}

pub(super) fn of(event: &Event) -> Reach<'_> {
    match event {
        Event::Lifecycle(event) => of_lifecycle(event),
        Event::Work(event) => of_work(event),
        Event::Record(event) => of_record(event),
        Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => Reach::Nothing,
    }
}

fn of_lifecycle(event: &LifecycleEvent) -> Reach<'_> {
    match event {
        LifecycleEvent::TasksAdded(_)
        | LifecycleEvent::DependenciesAdded(_)
        | LifecycleEvent::OutcomesCarried(_)
        | LifecycleEvent::ExecutionResumed(_)
        | LifecycleEvent::ExecutionCompleted(_)
        | LifecycleEvent::ExecutionFailed(_)
        | LifecycleEvent::ExecutionCancelled(_) => Reach::Everything,
        LifecycleEvent::ExecutionAmended(event) => {
            let changed = event.changed.iter().map(|change| &change.definition.task_id);
            Reach::Removing(event.removed.iter().chain(changed).collect())
        }
        LifecycleEvent::ExecutionCreated(_)
        | LifecycleEvent::ExecutionQueued(_)
        | LifecycleEvent::ExecutionStarted(_)
        | LifecycleEvent::ExecutionPaused(_)
        | LifecycleEvent::ExecutionBlocked(_)
        | LifecycleEvent::ExecutionUnblocked(_)
        | LifecycleEvent::ExecutionReassigned(_)
        | LifecycleEvent::ExecutionForked(_)
        | LifecycleEvent::PolicyChanged(_)
        | LifecycleEvent::ExecutionPriorityChanged(_)
        | LifecycleEvent::LabelsChanged(_)
        | LifecycleEvent::ExecutionExtended(_)
        | LifecycleEvent::BudgetChanged(_) => Reach::Nothing,
    }
}

fn of_work(event: &WorkEvent) -> Reach<'_> {
    match event {
        WorkEvent::TaskGranted(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskStarted(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskProgressed(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskCompletionHeld(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskCompleted(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskResultKept(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskReleased(event) => Reach::Task(&event.task_id),
        WorkEvent::LeaseExpired(event) => Reach::Task(&event.task_id),
        WorkEvent::LeaseRevoked(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskFailed(event) => Reach::Task(&event.task_id),
        WorkEvent::RetryScheduled(event) => Reach::Task(&event.task_id),
        WorkEvent::RetryCameDue(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskGivenUp(event) => Reach::TaskAndParts(&event.task_id),
        WorkEvent::TaskSkipped(event) => Reach::TaskAndParts(&event.task_id),
        WorkEvent::TaskReset(event) => Reach::TaskAndParts(&event.task_id),
        WorkEvent::TaskReassigned(event) => Reach::Task(&event.task_id),
        WorkEvent::TaskPriorityChanged(event) => Reach::Task(&event.task_id),
        WorkEvent::LateReportKept(event) => Reach::Task(&event.task_id),
        WorkEvent::LateReportAdopted(event) => Reach::Task(&event.task_id),
        WorkEvent::DecompositionAdopted(event) => Reach::Removing(vec![&event.task_id]),
        WorkEvent::DecompositionApproved(event) => Reach::TaskAndParts(&event.task_id),
        WorkEvent::DecompositionRejected(event) => Reach::Removing(vec![&event.task_id]),
        WorkEvent::DecompositionOverridden(event) => Reach::Removing(vec![&event.task_id]),
    }
}

fn of_record(event: &RecordEvent) -> Reach<'_> {
    match event {
        RecordEvent::BlockerRaised(event) => {
            event.task_id.as_ref().map_or(Reach::Nothing, Reach::Task)
        }
        RecordEvent::BlockerEscalated(event) => Reach::Blocker(&event.blocker_id),
        RecordEvent::BlockerResolved(event) => Reach::Blocker(&event.blocker_id),
        RecordEvent::UsageRecorded(event) => {
            event.task_id.as_ref().map_or(Reach::Nothing, Reach::Task)
        }
        RecordEvent::ContextSet(_)
        | RecordEvent::ContextRemoved(_)
        | RecordEvent::ActionLogged(_)
        | RecordEvent::NoteAdded(_)
        | RecordEvent::OwnPlanDescribed(_)
        | RecordEvent::OwnPlanDeleted(_) => Reach::Nothing,
    }
}
