//! The table of legal moves, exactly.

use crate::support::*;
use planexe_ax_domain::event::lifecycle::{
    ExecutionBlocked, ExecutionCancelled, ExecutionCompleted, ExecutionFailed, ExecutionPaused,
    ExecutionQueued, ExecutionResumed, ExecutionStarted, ExecutionUnblocked, LifecycleEvent,
};
use planexe_ax_domain::event::record::Resolution;
use planexe_ax_domain::execution::{Execution, ExecutionCommand, ExecutionStatus as Status, Start};
use planexe_ax_domain::{Event, OnFailure};

const LEGAL: &[(Status, Status)] = &[
    (Status::Created, Status::Queued),
    (Status::Created, Status::Cancelled),
    (Status::Queued, Status::Running),
    (Status::Queued, Status::Cancelled),
    (Status::Running, Status::Blocked),
    (Status::Running, Status::Paused),
    (Status::Running, Status::Completed),
    (Status::Running, Status::Failed),
    (Status::Running, Status::Cancelled),
    (Status::Blocked, Status::Running),
    (Status::Blocked, Status::Paused),
    (Status::Blocked, Status::Cancelled),
    (Status::Paused, Status::Running),
    (Status::Paused, Status::Cancelled),
    (Status::Failed, Status::Cancelled),
];

/// An execution of that status, all of whose tasks are done where that can be.
fn state_in(status: Status) -> Execution {
    let one = || plan("a");
    let mut story = match status {
        Status::Created => given(one().not_started()),
        Status::Queued => given(one().queued()),
        Status::Blocked => given(one().approval("a")),
        Status::Failed => given(one().policy(|p| p.on_failure = OnFailure::Fail)),
        Status::Running | Status::Paused | Status::Completed | Status::Cancelled => given(one()),
    };
    match status {
        Status::Created | Status::Queued | Status::Blocked => {}
        Status::Failed => {
            story.when(grant("a", "larry")).when(failed_for_good("a", "larry"));
        }
        Status::Completed => {
            story.when(grant("a", "larry")).when(completed("a", "larry"));
        }
        Status::Cancelled => {
            story.when(cancel());
        }
        Status::Running | Status::Paused => {
            story.when(grant("a", "larry")).when(pause()).when(completed("a", "larry"));
        }
    }
    if status == Status::Running {
        let resumed = event_to(Status::Paused, Status::Running).expect("there is an event");
        story.state.apply(&resumed).expect("paused may run");
    }
    assert_eq!(story.state.status(), Some(status));
    story.state
}

/// The event that leads from the one to the other, or would.
fn event_to(from: Status, to: Status) -> Option<Event> {
    let (at, by) = (dawn().plus_ms(5), person());
    let event: LifecycleEvent = match (to, from) {
        (Status::Created, _) => return None,
        (Status::Queued, _) => ExecutionQueued { at, by }.into(),
        (Status::Running, Status::Blocked) => ExecutionUnblocked { at }.into(),
        (Status::Running, Status::Paused) => ExecutionResumed { paused_ms: 0, at, by }.into(),
        (Status::Running, _) => ExecutionStarted { at }.into(),
        (Status::Blocked, _) => ExecutionBlocked { at }.into(),
        (Status::Paused, _) => ExecutionPaused { reason: None, at, by }.into(),
        (Status::Completed, _) => ExecutionCompleted { at }.into(),
        (Status::Failed, _) => {
            ExecutionFailed { task_id: None, reason: text("so it is"), at }.into()
        }
        (Status::Cancelled, _) => {
            ExecutionCancelled { reason: None, grace_ends_at: at, at, by }.into()
        }
    };
    Some(event.into())
}

#[test]
fn all_64_moves_are_legal_or_not_as_the_table_says() {
    for &from in Status::ALL {
        for &to in Status::ALL {
            let is_legal = LEGAL.contains(&(from, to));
            assert_eq!(from.can_become(to), is_legal, "{from} to {to}");
            assert_eq!(from.moves().contains(&to), is_legal, "{from} to {to}");
            let Some(event) = event_to(from, to) else {
                assert!(!is_legal);
                continue;
            };
            let mut state = state_in(from);
            let applied = state.apply(&event);
            assert_eq!(applied.is_ok(), is_legal, "{from} to {to}: {applied:?}");
            let expected = if is_legal { to } else { from };
            assert_eq!(state.status(), Some(expected));
        }
    }
}

#[test]
fn every_event_that_moves_to_running_is_for_its_own_status() {
    let events = [
        event_to(Status::Queued, Status::Running),
        event_to(Status::Blocked, Status::Running),
        event_to(Status::Paused, Status::Running),
    ];
    for (at, from) in [Status::Queued, Status::Blocked, Status::Paused].into_iter().enumerate() {
        for (other, event) in events.iter().flatten().enumerate() {
            assert_eq!(state_in(from).apply(event).is_ok(), at == other, "{from}: {event:?}");
        }
    }
}

#[test]
fn commands_that_the_table_forbids_are_refused() {
    let refused = |status: Status, command: ExecutionCommand| {
        let mut story = given_nothing();
        story.state = state_in(status);
        story.when(command).then_refused("illegal_transition").then_status(status);
    };
    for status in [Status::Created, Status::Queued, Status::Completed, Status::Failed] {
        refused(status, pause());
    }
    refused(Status::Cancelled, pause());
    refused(Status::Completed, cancel());
    for status in [Status::Completed, Status::Failed, Status::Cancelled] {
        refused(status, ExecutionCommand::Resume);
        refused(status, ExecutionCommand::Start(Start::Now));
    }
    refused(Status::Paused, ExecutionCommand::Start(Start::Now));
}

#[test]
fn commands_that_ask_for_what_is_so_already_are_nothing() {
    let nothing = |status: Status, command: ExecutionCommand| {
        let mut story = given_nothing();
        story.state = state_in(status);
        story.when(command).then_nothing().then_status(status);
    };
    nothing(Status::Paused, pause());
    nothing(Status::Cancelled, cancel());
    nothing(Status::Blocked, ExecutionCommand::Resume);
    nothing(Status::Blocked, ExecutionCommand::Start(Start::Now));
    nothing(Status::Queued, ExecutionCommand::Start(Start::WhenAgentComes));
}

#[test]
fn a_blocked_execution_whose_fate_is_failure_passes_running_in_the_same_append() {
    let mut story = given(plan("a").approval("a"));
    story.then_status(Status::Blocked);
    story.when(resolve_bare(story.blocker_id(), Resolution::FailTask)).then(&[
        "blocker_resolved",
        "task_given_up",
        "execution_unblocked",
        "execution_failed",
    ]);
}

#[test]
fn a_blocked_execution_that_is_done_passes_running_in_the_same_append() {
    let mut story = given(plan("a").approval("a"));
    story.when(skip("a")).then(&[
        "blocker_resolved",
        "task_skipped",
        "execution_unblocked",
        "execution_completed",
    ]);
}

#[test]
fn a_failed_execution_can_be_cancelled_and_nothing_else() {
    let mut story = given(plan("a").policy(|p| p.on_failure = OnFailure::Fail));
    story.when(grant("a", "larry")).when(failed_for_good("a", "larry"));
    story.then_status(Status::Failed);
    story.when(cancel()).then(&["execution_cancelled"]).then_status(Status::Cancelled);
}

#[test]
fn an_execution_is_made_once_and_before_everything_else() {
    let mut story = given(plan("a"));
    story.when(plan("a").command()).then_refused("already_exists");
    given_nothing().when(pause()).then_refused("not_found");
    given_nothing().when(check_deadlines()).then_refused("not_found");
}

#[test]
fn a_start_from_created_passes_queued() {
    let mut story = given(plan("a").not_started());
    story.when(ExecutionCommand::Start(Start::Now));
    story.then(&["execution_queued", "execution_started"]);
}
