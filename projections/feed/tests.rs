//! The feed, told by hand.

use super::{FeedRow, FeedWindow};
use crate::story::{Story, execution_of, minute};
use serde_json::json;

fn rows(story: &Story) -> Vec<FeedRow> {
    let rows = story.rows(FeedWindow).remove(0);
    rows.iter().map(|row| FeedRow::from_row(row).expect("a row")).collect()
}

fn sentences(story: &Story) -> Vec<String> {
    rows(story).iter().map(|row| row.sentence.to_string()).collect()
}

#[test]
fn work_is_told_with_titles_and_agents() {
    let tasks = json!([{"task_id": "mail", "title": "Send interview e-mail"}]);
    let error = json!({"error_type": "external_dependency_blocked", "message": "no answer"});
    let story = execution_of(&tasks, &json!([]))
        .granted(1, "mail", "larry")
        .then(
            2,
            "task_failed",
            json!({
                "task_id": "mail", "agent_id": "larry", "epoch": 1, "attempt": 1, "error": error,
            }),
        )
        .then(2, "retry_scheduled", json!({"task_id": "mail", "retry_at": minute(7)}))
        .then(7, "retry_came_due", json!({"task_id": "mail"}));
    let told = sentences(&story);
    assert_eq!(told[0], "mark made the execution \"Prospecting\"");
    assert_eq!(
        told[5..],
        [
            "larry took \"Send interview e-mail\"".to_owned(),
            "larry failed at \"Send interview e-mail\": external_dependency_blocked: no answer"
                .into(),
            format!(
                "Retry of \"Send interview e-mail\" at {} after external_dependency_blocked",
                minute(7)
            ),
            "\"Send interview e-mail\" can be tried again".into(),
        ]
    );
    let failed = &rows(&story)[6];
    assert_eq!((&*failed.event_group, &*failed.actor), ("problem", "agent:larry"));
    assert_eq!(
        (failed.task_id.as_deref(), failed.agent_id.as_deref()),
        (Some("mail"), Some("larry"),)
    );
    assert_eq!(
        (failed.execution_id.as_deref(), failed.plan_id.as_deref()),
        (Some("e1"), Some("p1"),)
    );
    assert_eq!((failed.event_position, failed.version), (107, 7));
}

#[test]
fn a_resolved_blocker_is_told_with_its_task() {
    let blocked = json!({
        "blocker_id": "b1", "kind": "incident", "message": "Carol is\naway", "task_id": "mail",
    });
    let resolved =
        json!({"blocker_id": "b1", "resolution": "approve_alternative", "option": "try the vet"});
    let story = execution_of(&json!([{"task_id": "mail"}]), &json!([]))
        .then(1, "blocker_raised", blocked)
        .then(2, "blocker_resolved", resolved);
    assert_eq!(
        sentences(&story)[5..],
        [
            "mark blocked \"Do mail\": Carol is away",
            "mark resolved the blocker on \"Do mail\": \"try the vet\"",
        ]
    );
}

#[test]
fn secrets_and_addresses_stay_out() {
    let key = json!({"key_id": "k1", "name": "Larry's", "role": "agent", "secret_hash": "5ec2e7"});
    let hook = json!({
        "webhook_id": "w1", "sealed_secret": "5ec2e7",
        "settings": {"url": "https://x/?token=5ec2e7", "events": [], "is_enabled": true},
    });
    let workspace = Story::of("workspace/default")
        .then(0, "workspace_created", json!({"workspace_id": "default", "name": "The farm"}))
        .then(1, "key_created", key)
        .then(2, "webhook_registered", hook);
    let task = execution_of(&json!([{"task_id": "mail"}]), &json!([])).granted(1, "mail", "larry");
    for row in rows(&workspace).iter().chain(&rows(&task)) {
        let said = format!("{row:?}");
        assert!(!said.contains("5ec2e7") && !said.contains("4711"), "{said}");
    }
    assert_eq!(sentences(&workspace)[1], "mark made the key \"Larry's\" for the role agent");
}

#[test]
fn a_plan_that_is_deleted_leaves_none_of_its_words() {
    let imported = json!({
        "plan_id": "p1", "title": "Secret garden", "source": {"format": "json"}, "tasks_total": 1,
    });
    let task = json!({"task_id": "t1", "title": "Dig in the secret garden"});
    let story = Story::of("plan/p1")
        .then(0, "plan_imported", imported)
        .then(0, "plan_tasks_added", json!({"tasks": [task]}))
        .then(1, "plan_deleted", json!({}));
    assert_eq!(
        sentences(&story),
        ["mark imported the plan, with 1 task", "1 task was read in", "mark deleted the plan",]
    );
}
