//! Tiny logs written by hand, and the rows that windows make of them: for tests.

use crate::{Entry, Folder, MemoryTables, Row, Window};
use planexe_ax_domain::{Event, StreamName, Timestamp, WorkspaceId};
use serde_json::{Value, json};
use std::sync::Arc;

/// When every story begins.
const BEGIN_MS: i64 = 1_770_823_800_000;

/// A log, written by hand: one stream, one event after the other.
pub(crate) struct Story {
    stream: StreamName,
    log: Vec<(Timestamp, Event)>,
}

/// The moment that many minutes into a story.
pub(crate) fn minute(minute: u64) -> Timestamp {
    Timestamp::from_unix_ms(BEGIN_MS).plus_ms(minute * 60_000)
}

/// An execution of these tasks that runs: each an id and, perhaps, other fields.
pub(crate) fn execution_of(tasks: &Value, dependencies: &Value) -> Story {
    let tasks = tasks.as_array().expect("a list of tasks");
    let created = json!({
        "execution_id": "e1", "plan_id": "p1", "plan_version": 1, "title": "Prospecting",
        "budget": {}, "priority": "normal", "policy": {}, "tasks_total": tasks.len(),
    });
    let titled = tasks.iter().map(|task| {
        let mut task = task.clone();
        let title = format!("Do {}", task["task_id"].as_str().expect("an id"));
        let fields = task.as_object_mut().expect("an object");
        fields.entry("title").or_insert(json!(title));
        task
    });
    let tasks = json!({"tasks": titled.collect::<Vec<_>>()});
    Story::of("execution/e1")
        .then(0, "execution_created", created)
        .then(0, "tasks_added", tasks)
        .then(0, "dependencies_added", json!({ "dependencies": dependencies }))
        .then(0, "execution_queued", json!({}))
        .then(0, "execution_started", json!({}))
}

/// A plan of two steps that an agent brought and that it has begun.
pub(crate) fn own_plan() -> Story {
    let created = json!({
        "execution_id": "own", "plan_id": "own", "plan_version": 3, "title": "Find it out",
        "agent_id": "claude", "budget": {}, "priority": "normal", "policy": {}, "tasks_total": 2,
    });
    let step = |number: u32, action: &str| {
        let id = format!("step_{number}");
        json!({"task_id": id, "title": action, "action": action, "description": action,
            "estimated_ms": 60_000 * number})
    };
    let tasks = json!({"tasks": [step(1, "search"), step(2, "analyze")]});
    let tied = json!({"dependencies": [{"from": "step_1", "to": "step_2"}]});
    let described = json!({"outside_task": "deep-1", "plan_type": "research",
        "reasoning": "nobody knows yet"});
    Story::of("execution/own")
        .then(0, "execution_created", created)
        .then(0, "tasks_added", tasks)
        .then(0, "dependencies_added", tied)
        .then(0, "execution_queued", json!({}))
        .then(0, "own_plan_described", described)
}

/// The same, given up and deleted.
pub(crate) fn gone(story: Story, at: u64) -> Story {
    story.then(at, "execution_cancelled", json!({"grace_ends_at": minute(at)})).then(
        at,
        "own_plan_deleted",
        json!({}),
    )
}

impl Story {
    /// A stream to which nothing happened yet.
    pub(crate) fn of(stream: &str) -> Self {
        Self { stream: StreamName::parse(stream).expect("a stream's name"), log: Vec::new() }
    }

    /// Lets something happen: at that minute and by Mark, where the event has room for it.
    pub(crate) fn then(mut self, at: u64, kind: &str, mut payload: Value) -> Self {
        let entry = Event::catalogue().find(|entry| entry.kind == kind).expect("a kind of event");
        let at = minute(at);
        let fields = payload.as_object_mut().expect("an object");
        for field in entry.fields {
            let usual = match field.name {
                "at" => json!(at),
                "by" => json!({"kind": "user", "id": "mark"}),
                _other => continue,
            };
            fields.entry(field.name).or_insert(usual);
        }
        let event = Event::decode(kind, entry.schema_version, payload.to_string().as_bytes());
        self.log.push((at, event.unwrap_or_else(|error| panic!("{kind}: {error:?}"))));
        self
    }

    /// An agent takes a task, for its first attempt.
    pub(crate) fn granted(self, at: u64, task_id: &str, agent_id: &str) -> Self {
        let granted = json!({
            "task_id": task_id, "agent_id": agent_id, "epoch": 1, "attempt": 1, "nonce": 4711,
            "lease_ms": 1_800_000, "times_out_at": minute(at + 1_440),
        });
        self.then(at, "task_granted", granted)
    }

    /// The rows of each table, once all of it is folded, a batch for each event.
    pub(crate) fn rows(&self, window: impl Window) -> Vec<Vec<Row>> {
        let mut tables = MemoryTables::new(window.tables());
        let count = window.tables().len();
        let mut folder = Folder::new(vec![Arc::new(window)]);
        let workspace = WorkspaceId::parse("default").expect("a name");
        for (version, (at, event)) in (1..).zip(&self.log) {
            let payload = event.payload();
            let stopped = folder.fold(&Entry {
                position: version + 100,
                workspace: &workspace,
                stream: &self.stream,
                version,
                at: *at,
                kind: event.kind(),
                schema_version: event.schema_version(),
                payload: &payload,
            });
            assert_eq!(stopped, [], "at {event:?}");
            folder.flush().writes.into_iter().for_each(|(_, writes)| tables.write(writes));
        }
        let rows = |table: usize| tables.rows(table).map(|(row, _)| row.clone()).collect();
        (0..count).map(rows).collect()
    }
}
