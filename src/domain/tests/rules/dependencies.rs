//! What is ready when: dependencies of all types, on leaves and parents, circles, sequencing.

use crate::support::*;
use planexe_ax_domain::DependencyType::{
    self, FinishToFinish, FinishToStart, StartToFinish, StartToStart,
};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::execution::tree::DEPTH_MAX;
use planexe_ax_domain::execution::{ExecutionStatus as Status, TaskStatus, check_tree};
use planexe_ax_domain::{Event, Priority, Rejection, Sequencing};

#[test]
fn finish_to_start_waits_for_the_finish() {
    let mut story = given(plan("a b").after("a", "b"));
    story.then_grantable(&["a"]);
    story.when(grant("a", "larry")).when(started("a", "larry")).then_grantable(&[]);
    story.when(completed("a", "larry")).then_grantable(&["b"]);
}

#[test]
fn start_to_start_waits_for_the_start_and_not_for_the_grant() {
    let mut story = given(plan("a b").tied("a", "b", StartToStart));
    story.when(grant("a", "larry")).then_grantable(&[]);
    story.when(started("a", "larry")).then_grantable(&["b"]);
}

#[test]
fn finish_to_finish_holds_the_completion_until_the_other_finishes() {
    let mut story = given(plan("a b").tied("a", "b", FinishToFinish));
    story.then_grantable(&["a", "b"]);
    story.when(grant("b", "moe")).when(completed_with("b", "moe", "{\"n\":1}"));
    story.then(&["task_completion_held"]).then_task("b", TaskStatus::Running);
    assert!(story.node("b").is_finishing());
    story.when(grant("a", "larry")).when(completed("a", "larry"));
    story.then(&["task_completed", "task_completed", "execution_completed"]);
    assert_eq!(story.node("b").output, Some(json("{\"n\":1}")));
}

#[test]
fn start_to_finish_holds_the_completion_until_the_other_starts() {
    let mut story = given(plan("a b").tied("a", "b", StartToFinish));
    story.when(grant("b", "moe")).when(completed("b", "moe")).then(&["task_completion_held"]);
    story.when(grant("a", "larry")).then(&["task_granted"]);
    story.when(started("a", "larry")).then(&["task_started", "task_completed"]);
}

#[test]
fn a_dependency_on_a_parent_waits_for_all_its_leaves() {
    let mut story = given(plan("p p/a p/q p/q/b c").after("p", "c"));
    story.when(grant("a", "larry")).when(completed("a", "larry")).then_grantable(&["b"]);
    story.when(grant("b", "larry")).when(completed("b", "larry")).then_grantable(&["c"]);
}

#[test]
fn a_dependency_of_a_parent_holds_back_all_its_leaves() {
    let mut story = given(plan("c p p/a p/q p/q/b").after("c", "p"));
    story.then_grantable(&["c"]);
    story.when(grant("c", "larry")).when(completed("c", "larry")).then_grantable(&["a", "b"]);
}

#[test]
fn a_parent_has_started_when_one_of_its_leaves_has() {
    let mut story = given(plan("p p/q p/q/a p/b c").tied("p", "c", StartToStart));
    story.when(grant("a", "larry")).when(started("a", "larry")).then_grantable(&["b", "c"]);
}

#[test]
fn a_skipped_task_counts_as_finished_for_every_type() {
    for kind in [FinishToStart, StartToStart, FinishToFinish, StartToFinish] {
        let mut story = given(plan("a b").tied("a", "b", kind));
        story.when(skip("a")).then_grantable(&["b"]);
        story.when(grant("b", "larry")).when(completed("b", "larry"));
        story.then(&["task_completed", "execution_completed"]);
    }
}

#[test]
fn order_in_a_plan_is_not_a_dependency() {
    given(plan("a b c")).then_grantable(&["a", "b", "c"]);
}

#[test]
fn what_is_ready_is_given_out_by_priority_then_by_how_long_then_by_order() {
    let mut story = given(
        plan("a b c d")
            .task("c", |task| task.priority = Priority::Critical)
            .task("a", |task| task.priority = Priority::Low)
            .after("c", "d"),
    );
    story.then_grantable(&["c", "b", "a"]);
    story.after(SECOND).when(grant("c", "larry")).when(completed("c", "larry"));
    story.then_grantable(&["b", "d", "a"]);
}

fn circle_of(plan: &Plan) -> Vec<String> {
    let refusal = given_nothing().when(plan.command()).refusal();
    let Rejection::Circle { circle } = refusal else {
        panic!("not a circle: {refusal}");
    };
    let mut names: Vec<_> = circle.iter().map(ToString::to_string).collect();
    names.sort();
    names
}

#[test]
fn a_circle_is_refused_and_named() {
    let circle = plan("a b c d").after("a", "b").after("b", "c").after("c", "a").after("a", "d");
    assert_eq!(circle_of(&circle), ["a", "b", "c"]);
    let words = given_nothing().when(circle.command()).refusal().to_string();
    assert!(words.contains('→'), "{words}");
}

#[test]
fn a_circle_through_parents_is_refused() {
    let circle = plan("p p/a q q/b").after("p", "b").after("b", "a");
    assert!(!circle_of(&circle).is_empty());
    let circle = plan("p p/a q q/b").after("a", "q").after("b", "p");
    assert!(!circle_of(&circle).is_empty());
}

#[test]
fn a_circle_of_mixed_types_is_refused() {
    let circle = |one: DependencyType, other: DependencyType| {
        plan("a b").tied("a", "b", one).tied("b", "a", other)
    };
    for (one, other) in [
        (FinishToStart, FinishToStart),
        (FinishToStart, StartToStart),
        (StartToStart, StartToStart),
        (FinishToFinish, FinishToFinish),
        (FinishToStart, FinishToFinish),
        (FinishToStart, StartToFinish),
    ] {
        assert_eq!(circle_of(&circle(one, other)), ["a", "b"], "{one:?} {other:?}");
    }
}

#[test]
fn what_can_be_carried_out_is_no_circle() {
    let plan = plan("a b").tied("a", "b", StartToStart).tied("b", "a", FinishToFinish);
    let mut story = given(plan);
    story.when(grant("a", "larry")).when(started("a", "larry")).then_grantable(&["b"]);
    let both = plan::edge("a", "b", FinishToStart);
    let tasks = [part("a"), part("b")];
    assert!(check_tree(&tasks, std::slice::from_ref(&both)).is_ok());
    let back = plan::edge("b", "a", FinishToStart);
    assert_eq!(check_tree(&tasks, &[both, back]).map_err(|r| r.code()), Err("dependency_circle"));
}

#[test]
fn a_task_cannot_wait_for_itself_its_parts_or_its_whole() {
    given_nothing().when(plan("a").after("a", "a").command()).then_refused("dependency_circle");
    given_nothing().when(plan("p p/a").after("p", "a").command()).then_refused("invalid");
    given_nothing().when(plan("p p/a").after("a", "p").command()).then_refused("invalid");
    given_nothing().when(plan("a").after("z", "a").command()).then_refused("invalid");
}

#[test]
fn a_tree_is_ten_deep_at_most() {
    let deep = |levels: usize| {
        let names: Vec<_> = (0..levels).map(|n| format!("t{n}")).collect();
        let paths: Vec<_> = (1..=levels).map(|n| names[..n].join("/")).collect();
        plan(&paths.join(" "))
    };
    given(deep(DEPTH_MAX)).then_grantable(&["t9"]);
    given_nothing().when(deep(DEPTH_MAX + 1).command()).then_refused("invalid");
}

#[test]
fn ids_are_unique_and_parents_come_first() {
    given_nothing().when(plan("a a").command()).then_refused("invalid");
    given_nothing().when(plan("p/a p").command()).then_refused("invalid");
    given_nothing().when(plan("").command()).then_refused("invalid");
}

#[test]
fn phases_follow_each_other_when_the_execution_asks_for_it() {
    let phased = plan("p p/a p/b q q/c").policy(|p| p.sequencing = Sequencing::Phases);
    let mut story = given(phased);
    story.then_grantable(&["a", "b"]);
    story.when(skip("a")).when(skip("b")).then_grantable(&["c"]);
}

#[test]
fn siblings_follow_each_other_when_the_execution_asks_for_it() {
    let all = plan("p p/a p/b q q/c").policy(|p| p.sequencing = Sequencing::Sequential);
    let mut story = given(all);
    story.then_grantable(&["a"]).when(skip("a")).then_grantable(&["b"]);
    story.when(skip("b")).then_grantable(&["c"]);
}

#[test]
fn an_implied_dependency_that_closes_a_circle_is_left_out_and_reported() {
    let plan = plan("p p/a q q/b").after("q", "p").policy(|p| p.sequencing = Sequencing::Phases);
    let mut story = given(plan);
    story.then_grantable(&["b"]);
    let left_out = story.log.iter().find_map(|event| {
        let Event::Lifecycle(LifecycleEvent::DependenciesAdded(added)) = event else {
            return None;
        };
        Some(&added.left_out)
    });
    let left_out = left_out.expect("dependencies were added");
    assert_eq!(left_out.len(), 1);
    assert_eq!((left_out[0].from.as_str(), left_out[0].to.as_str()), ("p", "q"));
    story.when(skip("q")).then_grantable(&["a"]).then_status(Status::Running);
}

#[test]
fn tasks_are_stored_in_events_of_500() {
    let names: Vec<_> = (0..1_201).map(|n| format!("t{n}")).collect();
    given(plan(&names.join(" "))).then(&[
        "execution_created",
        "tasks_added",
        "tasks_added",
        "tasks_added",
        "execution_queued",
        "execution_started",
    ]);
}

#[test]
fn a_parent_has_the_status_that_its_leaves_have() {
    let mut story = given(plan("p p/a p/b c"));
    story.then_task("p", TaskStatus::Queued);
    story.when(grant("a", "larry")).then_task("p", TaskStatus::Running);
    story.when(completed("a", "larry")).then_task("p", TaskStatus::Running);
    story.when(skip("b")).then_task("p", TaskStatus::Complete);
    let mut story = given(plan("p p/a p/b c"));
    story.when(skip("p")).then_task("p", TaskStatus::Skipped);
}
