//! Failing, retrying, giving up.

use crate::support::*;
use planexe_ax_domain::event::record::{BlockerKind, Resolution};
use planexe_ax_domain::event::work::{DecompositionSource, TaskError, WorkEvent};
use planexe_ax_domain::execution::{ExecutionStatus as Status, TaskStatus};
use planexe_ax_domain::{BACKOFF_MS_MAX, Backoff, Event, OnFailure, RetryPolicy};

/// How long the task rests after the last command.
fn rest_ms(story: &Story) -> u64 {
    let rests = story.events().iter().find_map(|event| {
        let Event::Work(WorkEvent::RetryScheduled(rest)) = event else {
            return None;
        };
        Some(rest.retry_at.ms_since(rest.at))
    });
    rests.expect("a retry was scheduled")
}

#[test]
fn a_retryable_error_rests_and_comes_again() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(failed("a", "larry"));
    story.then(&["task_failed", "retry_scheduled"]).then_grantable(&["b"]);
    let wait = rest_ms(&story);
    assert!(story.why_words("a").contains("rests until"));
    story.when_after(wait).then(&["retry_came_due"]).then_grantable(&["b", "a"]);
    story.when(grant("a", "larry"));
    assert_eq!(story.node("a").leaf.lease().map(|lease| lease.attempt), Some(2));
}

#[test]
fn the_wait_is_spread_over_the_whole_range_by_the_number_of_the_moment() {
    let waits: Vec<u64> = (0..40)
        .map(|random| {
            let mut story = given(plan("a b"));
            story.random = random;
            story.when(grant("a", "larry")).when(failed("a", "larry"));
            rest_ms(&story)
        })
        .collect();
    assert!(waits.iter().all(|&wait| wait <= 5 * MINUTE));
    assert!(waits.iter().any(|&wait| wait < MINUTE), "full jitter begins at nothing: {waits:?}");
    assert!(waits.iter().any(|&wait| wait > 4 * MINUTE), "{waits:?}");
}

#[test]
fn the_wait_doubles_and_is_one_hour_at_most() {
    let retry = RetryPolicy { attempts_max: 99, backoff: Backoff::Exponential, backoff_ms: 1_000 };
    let longest = |attempts| (0..500).map(|n| retry.wait_ms(attempts, n * 7_919)).max();
    let within = |attempts, low, high| {
        assert!(longest(attempts).is_some_and(|ms| (low..=high).contains(&ms)), "{attempts}");
    };
    within(1, 900, 1_000);
    within(2, 1_900, 2_000);
    within(5, 15_000, 16_000);
    within(40, 3_000_000, BACKOFF_MS_MAX);
    assert!(retry.wait_ms(u32::MAX, u64::MAX) <= BACKOFF_MS_MAX);
}

#[test]
fn the_wait_is_at_least_what_the_error_asks_for() {
    let mut story = given(plan("a b"));
    let error = TaskError { retry_after_ms: Some(2 * HOUR), ..error("rate_limited") };
    story.when(grant("a", "larry")).when(failed_with("a", "larry", error));
    assert_eq!(rest_ms(&story), 2 * HOUR);
}

/// Lets the task fail as often as it may.
fn exhausted(policy: OnFailure) -> Story {
    let mut story = given(plan("a b").policy(|p| p.on_failure = policy));
    for _ in 0..2 {
        story.when(grant("a", "larry")).when(failed("a", "larry")).when_after(HOUR);
    }
    story.when(grant("a", "larry")).when(failed("a", "larry"));
    story
}

#[test]
fn when_attempts_are_used_up_a_person_is_asked() {
    let mut story = exhausted(OnFailure::Incident);
    story.then(&["task_failed", "blocker_raised"]).then_task("a", TaskStatus::Blocked);
    assert_eq!(story.blocker().kind, BlockerKind::Incident);
    story.then_status(Status::Running).then_grantable(&["b"]);
    story.when(resolve(story.blocker_id(), Resolution::Retry));
    story.when(grant("a", "larry"));
    assert_eq!(story.node("a").leaf.lease().map(|lease| lease.attempt), Some(1));
}

#[test]
fn when_attempts_are_used_up_the_execution_fails_if_the_policy_says_so() {
    let mut story = exhausted(OnFailure::Fail);
    story.then(&["task_failed", "task_given_up", "execution_failed"]);
    story.then_task("a", TaskStatus::Error).then_task("b", TaskStatus::Cancelled);
}

#[test]
fn when_attempts_are_used_up_the_task_is_skipped_if_the_policy_says_so() {
    let mut story = exhausted(OnFailure::Skip);
    story.then(&["task_failed", "task_skipped"]).then_task("a", TaskStatus::Skipped);
    story.when(skip("b")).then_status(Status::Completed);
}

#[test]
fn a_failing_execution_takes_back_what_others_hold() {
    let mut story = given(plan("a b").policy(|p| p.on_failure = OnFailure::Fail));
    story.when(grant("b", "moe")).when(grant("a", "larry")).when(failed_for_good("a", "larry"));
    story.then(&["task_failed", "task_given_up", "lease_revoked", "execution_failed"]);
}

#[test]
fn an_error_that_is_not_retryable_asks_a_person_at_once() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(failed_for_good("a", "larry"));
    story.then(&["task_failed", "blocker_raised"]);
}

#[test]
fn a_task_has_its_own_retry_policy() {
    let once = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
    let mut story = given(plan("a b").task("a", |task| task.retry = Some(once)));
    story.when(grant("a", "larry")).when(failed("a", "larry"));
    story.then(&["task_failed", "blocker_raised"]);
}

#[test]
fn some_errors_ask_a_person_at_once_with_the_suggestions_as_options() {
    let suggesting = |error: TaskError| TaskError {
        suggestions: vec![text("the side door"), text("the window")],
        ..error
    };
    let reviewed = TaskError { needs_person: true, ..error("anything") };
    let not_understood = TaskError { needs_person: true, ..error("decomposition_failed") };
    for (error, kind) in [
        (reviewed, BlockerKind::HumanReview),
        (error("external_dependency_blocked"), BlockerKind::ExternalDependency),
        (error("decomposition_failed"), BlockerKind::DecompositionReview),
        (not_understood, BlockerKind::DecompositionReview),
    ] {
        let mut story = given(plan("a b"));
        story.when(grant("a", "larry")).when(failed_with("a", "larry", suggesting(error)));
        story.then(&["task_failed", "blocker_raised"]).then_task("a", TaskStatus::Blocked);
        assert_eq!(story.blocker().kind, kind);
        assert_eq!(story.blocker().suggestions.len(), 2);
    }
}

#[test]
fn a_blocked_task_is_given_back_and_waits_its_own_limit() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(blocked("a", "larry"));
    story.then(&["task_released", "blocker_raised"]);
    assert_eq!(story.blocker().limit_at, Some(story.now.plus_ms(48 * HOUR)));
    let body = planexe_ax_domain::execution::ReportBody::Blocked {
        message: text("the vendor sleeps"),
        suggestions: Vec::new(),
        wait_ms: Some(HOUR),
    };
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(report("a", "larry", body));
    assert_eq!(story.blocker().limit_at, Some(story.now.plus_ms(HOUR)));
    story.when_after(HOUR).then(&["blocker_escalated"]);
    story.when_after(HOUR).then_nothing();
}

#[test]
fn a_timeout_is_an_attempt_and_the_last_one_asks_a_person() {
    let once = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
    let mut story = given(plan("a b").task("a", |task| {
        task.retry = Some(once);
        task.timeout_ms = Some(MINUTE);
    }));
    story.when(grant("a", "larry")).when_after(MINUTE).then(&["task_failed", "blocker_raised"]);
}

#[test]
fn an_execution_that_cannot_go_on_without_a_lost_task_fails() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(resolve_bare(story.blocker_id(), Resolution::FailTask));
    story.then_status(Status::Failed);
}

#[test]
fn what_does_not_depend_on_a_lost_task_goes_on() {
    let mut story = given(plan("a b").policy(|p| p.on_failure = OnFailure::Incident));
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(resolve_bare(story.blocker_id(), Resolution::FailTask));
    story.then(&["blocker_resolved", "task_given_up"]).then_status(Status::Running);
    story.when(grant("b", "larry")).when(completed("b", "larry"));
    story.then(&["task_completed", "execution_failed"]);
}

#[test]
fn what_an_agent_did_not_understand_a_person_breaks_down_by_hand() {
    let mut story = given(plan("a b"));
    let not_understood = error("decomposition_failed");
    story.when(grant("a", "larry")).when(failed_with("a", "larry", not_understood));
    story.then_grantable(&["b"]);
    story.when(decompose_by(DecompositionSource::Person, "a", &["x", "y"], 1000));
    story.then(&["blocker_resolved", "decomposition_overridden"]);
    story.then_grantable(&["b", "x", "y"]);
}
