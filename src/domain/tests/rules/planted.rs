//! One test for each planted bug, which must turn it red (`AX_PLANT=<bug>`, feature `planted`).

use crate::support::*;
use planexe_ax_domain::event::lifecycle::{ExecutionQueued, LifecycleEvent};
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::execution::TaskStatus;
use planexe_ax_domain::{Event, IllegalTransition};

/// Red under `skip_fence_check`.
#[test]
fn a_report_under_a_superseded_lease_changes_nothing() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when_after(30 * MINUTE).when(grant("a", "moe"));
    story.when(under(&lease, completed("a", "larry"))).then(&["late_report_kept"]);
    story.then_task("a", TaskStatus::Running);
}

/// Red under `illegal_move_allowed`.
#[test]
fn an_illegal_move_in_the_log_is_refused() {
    let mut story = given(plan("a"));
    let queued = LifecycleEvent::from(ExecutionQueued { at: dawn(), by: person() });
    let applied = story.state.apply(&queued.into());
    assert!(matches!(applied, Err(IllegalTransition::IllegalMove { .. })), "{applied:?}");
}

/// Red under `epoch_repeats`.
#[test]
fn an_epoch_never_repeats() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    let first = story.lease("a");
    story.when(released("a", "larry")).when(grant("a", "larry"));
    assert!(story.lease("a").epoch > first.epoch);
}

/// Red under `approval_not_checked`.
#[test]
fn a_task_that_needs_approval_is_not_granted_before_it() {
    let mut story = given(plan("a b").approval("a"));
    story.when(grant("a", "larry")).then_refused("not_grantable");
}

/// Red under `upcaster_forgotten`.
#[test]
fn a_blocker_of_the_first_shape_is_read() {
    let payload = br#"{"blocker_id":"blk_1","task_id":"a","kind":"incident","message":"stop",
        "suggestion":"go round","at":"2026-02-11T16:09:45Z","by":{"kind":"system","id":"engine"}}"#;
    let event = Event::decode("blocker_raised", 1, payload).expect("the first shape is read");
    let Event::Record(RecordEvent::BlockerRaised(raised)) = event else {
        panic!("a blocker");
    };
    assert_eq!(raised.suggestions, [text("go round")]);
}
