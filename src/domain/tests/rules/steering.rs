//! Pause, resume, cancel, settings, forks, what is kept beside the work.

use crate::support::*;
use planexe_ax_domain::event::lifecycle::{CarriedOutcome, ForkOrigin};
use planexe_ax_domain::event::record::BlockerKind;
use planexe_ax_domain::execution::tree::SharedDefinitions;
use planexe_ax_domain::execution::{
    ContextEntry, ExecutionCommand, ExecutionStatus as Status, LoggedAction, TaskStatus,
};
use planexe_ax_domain::{ExecutionId, Label, Policy, Priority, Usage};
use std::sync::Arc;

#[test]
fn nothing_is_due_while_the_execution_is_paused() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(pause()).then(&["execution_paused"]);
    assert_eq!(story.state.next_deadline(), None);
    story.when_after(300 * HOUR).then_nothing();
}

#[test]
fn resume_moves_every_deadline_by_the_time_that_passed() {
    let mut story = given(plan("a b c d").task("a", |task| task.timeout_ms = Some(40 * MINUTE)));
    story.when(grant("a", "larry")).when(grant("b", "larry")).when(failed("b", "larry"));
    story.when(raise(Some("c"), BlockerKind::Incident));
    let limit_at = story.blocker().limit_at.expect("it has a limit");
    let lease = story.node("a").leaf.lease().expect("it is held").clone();
    let rest = story.state.next_deadline().expect("the retry is next");
    story.after(SECOND).when(pause()).after(100 * HOUR).when(ExecutionCommand::Resume);
    story.then(&["execution_resumed"]);
    let moved = story.node("a").leaf.lease().expect("it is held").clone();
    assert_eq!(moved.expires_at(), lease.expires_at().plus_ms(100 * HOUR));
    assert_eq!(moved.times_out_at, lease.times_out_at.plus_ms(100 * HOUR));
    assert_eq!(story.blocker().limit_at, Some(limit_at.plus_ms(100 * HOUR)));
    assert_eq!(story.state.next_deadline(), Some(rest.plus_ms(100 * HOUR)));
    story.by_engine().when(check_deadlines()).then_nothing();
}

#[test]
fn the_age_of_an_execution_does_not_count_pauses() {
    let mut story = given(plan("a"));
    story.when(pause()).after(500 * HOUR).when(ExecutionCommand::Resume);
    story.when_after(168 * HOUR - 1).then_nothing();
    story.when_after(1);
    assert_eq!(story.blocker().kind, BlockerKind::ExecutionTimeout);
}

#[test]
fn what_was_raised_or_reported_during_a_pause_is_moved_by_its_own_time_only() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(pause()).after(HOUR);
    story.when(progressed("a", "larry", 5)).after(HOUR).when(ExecutionCommand::Resume);
    let lease = story.node("a").leaf.lease().expect("it is held");
    assert_eq!(lease.expires_at(), story.now.plus_ms(30 * MINUTE));
}

#[test]
fn a_cancelled_execution_gives_its_agents_a_grace_period() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(cancel()).then(&["execution_cancelled"]);
    story.then_task("a", TaskStatus::Running).then_task("b", TaskStatus::Cancelled);
    story.when_after(MINUTE - 1).then_nothing();
    story.when_after(1).then(&["lease_revoked"]).then_task("a", TaskStatus::Cancelled);
}

#[test]
fn an_execution_too_old_is_blocked_and_escalated_at_once() {
    let mut story = given(plan("a b"));
    story.when_after(168 * HOUR);
    story.then(&["blocker_raised", "blocker_escalated", "execution_blocked"]);
    story.when(cancel()).then_status(Status::Cancelled);
}

#[test]
fn settings_change_once() {
    let policy = Policy { losses_max: 7, ..Policy::default() };
    let label = Label::parse("urgent").expect("this is a label");
    for (command, kind) in [
        (ExecutionCommand::ChangePolicy(policy), "policy_changed"),
        (ExecutionCommand::ChangePriority(Priority::High), "execution_priority_changed"),
        (ExecutionCommand::ChangeLabels(vec![label]), "labels_changed"),
    ] {
        let mut story = given(plan("a"));
        story.when(command.clone()).then(&[kind]);
        story.when(command).then_nothing();
    }
    let broken = Policy { lease_ms: 1, ..Policy::default() };
    given(plan("a")).when(ExecutionCommand::ChangePolicy(broken)).then_refused("invalid");
    given_nothing().when(plan("a").policy(|p| *p = broken).command()).then_refused("invalid");
}

#[test]
fn a_task_can_go_before_others() {
    let mut story = given(plan("a b"));
    let first = |task: &str| ExecutionCommand::ChangeTaskPriority {
        task_id: task_id(task),
        priority: Priority::Critical,
    };
    story.when(first("b")).then(&["task_priority_changed"]).then_grantable(&["b", "a"]);
    story.when(first("b")).then_nothing();
}

#[test]
fn a_fork_begins_with_what_was_achieved() {
    let mut origin = given(plan("p p/a p/b c").after("p", "c").approval("c"));
    origin.when(grant("a", "larry")).when(completed_with("a", "larry", "[7]")).when(skip("b"));
    let into = ExecutionId::parse("exec_2").expect("this is an id");
    let fork = ExecutionCommand::Fork { into: into.clone(), at_version: 9 };
    origin.when(fork.clone()).then(&["execution_forked"]);
    origin.when(fork).then_nothing();
    let heritage = origin.state.heritage();
    let origin_id = origin.state.header().expect("it is made").execution_id.clone();
    let mut fork = given(plan("x").with(|creation| {
        creation.execution_id = into;
        creation.tasks = heritage.tasks;
        creation.dependencies = heritage.dependencies;
        let from = ForkOrigin { execution_id: origin_id, version: 9 };
        creation.fork = Some((from, heritage.outcomes));
    }));
    fork.then_task("a", TaskStatus::Complete).then_task("b", TaskStatus::Skipped);
    assert_eq!(fork.node("a").output, Some(json("[7]")));
    assert_eq!(fork.blocker().kind, BlockerKind::Approval, "approvals are given anew");
}

#[test]
fn a_fork_of_what_is_done_is_done() {
    let outcome = CarriedOutcome { task_id: task_id("a"), is_skipped: false, output: None };
    let from = || ForkOrigin {
        execution_id: ExecutionId::parse("exec_0").expect("this is an id"),
        version: 1,
    };
    let forked = plan("a").with(|c| c.fork = Some((from(), vec![outcome.clone()])));
    given(forked).then_status(Status::Completed);
}

#[test]
fn sharing_memory_with_another_execution_changes_nothing() {
    let mut shared = SharedDefinitions::default();
    let mut one = given(plan("p p/a p/b c"));
    one.state.share_definitions(&mut shared);
    let mut other = given(plan("p p/a p/b d").task("b", |task| task.priority = Priority::High));
    let before = other.state.clone();
    other.state.share_definitions(&mut shared);
    assert_eq!(other.state, before);
    let is_shared = |id| Arc::ptr_eq(&one.node(id).definition, &other.node(id).definition);
    assert_eq!(["a", "b"].map(is_shared), [true, false], "b has another priority");
    other.when(grant("a", "larry")).when(completed("a", "larry"));
    one.state.check_invariants().expect("the one is as it was");
    assert_eq!(one.node("a").status(), TaskStatus::Queued);
    drop((one, other, before));
    assert!(!shared.is_in_use(), "nothing is kept for executions that are gone");
}

fn remembering(value: &str) -> ExecutionCommand {
    ExecutionCommand::SetContext(Box::new(ContextEntry {
        task_id: None,
        context_type: title("research"),
        context_key: title("price"),
        context_value: text(value),
        metadata: None,
    }))
}

#[test]
fn memory_is_set_replaced_and_removed() {
    let mut story = given(plan("a"));
    story.when(remembering("5")).then(&["context_set"]);
    story.when(remembering("5")).then_nothing();
    story.when(remembering("6")).then(&["context_set"]);
    assert_eq!(story.state.memory().count(), 1);
    let remove = ExecutionCommand::RemoveContext {
        task_id: None,
        context_type: title("research"),
        context_key: title("price"),
    };
    story.when(remove.clone()).then(&["context_removed"]);
    story.when(remove).then_nothing();
}

#[test]
fn notes_actions_and_costs_are_kept() {
    let mut story = given(plan("a"));
    let task_id = Some(task_id("a"));
    let note = ExecutionCommand::AddNote { task_id: task_id.clone(), text: text("well") };
    story.when(note).then(&["note_added"]);
    let usage = Usage { cost_microusd: 5, ..Usage::default() };
    let record = |usage| ExecutionCommand::RecordUsage { task_id: task_id.clone(), usage };
    story.when(record(usage)).then(&["usage_recorded"]);
    story.when(record(Usage::default())).then_nothing();
    let action = LoggedAction {
        task_id: task_id.clone(),
        step_number: Some(1),
        action_type: title("complete_step"),
        entity_type: None,
        entity_id: None,
        description: text("done"),
        before_state: Some(json("{}")),
        after_state: Some(json("{\"n\":1}")),
        confidence_permille: Some(950),
        error_message: None,
    };
    story.when(ExecutionCommand::LogAction(action.clone().into())).then(&["action_logged"]);
    let surer = LoggedAction { confidence_permille: Some(1001), ..action };
    story.when(ExecutionCommand::LogAction(surer.into())).then_refused("invalid");
    let lost = Some(crate::support::task_id("z"));
    let note = ExecutionCommand::AddNote { task_id: lost, text: text("well") };
    story.when(note).then_refused("not_found");
}
