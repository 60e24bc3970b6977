//! What is remembered, told by hand.

use super::{MemoryRow, MemoryWindow, context_id, read_context_id};
use crate::story::{Story, execution_of, minute};
use planexe_ax_domain::{TaskId, Title};
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
    assert_eq!((whole.set_at, &*whole.set_by, &*whole.plan_id), (minute(3), "user:mark", "p1"));
    assert_eq!((&*task.task_id, &*task.context_value), ("call", "ask twice"));
    let removed = json!({"context_type": "research", "context_key": "kennel"});
    assert_eq!(rows(&story.then(4, "context_removed", removed)).len(), 1);
}

#[test]
fn an_id_spells_its_key_and_nothing_else_is_an_id() {
    let title = |text| Title::parse(text).expect("a title");
    let task_id = TaskId::parse("task-1.1").expect("an id");
    for task_id in [None, Some(task_id)] {
        let key = (task_id, title("notes"), title("Größe / 100 % - \"x\""));
        let id = context_id("e-1", &key);
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')), "{id}");
        let (execution_id, read) = read_context_id(&id).expect("an id");
        assert_eq!((execution_id.as_str(), read), ("e-1", key));
    }
    for other in ["", "ctx_", "ctx_zz-00-61-61", "ctx_61--61", "ctx_61--61-6", "ctx_61--ff-61"] {
        assert_eq!(read_context_id(other), None, "{other}");
    }
}
