//! Amendments and decompositions.

use crate::support::*;
use planexe_ax_domain::DependencyType::FinishToStart;
use planexe_ax_domain::event::lifecycle::TaskChange;
use planexe_ax_domain::event::record::BlockerKind;
use planexe_ax_domain::event::work::DecompositionSource;
use planexe_ax_domain::execution::{ExecutionCommand, ExecutionStatus as Status, TaskStatus};
use planexe_ax_domain::{Priority, TaskDefinition};

#[test]
fn tasks_are_added_changed_and_removed_while_the_execution_runs_and_while_it_is_paused() {
    for is_paused in [false, true] {
        let mut story = given(plan("a b c").after("a", "c"));
        if is_paused {
            story.when(pause());
        }
        let sooner = TaskDefinition { priority: Priority::Critical, ..part("c") };
        story.when(amend(|a| {
            a.added.extend([part("p"), part_of("p", "x")]);
            a.changed.push(TaskChange { definition: sooner });
            a.removed.push(task_id("b"));
            a.dependencies_removed.push(plan::edge("a", "c", FinishToStart));
            a.dependencies_added.push(plan::edge("a", "x", FinishToStart));
        }));
        story.then(&["execution_amended"]);
        if is_paused {
            story.when(ExecutionCommand::Resume);
        }
        story.then_grantable(&["c", "a"]);
        assert_eq!(story.node("c").definition.priority, Priority::Critical);
    }
}

#[test]
fn what_has_started_is_not_amended() {
    let mut story = given(plan("p p/a p/b c"));
    story.when(grant("a", "larry")).when(skip("b"));
    for id in ["a", "b", "p"] {
        story.when(amend(|a| a.removed.push(task_id(id)))).then_refused("wrong_state");
        let change =
            TaskChange { definition: TaskDefinition { role: Some(title("x")), ..part(id) } };
        story.when(amend(|a| a.changed.push(change))).then_refused("wrong_state");
    }
    story.when(amend(|a| a.added.push(part_of("a", "x")))).then_refused("invalid");
    story.when(amend(|a| a.added.push(part_of("p", "x")))).then(&["execution_amended"]);
}

#[test]
fn an_amendment_closes_no_circle_and_leaves_a_task() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(amend(|a| a.dependencies_added.push(plan::edge("b", "a", FinishToStart))));
    story.then_refused("dependency_circle");
    story.when(amend(|a| a.removed.extend([task_id("a"), task_id("b")])));
    story.then_refused("invalid");
    story.when(amend(|a| a.dependencies_removed.push(plan::edge("b", "a", FinishToStart))));
    story.then_refused("invalid");
    story.when(amend(|_| {})).then_nothing();
}

#[test]
fn removing_a_task_frees_what_waited_for_it_and_takes_its_blockers_away() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(raise(Some("a"), BlockerKind::Incident)).then_status(Status::Blocked);
    story.when(amend(|a| a.removed.push(task_id("a"))));
    story.then(&["execution_amended", "execution_unblocked"]).then_grantable(&["b"]);
}

#[test]
fn removing_the_last_open_task_completes_the_execution() {
    let mut story = given(plan("a b"));
    story.when(skip("a")).when(amend(|a| a.removed.push(task_id("b"))));
    story.then(&["execution_amended", "execution_completed"]);
}

#[test]
fn a_task_broken_down_is_done_by_its_parts() {
    let mut story = given(plan("a b").after("a", "b"));
    story.when(decompose("a", &["x", "y"], 900)).then(&["decomposition_adopted"]);
    story.then_grantable(&["x", "y"]);
    story.when(decompose("a", &["z"], 900)).then_refused("wrong_state");
    story.when(skip("x")).when(grant("y", "larry")).when(completed("y", "larry"));
    story.then_task("a", TaskStatus::Complete).then_grantable(&["b"]);
}

#[test]
fn parts_that_are_a_guess_wait_for_a_review() {
    let mut story = given(plan("a b"));
    story.when(decompose("a", &["x"], 699)).then(&["decomposition_adopted", "blocker_raised"]);
    assert_eq!(story.blocker().kind, BlockerKind::DecompositionReview);
    story.then_grantable(&["b"]);
    story.by_agent("larry").when(review("a", true)).then_refused("person_needed");
    story.when(review("a", true)).then(&["blocker_resolved", "decomposition_approved"]);
    story.then_grantable(&["b", "x"]);
    story.when(review("a", true)).then_refused("wrong_state");
}

#[test]
fn parts_that_are_sure_enough_wait_for_nobody() {
    given(plan("a")).when(decompose("a", &["x"], 700)).then(&["decomposition_adopted"]);
}

#[test]
fn rejected_parts_are_gone_and_the_task_is_a_leaf_again() {
    let mut story = given(plan("a b"));
    story.when(decompose("a", &["x", "y"], 100)).when(review("a", false));
    story.then(&["blocker_resolved", "decomposition_rejected"]).then_grantable(&["a", "b"]);
    assert!(story.state.tree().find(&task_id("x")).is_none());
    story.when(decompose("a", &["x"], 900)).then(&["decomposition_adopted"]);
}

#[test]
fn a_person_overrides_the_parts_that_a_machine_made() {
    let by_hand = |parts| decompose_by(DecompositionSource::Person, "a", parts, 1000);
    let mut story = given(plan("a b"));
    story.when(decompose("a", &["x"], 100));
    story.by_agent("larry").when(by_hand(&["z"])).then_refused("person_needed");
    story.when(by_hand(&["y", "z"])).then(&["blocker_resolved", "decomposition_overridden"]);
    story.then_grantable(&["b", "y", "z"]);
    story.when(grant("y", "larry")).when(by_hand(&["w"])).then_refused("wrong_state");
}

#[test]
fn a_task_that_is_held_or_over_is_not_broken_down() {
    let mut story = given(plan("a b c"));
    story.when(grant("a", "larry")).when(skip("b"));
    for task in ["a", "b"] {
        story.when(decompose(task, &["x"], 900)).then_refused("wrong_state");
    }
    story.when(decompose("c", &[], 900)).then_refused("invalid");
    story.when(decompose("c", &["a"], 900)).then_refused("invalid");
    story.when(decompose("c", &["x"], 1001)).then_refused("invalid");
}
