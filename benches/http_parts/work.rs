//! Plans and executions to measure with, made through the door.

use super::client::Client;
use anyhow::Result;
use serde_json::{Value, json};

/// A plan of so many parts of one task, all of one action, none of which waits for another.
pub(crate) fn wide(plan_id: &str, action: &str, parts: usize) -> Value {
    let part = |number: usize| {
        json!({"subtask_id": format!("part_{number}"), "action": action,
            "title": format!("Write to breeder no. {number}"),
            "description": "Refer to what their website says, and ask for a call next week.",
            "params": {"to": "carol@farm.example", "subject": "A question"}})
    };
    plan(plan_id, (0..parts).map(part).collect())
}

/// A plan of parts that wait for each other, in turn of one action and the other.
pub(crate) fn chain(plan_id: &str, actions: [&str; 2], parts: usize) -> Value {
    let part = |number: usize| {
        let before: Vec<_> =
            number.checked_sub(1).map(|n| format!("part_{n}")).into_iter().collect();
        json!({"subtask_id": format!("part_{number}"), "action": actions[number % 2],
            "title": format!("Step no. {number}"), "depends_on": before})
    };
    plan(plan_id, (0..parts).map(part).collect())
}

fn plan(plan_id: &str, parts: Vec<Value>) -> Value {
    let task = json!({"task_id": "task_1", "title": "Write", "subtasks": parts});
    let phase = json!({"phase_id": "phase_1", "name": "Cold outreach", "tasks": [task]});
    json!({"plan_id": plan_id, "goal": "Find breeders who want to talk", "phases": [phase]})
}

/// Reads a plan in.
pub(crate) async fn import(owner: &mut Client, plan: &Value) -> Result<()> {
    owner.post("/api/plans", &plan.to_string()).await.map(|_| ())
}

/// Starts an execution, meant for one agent where one is named.
pub(crate) async fn start(
    owner: &mut Client,
    execution_id: &str,
    plan_id: &str,
    agent_id: Option<&str>,
) -> Result<()> {
    let mut body = json!({"execution_id": execution_id, "plan_id": plan_id});
    if let Some(agent_id) = agent_id {
        body["agent_id"] = agent_id.into();
    }
    owner.post("/api/executions", &body.to_string()).await.map(|_| ())
}

/// A task that was given out.
pub(crate) struct Held {
    pub(crate) execution_id: String,
    pub(crate) task_id: String,
    pub(crate) lease: String,
}

impl Held {
    /// Reads the answer to a poll; none where there was no work.
    pub(crate) fn of(work: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let task = &work["next_task"];
        Some(Self {
            execution_id: text(&work["execution_id"])?,
            task_id: text(&task["task_id"])?,
            lease: text(&task["lease"])?,
        })
    }

    pub(crate) fn path(&self) -> String {
        format!("/api/executions/{}/events", self.execution_id)
    }

    /// A report under this lease.
    pub(crate) fn report(&self, agent_id: &str, kind: &str, event_id: &str) -> Value {
        json!({"event_id": event_id, "agent_id": agent_id, "event_type": kind,
            "agent_timestamp": "2026-02-11T16:09:45Z", "task_id": self.task_id,
            "lease": self.lease, "message": "Read what their website says of their kennel"})
    }
}
