//! Agents' own plans, told by hand.

use super::{AgentPlanRow, AgentPlansWindow};
use crate::story::{Story, execution_of, gone, minute, own_plan};
use serde_json::{Value, json};

fn rows(story: &Story) -> Vec<AgentPlanRow> {
    let rows = story.rows(AgentPlansWindow).remove(0);
    rows.iter().map(|row| AgentPlanRow::from_row(row).expect("a row")).collect()
}

#[test]
fn a_plan_that_an_agent_brought_has_a_row_in_the_documents_words() {
    let [row] = &rows(&own_plan())[..] else { panic!("one row") };
    assert_eq!((&*row.plan_id, row.agent_id.as_deref()), ("own", Some("claude")));
    assert_eq!((row.task_id.as_deref(), &*row.plan_type), (Some("deep-1"), "research"));
    assert_eq!((row.current_step, row.total_steps, &*row.status), (1, 2, "pending"));
    assert_eq!(row.agent_reasoning.as_deref(), Some("nobody knows yet"));
    assert_eq!(row.created_at, minute(0));
    let shown: Value = serde_json::from_str(&row.plan_json.0).expect("JSON");
    let steps = json!({"steps": [
        {"step": 1, "action": "search", "description": "search", "estimated_duration": 1,
            "dependencies": [], "task_id": "step_1", "status": "QUEUED"},
        {"step": 2, "action": "analyze", "description": "analyze", "estimated_duration": 2,
            "dependencies": [1], "task_id": "step_2", "status": "QUEUED"},
    ]});
    assert_eq!(shown, steps);
}

#[test]
fn its_step_and_status_follow_from_what_happens_to_the_execution() {
    let begun = own_plan().then(1, "execution_started", json!({})).granted(1, "step_1", "claude");
    let [row] = &rows(&begun)[..] else { panic!("one row") };
    assert_eq!((row.current_step, &*row.status), (1, "in_progress"));
    let done = begun.then(2, "task_completed", json!({"task_id": "step_1", "epoch": 1}));
    let [row] = &rows(&done)[..] else { panic!("one row") };
    assert_eq!((row.current_step, &*row.status), (2, "in_progress"));
}

#[test]
fn neither_other_executions_nor_deleted_plans_have_a_row() {
    let other = execution_of(&json!([{"task_id": "call"}]), &json!([]));
    assert_eq!(rows(&other), []);
    assert_eq!(rows(&gone(own_plan(), 1)), []);
}
