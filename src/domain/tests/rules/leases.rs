//! Grants, leases, epochs, silence.

use crate::support::*;
use planexe_ax_domain::event::record::{BlockerKind, Resolution};
use planexe_ax_domain::event::work::WorkEvent;
use planexe_ax_domain::execution::{
    ExecutionCommand, ExecutionStatus as Status, SignOfLife, TaskStatus, Verdict,
};
use planexe_ax_domain::{Event, LeaseToken};

#[test]
fn a_grant_gives_a_lease_an_attempt_and_a_time_limit() {
    let mut story = given(plan("a").task("a", |task| task.timeout_ms = Some(2 * HOUR)));
    story.when(grant("a", "larry")).then(&["task_granted"]).then_task("a", TaskStatus::Running);
    let Event::Work(WorkEvent::TaskGranted(granted)) = &story.events()[0] else {
        panic!("a grant");
    };
    assert_eq!((granted.epoch, granted.attempt, granted.lease_ms), (1, 1, 30 * MINUTE));
    assert_eq!(granted.times_out_at, dawn().plus_ms(2 * HOUR));
    let lease = story.lease("a");
    assert_eq!(LeaseToken::parse(&lease.to_string()), Ok(lease));
}

#[test]
fn claiming_again_returns_the_same_grant() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when(grant("a", "larry")).then_nothing();
    assert_eq!(story.lease("a"), lease);
    story.when(pause()).when(grant("a", "larry")).then_nothing();
}

#[test]
fn a_task_is_held_once() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    story.when(grant("a", "moe")).then_refused("not_grantable");
}

#[test]
fn the_epoch_rises_with_every_grant_and_reset() {
    let mut story = given(plan("a b"));
    for epoch in 1..5 {
        story.when(grant("a", "larry"));
        assert_eq!(story.lease("a").epoch, epoch);
        story.when(released("a", "larry"));
    }
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(resolve(story.blocker_id(), Resolution::Retry));
    story.then(&["blocker_resolved", "task_reset"]);
    story.when(grant("a", "larry"));
    assert_eq!(story.lease("a").epoch, 6);
}

#[test]
fn a_lease_is_as_short_as_asked_but_never_longer_than_the_policy_says() {
    let asking = |lease_ms| ExecutionCommand::Grant {
        agent_id: agent_id("larry"),
        task_id: task_id("a"),
        lease_ms: Some(lease_ms),
    };
    given(plan("a")).when(asking(9_999)).then_refused("invalid");
    let mut story = given(plan("a"));
    story.when(asking(10_000)).when_after(10_000).then(&["lease_expired"]);
    let mut story = given(plan("a"));
    story.when(asking(HOUR)).when_after(30 * MINUTE).then(&["lease_expired"]);
}

#[test]
fn what_is_not_ready_or_not_theirs_is_not_granted() {
    let mut story = given(plan("p p/a b").after("a", "b").task("a", |task| {
        task.agent_id = Some(agent_id("sue"));
    }));
    story.when(grant("a", "larry")).then_refused("not_grantable");
    story.when(grant("b", "larry")).then_refused("not_grantable");
    story.when(grant("p", "sue")).then_refused("not_grantable");
    story.when(grant("z", "sue")).then_refused("not_found");
    story.when(grant("a", "sue")).then(&["task_granted"]);
}

#[test]
fn nothing_is_granted_unless_the_execution_runs() {
    given(plan("a").not_started()).when(grant("a", "larry")).then_refused("wrong_state");
    given(plan("a").queued()).when(grant("a", "larry")).then_refused("wrong_state");
    let mut story = given(plan("a"));
    story.when(pause()).when(grant("a", "larry")).then_refused("wrong_state");
    let mut story = given(plan("a"));
    story.when(cancel()).when(grant("a", "larry")).then_refused("wrong_state");
}

#[test]
fn a_queued_execution_begins_when_its_agent_comes() {
    let mut story = given(plan("a").for_agent("larry").queued());
    story.then_status(Status::Queued).then_grantable(&["a"]);
    story.when(grant("a", "moe")).then_refused("wrong_state");
    story.when(grant("a", "larry")).then(&["execution_started", "task_granted"]);
}

#[test]
fn a_silent_agent_loses_its_lease_and_no_attempt() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry")).when_after(30 * MINUTE - 1).then_nothing();
    story.when_after(1).then(&["lease_expired"]).then_grantable(&["a"]);
    story.when(grant("a", "moe"));
    assert_eq!(story.node("a").leaf.lease().map(|lease| lease.attempt), Some(1));
}

#[test]
fn any_report_renews_the_lease() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry")).after(29 * MINUTE).when(progressed("a", "larry", 10));
    story.when_after(29 * MINUTE).then_nothing();
    story.when_after(MINUTE).then(&["lease_expired"]);
}

#[test]
fn signs_of_life_beside_the_log_keep_the_lease() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry")).after(30 * MINUTE);
    let seen_at = dawn().plus_ms(20 * MINUTE);
    let sign = |epoch| SignOfLife { task_id: task_id("a"), epoch, seen_at };
    let looking = |epoch| ExecutionCommand::CheckDeadlines { signs_of_life: vec![sign(epoch)] };
    story.by_engine().when(looking(1)).then_nothing();
    story.after(20 * MINUTE).by_engine().when(looking(1)).then(&["lease_expired"]);
    let Event::Work(WorkEvent::LeaseExpired(expired)) = &story.events()[0] else {
        panic!("an expiry");
    };
    assert_eq!(expired.last_seen_at, seen_at);
    let mut story = given(plan("a"));
    story.when(grant("a", "larry")).after(30 * MINUTE);
    story.by_engine().when(looking(7)).then(&["lease_expired"]);
}

#[test]
fn three_losses_in_a_row_put_the_task_into_quarantine() {
    let mut story = given(plan("a b"));
    for _ in 0..2 {
        story.when(grant("a", "larry")).when_after(30 * MINUTE).then(&["lease_expired"]);
    }
    story.when(grant("a", "larry")).when_after(30 * MINUTE);
    story.then(&["lease_expired", "blocker_raised"]).then_task("a", TaskStatus::Blocked);
    assert_eq!(story.blocker().kind, BlockerKind::Quarantined);
    story.when(resolve(story.blocker_id(), Resolution::Retry)).then_grantable(&["b", "a"]);
    assert_eq!(story.node("a").leaf.losses, 0);
}

#[test]
fn a_failure_breaks_the_row_of_losses() {
    let mut story = given(plan("a b"));
    for _ in 0..2 {
        story.when(grant("a", "larry")).when_after(30 * MINUTE);
    }
    story.when(grant("a", "larry")).when(failed("a", "larry"));
    assert_eq!(story.node("a").leaf.losses, 0);
}

#[test]
fn several_tasks_can_be_quarantined_at_once() {
    let mut story = given(plan("a b c").policy(|p| p.losses_max = 1));
    story.when(grant("a", "larry")).when(grant("b", "larry")).when_after(30 * MINUTE);
    story.then(&["lease_expired", "blocker_raised", "lease_expired", "blocker_raised"]);
    assert_eq!(story.state.blockers().count(), 2);
}

#[test]
fn an_alive_and_hung_agent_is_caught_by_the_hard_limit() {
    let mut story = given(plan("a b").task("a", |task| task.timeout_ms = Some(HOUR)));
    story.when(grant("a", "larry"));
    for percent in 1..4 {
        story.after(15 * MINUTE).when(progressed("a", "larry", percent));
        story.by_engine().when(check_deadlines()).then_nothing();
        story.after(SECOND);
    }
    story.when_after(15 * MINUTE).then(&["task_failed", "retry_scheduled"]);
    let Event::Work(WorkEvent::TaskFailed(failed)) = &story.events()[0] else {
        panic!("a failure");
    };
    assert_eq!((failed.error.error_type.as_str(), failed.attempt), ("timeout", 1));
}

#[test]
fn each_lease_hears_what_its_holder_should_do() {
    let mut story = given(plan("a b").policy(|p| p.losses_max = 9));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    assert_eq!(story.state.verdict(&lease), Verdict::Ok);
    let forged = LeaseToken { nonce: lease.nonce ^ 1, ..lease.clone() };
    assert_eq!(story.state.verdict(&forged), Verdict::Lost);
    story.when(pause());
    assert_eq!(story.state.verdict(&lease), Verdict::Pause);
    story.when(ExecutionCommand::Resume).when_after(30 * MINUTE).then(&["lease_expired"]);
    assert_eq!(story.state.verdict(&lease), Verdict::Lost);
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(resolve(story.blocker_id(), Resolution::Retry));
    assert_eq!(story.state.verdict(&lease), Verdict::Reset);
    story.when(grant("a", "larry"));
    assert_eq!(story.state.verdict(&lease), Verdict::Lost);
    let lease = story.lease("a");
    story.when(cancel());
    let grace_ends_at = story.now.plus_ms(MINUTE);
    assert_eq!(story.state.verdict(&lease), Verdict::Cancel { grace_ends_at });
}

#[test]
fn a_lease_from_before_a_task_was_broken_down_holds_up_nothing() {
    for says in [failed("p", "larry"), blocked("p", "larry")] {
        let mut story = given(plan("p c"));
        story.when(grant("p", "larry"));
        let lease = story.lease("p");
        story.when(released("p", "larry")).when(decompose("p", &["a"], 900));
        story.when(under(&lease, says.clone())).then(&["late_report_kept"]);
        story.then_grantable(&["c", "a"]);
        story.when(says).then(&["blocker_raised"]).then_grantable(&["c"]);
    }
}
