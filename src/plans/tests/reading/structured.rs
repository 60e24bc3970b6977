//! The structured JSON of the API.

use crate::house::{edges, options, text, tree};
use planexe_ax_plans::{Input, Options, Sequencing, read};
use serde_json::json;

#[test]
fn parts_may_have_parts_and_every_node_all_that_a_task_has() {
    let plan = json!({"title": "t", "phases": [
        {"phase_id": "p", "name": "P", "approval": "the budget", "tasks": [
            {"task_id": "t", "title": "T", "action": "send_email", "params": {"to": "carol"},
             "agent_id": "agent_1", "timeout_hours": 0.001, "subtasks": [
                {"subtask_id": "s", "description": "S\nmore", "assignee_role": "Analyst",
                 "priority": "low", "estimated_hours": 1.1, "subtasks": [
                    {"subtask_id": "ss", "action": "close", "depends_on": []}]}]}]},
        {"phase_id": "empty", "name": "Leaf"},
    ]});
    let import = text(&plan.to_string()).expect("it is a plan").import;
    let ids: Vec<_> = import.tasks.iter().map(|task| task.task_id.as_str()).collect();
    assert_eq!(ids, ["p", "t", "s", "ss", "empty"]);
    assert_eq!(import.tasks[2].title.as_str(), "S");
    assert_eq!(import.tasks[2].estimated_ms, Some(3_960_000));
    assert_eq!(import.tasks[3].parent_id, Some(import.tasks[2].task_id.clone()));
    assert!(import.goal.is_none() && import.tasks[0].approval.is_some());
}

#[test]
fn an_order_that_is_asked_for_is_implied() {
    let plan = json!({"goal": "g", "phases": [
        {"phase_id": "a", "name": "A", "tasks": [
            {"task_id": "a1", "title": "A1"}, {"task_id": "a2", "title": "A2"}]},
        {"phase_id": "b", "name": "B"},
    ]});
    let bytes = plan.to_string();
    let read = |sequencing: Sequencing| {
        let input = Input { bytes: bytes.as_bytes(), name: "it", kind: None };
        read(input, &Options { sequencing, ..options() }).expect("it is a plan").import
    };
    assert!(edges(&read(Sequencing::Explicit)).is_empty());
    assert_eq!(edges(&read(Sequencing::Phases)), ["a → b *"]);
    assert_eq!(edges(&read(Sequencing::Waterfall)), ["a1 → a2 *", "a → b *"]);
    assert_eq!(tree(&read(Sequencing::Phases)).len(), 4);
}
