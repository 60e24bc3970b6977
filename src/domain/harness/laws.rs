//! A witness: carries commands out, and checks every law at every step.

use super::Program;
use crate::event::record::{BlockerKind, RecordEvent, Resolution};
use crate::event::work::WorkEvent;
use crate::execution::tree::{Approval, Leaf};
use crate::execution::{
    Execution, ExecutionCommand, ExecutionStatus, HandleError, Report, TaskStatus,
};
use crate::{Event, Moment, TaskId};
use std::collections::BTreeMap;

/// An execution under observation.
#[derive(Debug, Default)]
pub struct Witness {
    execution: Execution,
    replica: Execution,
    epochs: BTreeMap<TaskId, u64>,
    log: Vec<Event>,
}

/// The state that follows from a log.
pub fn replayed(log: &[Event]) -> Execution {
    let mut execution = Execution::default();
    for event in log {
        execution.apply(event).expect("what was decided applies");
    }
    execution
}

/// Decode after encode is the identity.
pub(super) fn reads_as_written(event: &Event) {
    let payload = event.payload();
    let read = Event::decode(event.kind(), event.schema_version(), &payload);
    let read = read.unwrap_or_else(|e| panic!("{event:?} cannot be read again: {e:?}"));
    assert_eq!(&read, event, "an event changes by being written");
}

impl Witness {
    /// An execution that is not made yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The execution as it is.
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// Everything that happened.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// Makes the execution of the program; without its dependencies, when they are refused.
    pub fn begin(&mut self, program: &mut Program<'_>) {
        let (mut creation, moment) = program.creation();
        if self.step(&ExecutionCommand::Create(creation.clone().into()), &moment).is_empty() {
            creation.dependencies.clear();
            let events = self.step(&ExecutionCommand::Create(creation.into()), &moment);
            assert!(!events.is_empty(), "an execution without dependencies can be made");
        }
    }

    /// Makes the execution of the program as a plan that an agent brought.
    pub fn begin_own(&mut self, program: &mut Program<'_>) {
        let (mut creation, own, moment) = program.own_creation();
        let make = |creation| ExecutionCommand::CreateOwn(Box::new(creation), own.clone().into());
        if self.step(&make(creation.clone()), &moment).is_empty() {
            creation.dependencies.clear();
            let events = self.step(&make(creation), &moment);
            assert!(!events.is_empty(), "an execution without dependencies can be made");
        }
    }

    /// Carries out a command, and checks every law; says what happened.
    pub fn step(&mut self, command: &ExecutionCommand, moment: &Moment) -> Vec<Event> {
        let before = self.execution.clone();
        let events = match self.execution.handle(command, moment) {
            Ok(events) => events,
            Err(HandleError::Rejected(rejection)) => {
                assert_eq!(self.execution, before, "refused ({rejection}), and yet changed");
                return Vec::new();
            }
            Err(HandleError::Illegal(illegal)) => panic!("{command:?} decides what {illegal}"),
        };
        for event in &events {
            self.takes_in(event);
        }
        assert_eq!(self.replica, self.execution, "replay differs from life after {command:?}");
        snapshots_are_whole(&self.execution);
        stays_over(&before, &self.execution);
        quiet_events_keep_its_place(&before, &self.execution, &events);
        if let ExecutionCommand::Report(report) = command {
            late_reports_change_nothing(&before, &self.execution, report);
        }
        let said = self.execution.check_invariants();
        said.unwrap_or_else(|wrong| panic!("{wrong}; after {command:?}\n{events:#?}"));
        again_changes_nothing(&self.execution, command, moment);
        self.log.extend(events.iter().cloned());
        events
    }

    /// Applies an event to the replica, and checks what holds of each event.
    fn takes_in(&mut self, event: &Event) {
        reads_as_written(event);
        self.epochs_rise(event);
        only_persons_approve(&self.replica, event);
        grants_keep_the_rules(&self.replica, event);
        self.replica.apply(event).unwrap_or_else(|illegal| panic!("{event:?}: {illegal}"));
    }

    fn epochs_rise(&mut self, event: &Event) {
        let (task_id, epoch) = match event {
            Event::Work(WorkEvent::TaskGranted(event)) => (&event.task_id, event.epoch),
            Event::Work(WorkEvent::TaskReset(event)) => (&event.task_id, event.epoch),
            Event::Work(_)
            | Event::Lifecycle(_)
            | Event::Record(_)
            | Event::Agent(_)
            | Event::Plan(_)
            | Event::Workspace(_) => return,
        };
        let last = self.epochs.insert(task_id.clone(), epoch);
        assert!(last.is_none_or(|last| last < epoch), "the epoch of {task_id} repeats: {epoch}");
    }
}

/// Nothing is granted but in a running execution, and nothing before it is approved.
fn grants_keep_the_rules(state: &Execution, event: &Event) {
    let Event::Work(WorkEvent::TaskGranted(granted)) = event else {
        return;
    };
    assert_eq!(state.status(), Some(ExecutionStatus::Running), "granted while not running");
    let spot = state.tree().find(&granted.task_id).expect("a granted task is there");
    assert!(state.tree().node(spot).leaf.lease().is_none(), "two leases on {}", granted.task_id);
    for step in state.tree().chain(spot) {
        let node = state.tree().node(step);
        let is_approved = node.definition.approval.is_none() || node.approval == Approval::Given;
        assert!(is_approved, "{} was granted unapproved", granted.task_id);
        assert!(!node.awaits_review, "{} was granted unreviewed", granted.task_id);
        assert_eq!(node.blockers, 0, "{} was granted under a blocker", granted.task_id);
    }
}

fn only_persons_approve(state: &Execution, event: &Event) {
    let Event::Record(RecordEvent::BlockerResolved(resolved)) = event else {
        return;
    };
    let blocker = state.blocker(&resolved.blocker_id).expect("a resolved blocker stood");
    let is_approval = blocker.kind == BlockerKind::Approval
        && resolved.resolution == Resolution::ApproveAlternative;
    assert!(!is_approval || resolved.by.is_user(), "{} approved", resolved.by);
}

fn snapshots_are_whole(execution: &Execution) {
    let bytes = serde_json::to_vec(execution).expect("a snapshot can be written");
    let read: Execution = serde_json::from_slice(&bytes).expect("a snapshot can be read");
    assert_eq!(&read, execution, "a snapshot loses something");
}

/// Final statuses stay: of the whole, and of every task that is still there.
fn stays_over(before: &Execution, after: &Execution) {
    let (from, to) = (before.status(), after.status());
    if let Some(from) = from.filter(|status| status.is_over()) {
        let is_kept = to == Some(from) || to == Some(ExecutionStatus::Cancelled);
        assert!(is_kept && (from != ExecutionStatus::Completed || to == Some(from)));
    }
    for spot in before.tree().leaves() {
        let node = before.tree().node(spot);
        let Some(now) = after.tree().find(&node.definition.task_id) else {
            assert!(!node.status().is_over(), "{} is gone", node.definition.task_id);
            continue;
        };
        let now = after.tree().node(now).status();
        assert!(!node.status().is_over() || now == node.status(), "it was over, and is {now}");
    }
}

/// Nobody need be told of quiet events, as long as no more leaves are ready than before.
fn quiet_events_keep_its_place(before: &Execution, after: &Execution, events: &[Event]) {
    let is_more_ready = before.tree().ready_total() != after.tree().ready_total();
    if is_more_ready || !events.iter().all(Execution::is_quiet) {
        return;
    }
    assert_eq!(before.demands(), after.demands(), "{events:#?} change what is ready");
    assert!(before.tree().held().eq(after.tree().held()), "{events:#?} change what is held");
    let (was, is) = (before.next_deadline(), after.next_deadline());
    assert!(is.is_none() || was.is_some_and(|was| Some(was) <= is), "{events:#?} bring forward");
}

fn late_reports_change_nothing(before: &Execution, after: &Execution, report: &Report) {
    let leaf_of = |execution: &Execution| -> Option<(Leaf, TaskStatus)> {
        let spot = execution.tree().find(&report.task_id)?;
        let node = execution.tree().node(spot);
        Some((node.leaf.clone(), node.status()))
    };
    let (Some(lease), Some(was)) = (&report.lease, leaf_of(before)) else {
        return;
    };
    let is_current = was.0.epoch == lease.epoch && was.0.lease().is_some();
    assert!(is_current || leaf_of(after) == Some(was), "a late report changed {}", report.task_id);
}

/// The same command once more changes nothing more, where it says nothing new by itself.
fn again_changes_nothing(execution: &Execution, command: &ExecutionCommand, moment: &Moment) {
    let has_remarks =
        matches!(command, ExecutionCommand::Report(report) if !report.remarks.is_empty());
    let is_entry = matches!(
        command,
        ExecutionCommand::LogAction(_)
            | ExecutionCommand::AddNote { .. }
            | ExecutionCommand::RecordUsage { .. }
    );
    if has_remarks || is_entry {
        return;
    }
    let mut state = execution.clone();
    let mut times = 1;
    if matches!(command, ExecutionCommand::CheckDeadlines { .. }) {
        times = 5;
    }
    for _ in 1..times {
        state.handle(command, moment).expect("what is due can be done");
    }
    let once = state.clone();
    let more = state.handle(command, moment).unwrap_or_default();
    assert!(more.is_empty(), "{command:?} again: {more:#?}");
    assert_eq!(once, state, "{command:?} again changed the state");
}
