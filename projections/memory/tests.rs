//! What is remembered, told by hand.

use super::{Holder, MemoryRow, MemoryWindow, context_id, read_context_id};
use crate::story::{Story, execution_of, gone, minute, own_plan};
use planexe_ax_domain::{AgentId, ExecutionId, TaskId, Title};
use serde_json::json;

fn rows(story: &Story) -> Vec<MemoryRow> {
    let rows = story.rows(MemoryWindow).remove(0);
    rows.iter().map(|row| MemoryRow::from_row(row).expect("a row")).collect()
}

#[test]
fn what_is_set_again_replaces_what_was_there_and_what_is_removed_is_gone() {
    let kennel = |value: &str| {
        let (kind, key) = ("research", "kennel");
        json!({"context_type": kind, "context_key": key, "context_value": value})
    };
    let of_task = json!({
        "task_id": "call", "context_type": "research", "context_key": "kennel",
        "context_value": "ask twice", "metadata": {"sure": true},
    });
    let story = execution_of(&json!([{"task_id": "call"}]), &json!([]))
        .then(1, "context_set", kennel("green door"))
        .then(2, "context_set", of_task)
        .then(3, "context_set", kennel("red door"));
    let [whole, task] = &rows(&story)[..] else { panic!("two rows") };
    assert_eq!((&*whole.task_id, &*whole.context_value), ("", "red door"));
    assert_eq!(
        (whole.set_at, &*whole.set_by, whole.plan_id.as_deref()),
        (minute(3), "user:mark", Some("p1"))
    );
    assert_eq!((&*task.task_id, &*task.context_value), ("call", "ask twice"));
    let removed = json!({"context_type": "research", "context_key": "kennel"});
    assert_eq!(rows(&story.then(4, "context_removed", removed)).len(), 1);
}

#[test]
fn an_id_spells_its_key_and_nothing_else_is_an_id() {
    let title = |text| Title::parse(text).expect("a title");
    let task_id = TaskId::parse("task-1.1").expect("an id");
    let execution = Holder::Execution(ExecutionId::parse("e-1").expect("an id"));
    let agent = Holder::Agent(AgentId::parse("e-1").expect("an id"));
    let key = |task_id| (task_id, title("notes"), title("Größe / 100 % - \"x\""));
    let all = [(execution.clone(), None), (execution, Some(task_id)), (agent, None)];
    let ids = all.map(|(holder, task_id)| {
        let id = context_id(&holder, &key(task_id.clone()));
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')), "{id}");
        assert_eq!(read_context_id(&id), Some((holder, key(task_id))));
        id
    });
    assert!(ids[0] != ids[1] && ids[0] != ids[2]);
    for other in ["", "ctx_", "ctx_zz-00-61-61", "ctx_61--61", "ctx_61--61-6", "ctx_61--ff-61"] {
        assert_eq!(read_context_id(other), None, "{other}");
    }
}

#[test]
fn what_an_own_plan_remembers_is_its_agents_and_goes_with_the_plan() {
    let goal = json!({"task_id": "deep-1", "context_type": "research", "context_key": "goal",
        "context_value": "question every assumption"});
    let more = json!({"context_type": "notes", "context_key": "n", "context_value": "v"});
    let story = own_plan().then(1, "context_set", goal).then(2, "context_set", more);
    let known = rows(&story);
    assert_eq!(known.len(), 2);
    assert!(known.iter().all(|row| row.agent_id.as_deref() == Some("claude")), "{known:?}");
    assert_eq!(rows(&gone(story, 3)), []);
}

#[test]
fn what_an_agent_remembers_beside_its_plans_has_no_plan() {
    let goal = json!({"task_id": "deep-1", "context_type": "research", "context_key": "goal",
        "context_value": "question every assumption"});
    let story = Story::of("agent/claude").then(1, "agent_context_set", goal);
    let [row] = &rows(&story)[..] else { panic!("one row") };
    assert_eq!((&*row.holder, row.plan_id.as_deref()), ("agent/claude", None));
    assert_eq!((row.agent_id.as_deref(), &*row.task_id), (Some("claude"), "deep-1"));
    let removed = json!({"task_id": "deep-1", "context_type": "research", "context_key": "goal"});
    assert_eq!(rows(&story.then(2, "agent_context_removed", removed)), []);
}
