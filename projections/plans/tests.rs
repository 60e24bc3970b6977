//! Plans, told by hand.

use super::{PlanRow, PlanTaskRow, PlansWindow};
use crate::story::{Story, minute};
use serde_json::{Value, json};

fn story() -> Story {
    let imported = json!({
        "plan_id": "p1", "title": "Prospecting", "goal": "Find breeders", "tasks_total": 3,
        "source": {"format": "json", "content_hash": "ab"}, "roles": ["caller"],
        "risks": [{"risk_id": "r1", "description": "nobody answers"}],
    });
    let tasks = json!([
        {"task_id": "one", "title": "Phase one", "kind": "phase"},
        {"task_id": "list", "parent_id": "one", "title": "List them", "estimated_ms": 60_000},
        {"task_id": "call", "parent_id": "one", "title": "Call them", "estimated_ms": 5_000},
    ]);
    Story::of("plan/p1")
        .then(0, "plan_imported", imported)
        .then(0, "plan_tasks_added", json!({ "tasks": tasks }))
        .then(
            0,
            "plan_dependencies_added",
            json!({
                "dependencies": [{"from": "list", "to": "call"}],
            }),
        )
}

/// The task to call is broken down, and a person must look at it.
fn broken_down() -> Story {
    let part = |id: &str| -> Value { json!({"task_id": id, "parent_id": "call", "title": id}) };
    story().then(
        5,
        "plan_task_decomposed",
        json!({
            "task_id": "call", "subtasks": [part("dial"), part("talk")], "source": "rules",
            "confidence_permille": 400, "needs_review": true,
        }),
    )
}

fn rows(story: &Story) -> (PlanRow, Vec<PlanTaskRow>) {
    let [plans, tasks] = &story.rows(PlansWindow)[..] else { panic!("two tables") };
    assert_eq!(plans.len(), 1);
    let task = |row: &crate::Row| PlanTaskRow::from_row(row).expect("a row");
    let mut tasks: Vec<_> = tasks.iter().map(task).collect();
    tasks.sort_by_key(|task| task.ordinal);
    (PlanRow::from_row(&plans[0]).expect("a row"), tasks)
}

#[test]
fn a_plan_has_its_sums_and_its_tasks_in_order() {
    let (plan, tasks) = rows(&story());
    assert_eq!((plan.title.as_deref(), &*plan.status), (Some("Prospecting"), "ready"));
    assert_eq!((plan.tasks_total, plan.phases_total, plan.leaves_total), (3, 1, 2));
    assert_eq!(plan.estimated_ms_total, 65_000);
    assert_eq!((plan.created_at, &*plan.created_by), (minute(0), "user:mark"));
    assert_eq!(&*plan.roles.0, "[\"caller\"]");
    let ids: Vec<_> = tasks.iter().map(|task| (&*task.task_id, task.is_leaf)).collect();
    assert_eq!(ids, [("one", false), ("list", true), ("call", true)]);
    let waits_for = tasks[2].waits_for.as_ref().expect("a list");
    assert_eq!(&*waits_for.0, "[{\"task_id\":\"list\",\"type\":\"finish_to_start\"}]");
}

#[test]
fn a_breakdown_waits_for_its_review_and_its_parts_go_when_it_is_rejected() {
    let (plan, tasks) = rows(&broken_down());
    assert_eq!((plan.pending_reviews, plan.leaves_total), (1, 3));
    let call = &tasks[2];
    assert_eq!((call.confidence_permille, call.review.as_deref()), (Some(400), Some("pending")));
    assert_eq!(call.decomposed_by.as_ref().map(|by| &*by.0), Some("\"rules\""));
    let rejected = json!({"task_id": "call", "is_approved": false});
    let (plan, tasks) = rows(&broken_down().then(6, "plan_decomposition_reviewed", rejected));
    assert_eq!((plan.pending_reviews, tasks.len()), (0, 3));
    assert_eq!(tasks[2].review.as_deref(), Some("rejected"));
}

#[test]
fn a_deleted_plan_has_lost_all_that_it_said() {
    let (plan, tasks) = rows(&broken_down().then(9, "plan_deleted", json!({})));
    assert_eq!((&*plan.status, plan.title, plan.goal), ("deleted", None, None));
    assert_eq!((&*plan.roles.0, &*plan.risks.0, plan.content_hash), ("[]", "[]", None));
    assert_eq!((plan.created_at, plan.tasks_total, tasks.len()), (minute(0), 0, 0));
}
