//! The planned part of a timeline, told by hand.

use super::{TimelineRow, TimelineWindow};
use crate::story::{Story, execution_of};
use serde_json::json;

const HOUR_MS: u64 = 3_600_000;

fn rows(story: &Story) -> Vec<(String, u64, u64, bool)> {
    let rows = story.rows(TimelineWindow).remove(0);
    let rows = rows.iter().map(|row| TimelineRow::from_row(row).expect("a row"));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.ordinal);
    let hours = |row: TimelineRow| {
        let (starts, lasts) = (row.planned_start_ms / HOUR_MS, row.planned_ms / HOUR_MS);
        (row.task_id.to_string(), starts, lasts, row.is_critical)
    };
    rows.into_iter().map(hours).collect()
}

fn story() -> Story {
    let tasks = json!([
        {"task_id": "phase", "kind": "phase"},
        {"task_id": "list", "parent_id": "phase", "estimated_ms": 2 * HOUR_MS},
        {"task_id": "books", "parent_id": "phase"},
        {"task_id": "call", "estimated_ms": 3 * HOUR_MS},
    ]);
    execution_of(&tasks, &json!([{"from": "list", "to": "call"}]))
}

#[test]
fn leaves_are_planned_along_what_they_wait_for() {
    assert_eq!(
        rows(&story()),
        [
            ("list".to_owned(), 0, 2, true),
            ("books".to_owned(), 0, 1, false),
            ("call".to_owned(), 2, 3, true),
        ]
    );
}

#[test]
fn a_new_breakdown_moves_the_plan() {
    let part = |id: &str| {
        let estimate = 4 * HOUR_MS;
        json!({"task_id": id, "parent_id": "call", "title": id, "estimated_ms": estimate})
    };
    let story = story().then(
        1,
        "decomposition_adopted",
        json!({
            "task_id": "call", "subtasks": [part("dial"), part("talk")], "source": "rules",
            "confidence_permille": 900, "needs_review": false,
            "dependencies": [{"from": "dial", "to": "talk"}],
        }),
    );
    assert_eq!(
        rows(&story)[2..],
        [("dial".to_owned(), 2, 4, true), ("talk".to_owned(), 6, 4, true),]
    );
    let story = story.then(2, "decomposition_rejected", json!({"task_id": "call"}));
    assert_eq!(rows(&story).last(), Some(&("call".to_owned(), 2, 3, true)));
    let story = story.then(3, "execution_amended", json!({"removed": ["phase"]}));
    assert_eq!(rows(&story), [("call".to_owned(), 0, 3, true)]);
}
