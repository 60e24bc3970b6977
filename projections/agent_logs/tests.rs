//! Agents' logs, told by hand.

use super::{AgentLogRow, AgentLogsWindow};
use crate::story::{execution_of, gone, minute, own_plan};
use serde_json::json;

#[test]
fn an_action_and_a_note_each_have_their_entry() {
    let larry = json!({"kind": "agent", "id": "larry"});
    let story = execution_of(&json!([{"task_id": "call"}]), &json!([]))
        .then(
            3,
            "action_logged",
            json!({
                "task_id": "call", "step_number": 2, "action_type": "update_task",
                "entity_type": "breeder", "entity_id": "carol", "description": "called her",
                "before_state": {"calls": 0}, "after_state": {"calls": 1},
                "confidence_permille": 850, "error_message": "engaged", "by": larry,
            }),
        )
        .then(4, "note_added", json!({"text": "she calls back"}));
    let rows = story.rows(AgentLogsWindow).remove(0);
    let rows: Vec<_> = rows.iter().map(|row| AgentLogRow::from_row(row).expect("a row")).collect();
    let [action, note] = &rows[..] else { panic!("two rows") };
    let expected = AgentLogRow {
        workspace: "default".into(),
        execution_id: "e1".into(),
        entry: 1,
        event_position: 106,
        plan_id: "p1".into(),
        own_agent_id: None,
        task_id: Some("call".into()),
        agent_id: Some("larry".into()),
        actor: "agent:larry".into(),
        step_number: Some(2),
        action_type: "update_task".into(),
        entity_type: Some("breeder".into()),
        entity_id: Some("carol".into()),
        description: "called her".into(),
        before_state: Some(crate::JsonText("{\"calls\":0}".into())),
        after_state: Some(crate::JsonText("{\"calls\":1}".into())),
        confidence_permille: Some(850),
        error_message: Some("engaged".into()),
        logged_at: minute(3),
    };
    assert_eq!(action, &expected);
    assert_eq!((&*note.action_type, &*note.description), ("add_note", "she calls back"));
    assert_eq!((note.task_id.as_ref(), note.agent_id.as_ref()), (None, None));
    assert_eq!(&*note.actor, "user:mark");
}

#[test]
fn the_entries_of_an_own_plan_that_is_deleted_are_gone() {
    let logged = json!({"action_type": "add_note", "description": "a thought"});
    let story = own_plan()
        .then(1, "action_logged", logged.clone())
        .then(2, "note_added", json!({"text": "another"}))
        .then(3, "action_logged", logged);
    let rows = story.rows(AgentLogsWindow).remove(0);
    let rows: Vec<_> = rows.iter().map(|row| AgentLogRow::from_row(row).expect("a row")).collect();
    let entries: Vec<_> = rows.iter().map(|row| (row.entry, row.own_agent_id.as_deref())).collect();
    assert_eq!(entries, [(1, Some("claude")), (2, Some("claude")), (3, Some("claude"))]);
    let gone = gone(story.then(4, "note_added", json!({"text": "the last"})), 5);
    assert_eq!(gone.rows(AgentLogsWindow), [Vec::<crate::Row>::new()]);
}
