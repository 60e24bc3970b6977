//! One step of an execution's log: what happened, by whom and why, and what became of what.

use crate::cli::out::text::{plain, wrapped};
use crate::cli::out::{Paint, Screen};
use planexe_ax_client::{Change, LogEvent};
use serde_json::{Value, json};

/// What of a change is told in words: the rest is figures that follow from it.
const TOLD: [&str; 7] = [
    "status",
    "status_message",
    "agent_id",
    "attempt",
    "progress_percent",
    "blockers_open",
    "waits_for",
];

/// A step.
pub(super) struct Step {
    pub(super) event: LogEvent,
    pub(super) changes: Vec<Change>,
}

impl Step {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        let Self { event, changes } = self;
        let changes: Vec<_> = changes.iter().map(changed).collect();
        json!({
            "version": event.version,
            "position": event.position,
            "event_type": event.event_type,
            "recorded_at": event.recorded_at,
            "actor": self.actor(),
            "why": self.why(),
            "data": event.data,
            "changes": changes,
        })
    }

    /// For people.
    pub(super) fn sentences(&self, screen: &Screen, last: u64) -> Vec<String> {
        let LogEvent { version, event_type, recorded_at, data, .. } = &self.event;
        let task = data["task_id"].as_str().map(|id| format!(" {}", plain(id)));
        let what = format!("{}{}", plain(event_type), task.unwrap_or_default());
        let head = format!("{version}/{last} {}", screen.paint(Paint::Strong, &what));
        let room = screen.columns.saturating_sub(4);
        let mut beside = vec![format!("{} by {}", plain(recorded_at), plain(&self.actor()))];
        beside.extend(self.why().map(|why| format!("why: {}", plain(&why))));
        beside.extend(self.changes.iter().flat_map(told));
        let beside = beside.iter().flat_map(|text| wrapped(text, room));
        std::iter::once(head).chain(beside.map(|line| format!("    {line}"))).collect()
    }

    fn actor(&self) -> String {
        let actor = &self.event.metadata["actor"];
        let text = |name: &str| actor[name].as_str().unwrap_or_default().to_owned();
        let (kind, id) = (text("kind"), text("id"));
        if id.is_empty() { kind } else { format!("{kind}:{id}") }
    }

    /// What whoever did it said of it.
    fn why(&self) -> Option<String> {
        let LogEvent { data, metadata, .. } = &self.event;
        let places = [
            &metadata["reason"],
            &data["reason"],
            &data["remarks"]["message"],
            &data["message"],
            &data["error"]["message"],
            &data["note"],
        ];
        places.into_iter().find_map(Value::as_str).map(str::to_owned)
    }
}

fn changed(change: &Change) -> Value {
    json!({
        "of": change.of,
        "task_id": change.task_id,
        "change": change.change,
        "before": change.before,
        "after": change.after,
    })
}

/// A change in words.
fn told(change: &Change) -> Vec<String> {
    let name = plain(change.task_id.as_deref().unwrap_or(&change.of));
    if change.change != "changed" {
        return vec![format!("{name} {}", plain(&change.change))];
    }
    let field = |field: &str| {
        let (before, after) = (change.before.get(field)?, change.after.get(field)?);
        Some(format!("{name} {field}: {} → {}", shown(before), shown(after)))
    };
    TOLD.iter().filter_map(|it| field(it)).collect()
}

fn shown(value: &Value) -> String {
    match (value.is_null(), value.as_str()) {
        (true, _) => "none".to_owned(),
        (false, Some(text)) => plain(text),
        (false, None) => plain(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Screen, Step};
    use serde_json::{from_value, json};

    #[test]
    fn a_step_says_what_happened_by_whom_why_and_what_became_of_what() {
        let event = json!({"event_type": "task_completed", "version": 7, "position": 17,
            "recorded_at": "2026-02-11T16:10:27Z", "data": {"task_id": "task_1"},
            "metadata": {"actor": {"kind": "agent", "id": "larry"}, "reason": "all\u{1b} done"}});
        let change = json!({"of": "task", "task_id": "task_1", "change": "changed",
            "before": {"status": "RUNNING", "tokens": 1},
            "after": {"status": "COMPLETE", "tokens": 2}});
        let step = Step {
            event: from_value(event).expect("it is an event"),
            changes: vec![from_value(change).expect("it is a change")],
        };
        let told = step.sentences(&Screen::paper(60, 24), 9).join("\n");
        assert_eq!(
            told,
            "7/9 task_completed task_1\n    2026-02-11T16:10:27Z by agent:larry\n    \
             why: all␛ done\n    task_1 status: RUNNING → COMPLETE"
        );
        assert_eq!(step.json()["why"], "all\u{1b} done");
    }
}
