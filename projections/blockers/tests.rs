//! Blockers, told by hand.

use super::{BlockerRow, BlockersWindow};
use crate::story::{Story, execution_of, minute};
use serde_json::json;

/// Carol is prepared for, called, written to; the books are kept beside it.
fn story() -> Story {
    let tasks = json!([
        {"task_id": "prepare"}, {"task_id": "call"}, {"task_id": "write"}, {"task_id": "books"},
    ]);
    let waits = json!([{"from": "prepare", "to": "call"}, {"from": "call", "to": "write"}]);
    execution_of(&tasks, &waits)
}

fn raised(story: Story, at: u64, blocker_id: &str, task_id: Option<&str>) -> Story {
    let mut payload = json!({
        "blocker_id": blocker_id, "kind": "external_dependency", "message": "Carol is away",
        "suggestions": ["try the vet"], "limit_at": minute(at + 60),
    });
    if let Some(task_id) = task_id {
        payload["task_id"] = json!(task_id);
    }
    story.then(at, "blocker_raised", payload)
}

fn rows(story: &Story) -> Vec<BlockerRow> {
    let rows = story.rows(BlockersWindow).remove(0);
    rows.iter().map(|row| BlockerRow::from_row(row).expect("a row")).collect()
}

#[test]
fn a_blocker_says_what_it_holds_up() {
    let story = raised(story(), 5, "b1", Some("prepare"));
    let [row] = &rows(&story)[..] else { panic!("one row") };
    assert!(row.is_open);
    assert_eq!((row.leaves_held_up, row.task_title.as_deref()), (3, Some("Do prepare")));
    assert_eq!((&*row.kind, row.raised_at), ("external_dependency", minute(5)));
    assert_eq!((row.suggestions.0.as_ref(), row.resolved_at), ("[\"try the vet\"]", None));
    let whole = raised(self::story(), 5, "b1", None);
    assert_eq!(rows(&whole)[0].leaves_held_up, 4);
}

#[test]
fn a_blocker_stays_to_be_seen_when_it_is_resolved() {
    let story = raised(story(), 5, "b1", Some("call"))
        .then(65, "blocker_escalated", json!({"blocker_id": "b1"}))
        .then(
            75,
            "blocker_resolved",
            json!({
                "blocker_id": "b1", "resolution": "approve_alternative", "option": "try the vet",
            }),
        );
    let [row] = &rows(&story)[..] else { panic!("one row") };
    assert!(!row.is_open);
    assert_eq!((row.escalated_at, row.resolved_at), (Some(minute(65)), Some(minute(75))));
    assert_eq!(row.resolution.as_deref(), Some("approve_alternative"));
    assert_eq!(
        (row.option.as_deref(), row.resolved_by.as_deref()),
        (Some("try the vet"), Some("user:mark"),)
    );
    assert_eq!((row.waited_ms, row.leaves_held_up), (Some(70 * 60_000), 2));
}

#[test]
fn blockers_go_with_what_they_stand_on() {
    let story = raised(story(), 5, "b1", Some("write"));
    let story = raised(story, 6, "b2", None)
        .then(8, "execution_amended", json!({"removed": ["write"]}))
        .then(9, "execution_cancelled", json!({"grace_ends_at": minute(10)}));
    let said: Vec<_> = rows(&story).iter().map(|row| row.resolution.clone()).collect();
    assert_eq!(said, [Some("cause_gone".into()), Some("cancel_execution".into())]);
}

#[test]
fn a_pause_moves_the_limit() {
    let story = raised(story(), 5, "b1", Some("call"))
        .then(10, "execution_paused", json!({}))
        .then(30, "execution_resumed", json!({"paused_ms": 1_200_000}));
    assert_eq!(rows(&story)[0].limit_at, Some(minute(85)));
}
