//! What was broken once: each test was red before its repair.

use crate::support::*;
use planexe_ax_domain::DependencyType::{FinishToFinish, FinishToStart};
use planexe_ax_domain::event::lifecycle::{CarriedOutcome, ForkOrigin, TaskChange};
use planexe_ax_domain::event::record::{BlockerKind, Resolution};
use planexe_ax_domain::event::work::DecompositionSource;
use planexe_ax_domain::execution::tree::Approval;
use planexe_ax_domain::execution::{ExecutionCommand, ExecutionStatus as Status, TaskStatus};
use planexe_ax_domain::{Budget, Json, OnFailure, Usage};

#[test]
fn a_task_that_is_decomposed_while_it_rests_is_not_due_for_a_retry() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(failed("a", "larry"));
    story.when(decompose("a", &["x"], 900)).then(&["decomposition_adopted"]);
    story.when_after(2 * HOUR).then_nothing();
}

#[test]
fn the_end_of_the_grace_period_is_due_only_once() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(cancel());
    story.when_after(MINUTE).then(&["lease_revoked"]);
    assert_eq!(story.state.next_deadline(), None);
}

#[test]
fn the_grace_period_is_over_when_the_last_agent_is_done() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(cancel()).when(completed("a", "larry"));
    assert_eq!(story.state.next_deadline(), None);
}

#[test]
fn the_age_of_an_execution_is_due_only_once() {
    let mut story = given(plan("a"));
    story.when_after(168 * HOUR).then(&[
        "blocker_raised",
        "blocker_escalated",
        "execution_blocked",
    ]);
    assert_eq!(story.state.next_deadline(), None);
    story.when(resolve_bare(story.blocker_id(), Resolution::Retry));
    assert_eq!(story.state.next_deadline(), Some(story.now.plus_ms(168 * HOUR)));
}

#[test]
fn nobody_is_asked_to_approve_what_was_skipped() {
    let mut story = given(plan("a b").after("a", "b").approval("b"));
    story.when(skip("b")).when(grant("a", "larry"));
    story.when(completed("a", "larry")).then(&["task_completed", "execution_completed"]);
    let mut story = given(plan("p p/a b").approval("p").not_started());
    story.when(skip("p")).when(ExecutionCommand::Resume);
    story.then(&["execution_queued", "execution_started"]);
}

#[test]
fn a_skipped_task_is_finished_whatever_holds_back_its_finish() {
    let mut story = given(plan("a b c").tied("a", "b", FinishToFinish).after("b", "c"));
    story.when(skip("b")).then_grantable(&["a", "c"]);
}

#[test]
fn a_parent_is_finished_only_when_each_of_its_parts_is() {
    let tied = plan("g g/p g/p/x g/y c d").tied("c", "p", FinishToFinish).after("g", "d");
    let mut story = given(tied);
    for leaf in ["x", "y"] {
        story.when(grant(leaf, "larry")).when(completed(leaf, "larry"));
    }
    story.then_grantable(&["c"]);
    story.when(grant("c", "larry")).when(completed("c", "larry")).then_grantable(&["d"]);
}

#[test]
fn an_approval_is_not_given_by_anything_but_a_yes() {
    for resolution in [Resolution::ProvideInput, Resolution::Reassign, Resolution::Retry] {
        let mut story = given(plan("a b").approval("a"));
        story.when(resolve(story.blocker_id(), resolution));
        story.then_refused("resolution_does_not_fit").then_grantable(&["b"]);
    }
}

#[test]
fn an_agent_cannot_amend_an_approval_away() {
    let definition = part("a");
    let mut story = given(plan("a b").after("b", "a").approval("a"));
    let change = TaskChange { definition };
    story.by_agent("larry").when(amend(|a| a.changed.push(change.clone())));
    story.then_refused("person_needed");
    story.by_agent("larry").when(amend(|a| a.removed.push(task_id("a"))));
    story.then_refused("person_needed");
    story.when(amend(|a| a.changed.push(change))).then(&["execution_amended"]);
    assert_eq!(story.node("a").approval, Approval::NotNeeded);
}

#[test]
fn retrying_a_review_rejects_the_parts() {
    let mut story = given(plan("a"));
    story.when(decompose("a", &["x"], 500));
    story.when(resolve(story.blocker_id(), Resolution::Retry));
    story.then(&["blocker_resolved", "decomposition_rejected", "execution_unblocked"]);
    story.then_grantable(&["a"]);
}

#[test]
fn a_review_is_neither_an_input_nor_for_another_agent() {
    for resolution in [Resolution::ProvideInput, Resolution::Reassign] {
        let mut story = given(plan("a"));
        story.when(decompose("a", &["x"], 500));
        story.when(resolve(story.blocker_id(), resolution));
        story.then_refused("resolution_does_not_fit").then_status(Status::Blocked);
    }
}

#[test]
fn the_way_out_of_another_blocker_does_not_approve_the_parts() {
    let mut story = given(plan("a"));
    story.when(decompose("a", &["x"], 500)).when(raise(Some("a"), BlockerKind::Incident));
    let incident = story.state.blockers().find(|b| b.kind == BlockerKind::Incident);
    let incident = incident.expect("it stands").blocker_id.clone();
    story.when(resolve(incident, Resolution::ApproveAlternative));
    assert!(story.node("a").awaits_review);
    story.then_grantable(&[]).then_status(Status::Blocked);
}

#[test]
fn rejecting_parts_that_were_skipped_is_refused() {
    let mut story = given(plan("a"));
    story.when(decompose("a", &["x", "y"], 500)).when(skip("x"));
    story.when(review("a", false)).then_refused("wrong_state");
}

#[test]
fn skipping_a_task_by_resolution_takes_all_its_blockers_away() {
    for resolution in [Resolution::SkipTask, Resolution::FailTask] {
        let mut story = given(plan("a b"));
        story.when(raise(Some("a"), BlockerKind::Incident));
        story.when(raise(Some("a"), BlockerKind::HumanReview));
        let first = story.state.blockers().next().expect("two stand").blocker_id.clone();
        story.when(resolve(first, resolution));
        assert_eq!(story.state.blockers().count(), 0, "{resolution:?}");
    }
}

#[test]
fn a_blocker_is_not_raised_on_a_task_that_is_over() {
    let mut story = given(plan("p p/a b"));
    story.when(grant("a", "larry")).when(completed("a", "larry"));
    for task in ["a", "p"] {
        story.when(raise(Some(task), BlockerKind::Incident)).then_refused("wrong_state");
    }
    story.when(failed("p", "larry")).then_refused("wrong_state");
    story.when(blocked("p", "larry")).then_refused("wrong_state");
}

#[test]
fn a_late_report_on_a_task_that_has_parts_now_is_not_adopted() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when_after(30 * MINUTE).then(&["lease_expired"]);
    story.when(under(&lease, completed("a", "larry"))).then(&["late_report_kept"]);
    story.when(decompose("a", &["x"], 900));
    story.when(adopt_late("a", 0)).then_refused("wrong_state");
}

#[test]
fn a_fork_takes_along_only_what_is_in_its_plan() {
    let origin = || ForkOrigin {
        execution_id: planexe_ax_domain::ExecutionId::parse("exec_0").expect("this is an id"),
        version: 9,
    };
    let outcome =
        |id: &str| CarriedOutcome { task_id: task_id(id), is_skipped: false, output: None };
    for outcomes in [vec![outcome("z")], vec![outcome("a"), outcome("a")]] {
        let forked = plan("a b").with(|c| c.fork = Some((origin(), outcomes.clone())));
        given_nothing().when(forked.command()).then_refused("invalid");
    }
}

#[test]
fn a_circle_through_a_running_task_is_refused() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(grant("a", "larry"));
    story.when(amend(|a| a.dependencies_added.push(plan::edge("b", "a", FinishToStart))));
    story.then_refused("dependency_circle");
}

#[test]
fn a_circle_of_parents_that_finish_together_is_refused() {
    let circle = plan("p p/a q q/b").tied("p", "q", FinishToFinish).tied("q", "p", FinishToFinish);
    given_nothing().when(circle.command()).then_refused("dependency_circle");
}

#[test]
fn a_simple_agent_may_report_before_it_polled_for_its_queued_execution() {
    let mut story = given(plan("a").for_agent("larry").queued());
    story.when(started("a", "larry"));
    story.then(&["execution_started", "task_granted", "task_started"]);
}

#[test]
fn a_stranger_who_reports_on_what_another_agent_holds_is_refused() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    story.when(completed("a", "moe")).then_refused("not_grantable");
}

#[test]
fn a_report_that_overtook_its_end_leaves_the_log_as_it_is() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when(completed("a", "larry"));
    story.when(under(&lease, started("a", "larry"))).then_nothing();
    story.when(started("a", "larry")).then_nothing();
    story.when(under(&lease, progressed("a", "larry", 50))).then_nothing();
}

#[test]
fn a_task_given_back_or_blocked_breaks_the_row_of_losses() {
    for ends in [released("a", "larry"), blocked("a", "larry")] {
        let mut story = given(plan("a b"));
        story.when(grant("a", "larry")).when_after(30 * MINUTE).when(grant("a", "larry"));
        story.when(ends);
        assert_eq!(story.node("a").leaf.losses, 0);
    }
}

#[test]
fn reassigning_the_execution_leaves_tasks_with_an_agent_of_their_own_alone() {
    let tied = plan("a b").for_agent("larry").task("a", |t| t.agent_id = Some(agent_id("sue")));
    let mut story = given(tied);
    story.when(grant("a", "sue")).when(grant("b", "larry"));
    let moe = Some(agent_id("moe"));
    story.when(ExecutionCommand::Reassign { agent_id: moe, reason: None });
    story.then(&["lease_revoked", "execution_reassigned"]);
    story.then_task("a", TaskStatus::Running).then_task("b", TaskStatus::Queued);
}

#[test]
fn a_higher_budget_takes_the_blocker_away() {
    let budget = |tokens| Budget { tokens_max: Some(tokens), ..Budget::default() };
    let mut story = given(plan("a b").with(|c| c.budget = budget(100)));
    let usage = Usage { input_tokens: 101, ..Usage::default() };
    story.when(ExecutionCommand::RecordUsage { task_id: None, usage });
    story.then(&["usage_recorded", "blocker_raised", "execution_blocked"]);
    story.when(ExecutionCommand::ChangeBudget(budget(100_000)));
    story.then(&["budget_changed", "blocker_resolved", "execution_unblocked"]);
}

#[test]
fn an_amendment_that_changes_nothing_is_nothing() {
    let mut story = given(plan("a b"));
    let definition = story.node("a").definition.clone();
    let change = TaskChange { definition: (*definition).clone() };
    story.when(amend(|a| a.changed.push(change))).then_nothing();
}

#[test]
fn an_amendment_does_not_take_out_what_it_puts_in() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(amend(|a| {
        a.removed.push(task_id("a"));
        a.added.push(part("a"));
    }));
    story.then_refused("invalid");
    story.when(amend(|a| {
        a.dependencies_removed.push(plan::edge("a", "b", FinishToStart));
        a.dependencies_added.push(plan::edge("a", "b", FinishToStart));
    }));
    story.then_refused("invalid");
}

#[test]
fn what_the_engine_finds_out_is_not_raised_by_hand() {
    let mut story = given(plan("a"));
    for kind in
        [BlockerKind::AgentUnreachable, BlockerKind::ExecutionTimeout, BlockerKind::BudgetExceeded]
    {
        story.when(raise(None, kind)).then_refused("invalid");
    }
}

#[test]
fn a_lost_agent_is_not_replaced_by_itself() {
    let mut story = given(plan("a").for_agent("moe"));
    let (agent_id, last_seen_at) = (agent_id("moe"), story.now);
    story.when(ExecutionCommand::AgentLost { agent_id, last_seen_at });
    story.when(resolve(story.blocker_id(), Resolution::Reassign));
    story.then_refused("resolution_does_not_fit");
}

#[test]
fn breaking_a_task_down_by_hand_as_it_is_already_is_nothing() {
    let by_hand = || decompose_by(DecompositionSource::Person, "a", &["x", "y"], 1000);
    let mut story = given(plan("a b"));
    story.when(by_hand()).then(&["decomposition_overridden"]);
    story.when(by_hand()).then_nothing();
}

#[test]
fn the_epoch_of_a_task_that_comes_again_does_not_repeat() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let old = story.lease("a");
    story.when(released("a", "larry"));
    story.when(amend(|a| a.removed.push(task_id("a"))));
    story.when(amend(|a| a.added.push(part("a"))));
    story.when(grant("a", "moe"));
    assert!(story.lease("a").epoch > old.epoch);
}

#[test]
fn a_task_that_is_done_says_why_it_waits_while_its_execution_is_paused() {
    let mut story = given(plan("a b").tied("a", "b", FinishToFinish));
    story.when(grant("a", "larry")).when(grant("b", "moe")).when(completed("b", "moe"));
    story.when(pause()).when(completed("a", "larry"));
    assert!(story.why_words("b").contains("paused"), "{}", story.why_words("b"));
}

#[test]
fn null_is_not_a_value() {
    assert!(Json::parse("null").is_err());
}

#[test]
fn a_report_does_not_begin_what_would_fail_at_once() {
    let plan = plan("a b").for_agent("larry").queued().policy(|p| p.on_failure = OnFailure::Fail);
    let mut story = given(plan);
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(resolve_bare(story.blocker_id(), Resolution::FailTask));
    story.when(started("b", "larry")).then_refused("not_grantable");
    story.when(ExecutionCommand::Resume).then(&["execution_started", "execution_failed"]);
}
