//! Agents, told by hand.

use super::{AgentRow, AgentsWindow};
use crate::story::{Story, minute};
use serde_json::json;

fn story() -> Story {
    let profile = json!({
        "name": "Larry", "role": "caller", "concurrent_tasks_max": 2,
        "capabilities": [{"action": "send_email", "params": ["to"]}],
    });
    let taken = json!({"execution_id": "e1", "task_id": "call", "epoch": 1});
    Story::of("agent/larry")
        .then(0, "agent_registered", json!({"agent_id": "larry", "profile": profile}))
        .then(3, "agent_took_task", taken)
}

fn row(story: &Story) -> AgentRow {
    let rows = story.rows(AgentsWindow).remove(0);
    assert_eq!(rows.len(), 1);
    AgentRow::from_row(&rows[0]).expect("a row")
}

#[test]
fn an_agent_says_what_it_can_do_and_what_it_took_last() {
    let row = row(&story());
    assert_eq!((&*row.name, &*row.kind, &*row.status), ("Larry", "agent", "active"));
    assert_eq!(&*row.capabilities.0, "[{\"action\":\"send_email\",\"params\":[\"to\"]}]");
    assert_eq!((row.registered_at, row.may_take_work), (minute(0), true));
    assert_eq!(
        (row.last_execution_id.as_deref(), row.last_task_id.as_deref()),
        (Some("e1"), Some("call"),)
    );
    assert_eq!((row.last_taken_at, row.version), (Some(minute(3)), 2));
}

#[test]
fn a_paused_or_lost_agent_says_why_and_since_when() {
    let paused = row(&story().then(5, "agent_paused", json!({"reason": "rest"})));
    assert_eq!((&*paused.status, paused.paused_at), ("paused", Some(minute(5))));
    assert_eq!(paused.paused_by.as_deref(), Some("user:mark"));
    assert_eq!(paused.paused_reason.as_deref(), Some("rest"));
    let lost = story().then(40, "agent_lost", json!({"last_seen_at": minute(6)}));
    let lost = row(&lost);
    assert_eq!((&*lost.status, lost.may_take_work), ("lost", false));
    assert_eq!((lost.lost_since, lost.last_seen_at), (Some(minute(40)), Some(minute(6))));
    let retired = row(&story().then(50, "agent_retired", json!({})));
    assert_eq!((&*retired.status, retired.registered_at), ("retired", minute(0)));
}
