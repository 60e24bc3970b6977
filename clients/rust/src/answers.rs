//! What a server tells, as far as this client knows it. What it says beside is kept as it came.

use crate::status::{ExecutionStatus, TaskStatus};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a write stands in the log, and what it left.
#[derive(Debug, Clone, Deserialize)]
pub struct Written {
    /// The position of its last event.
    pub position: u64,
    /// The version of the stream.
    pub version: u64,
}

/// What a write would do.
#[derive(Debug, Clone, Deserialize)]
pub struct Rehearsal {
    /// The events.
    pub events: Vec<RehearsedEvent>,
}

/// An event that would be.
#[derive(Debug, Clone, Deserialize)]
pub struct RehearsedEvent {
    /// What would happen.
    pub event_type: String,
    /// How exactly.
    #[serde(default)]
    pub payload: Value,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What stands on it.
    pub entries: Vec<T>,
    /// Where the next one begins.
    pub next_cursor: Option<String>,
    /// As it came.
    pub json: Value,
}

/// Which program answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// From which backup a server's database was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Restore {
    /// Whether work waits for a word.
    pub is_paused: bool,
    /// Where the log ended in the backup.
    pub position: u64,
}

/// How far an execution is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Progress {
    /// Leaves that are complete or skipped.
    pub tasks_completed: u32,
    /// All leaves.
    pub tasks_total: u32,
    /// The share that is done, 0 to 100.
    pub percent: u8,
    /// The title of the task at work that began first.
    #[serde(default)]
    pub current_task_title: Option<String>,
}

/// What work used.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Usage {
    /// In dollars.
    #[serde(default)]
    pub cost_usd: f64,
    /// How long it was worked.
    #[serde(default)]
    pub duration_ms: u64,
}

/// An execution.
#[derive(Debug, Clone, Deserialize)]
pub struct Execution {
    /// Its id.
    pub execution_id: String,
    /// The plan that it carries out.
    pub plan_id: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// How it stands.
    pub status: ExecutionStatus,
    /// Why it stands so.
    #[serde(default)]
    pub status_message: String,
    /// The one agent that carries it out.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// How far it is.
    pub progress: Progress,
    /// How many tasks there are in each status.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// Blockers that stand.
    #[serde(default)]
    pub blockers_open: u64,
    /// What can be commanded now.
    #[serde(default)]
    pub allowed_commands: Vec<String>,
    /// Words that somebody marked it with.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How much it matters.
    #[serde(default)]
    pub priority: String,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
    /// When it first ran.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub completed_at: Option<String>,
    /// The version of its last event.
    #[serde(default)]
    pub version: u64,
    /// What the work used.
    #[serde(default)]
    pub usage: Usage,
}

/// A task of an execution.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// Its id.
    pub task_id: String,
    /// The task that it is a part of.
    #[serde(default)]
    pub parent_task_id: Option<String>,
    /// One line for people.
    pub title: String,
    /// How it stands.
    pub status: TaskStatus,
    /// How deep it lies in the tree.
    #[serde(default)]
    pub depth: u32,
    /// Whether it has no parts.
    #[serde(default)]
    pub is_leaf: bool,
    /// How much is done, 0 to 100.
    #[serde(default)]
    pub progress_percent: u8,
    /// The agent that has it, or had it last.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// Which attempt this is.
    #[serde(default)]
    pub attempt: u32,
    /// Blockers that stand on it.
    #[serde(default)]
    pub blockers_open: u32,
    /// What is to be done, as a word.
    #[serde(default)]
    pub action: Option<String>,
    /// Who is to do it.
    #[serde(default)]
    pub role: Option<String>,
    /// What came of it.
    #[serde(default)]
    pub output: Value,
    /// Why it failed last.
    #[serde(default)]
    pub last_error: Value,
    /// When work on it began.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When work on it ended.
    #[serde(default)]
    pub ended_at: Option<String>,
}

/// Why a task is not at work.
#[derive(Debug, Clone, Deserialize)]
pub struct Reasons {
    /// Which task.
    pub task_id: String,
    /// All reasons, in sentences.
    pub reasons: Vec<String>,
}

/// An agent.
#[derive(Debug, Clone, Deserialize)]
pub struct Agent {
    /// Its id.
    pub agent_id: String,
    /// What it is called.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub role: Option<String>,
    /// `agent` or `human`.
    #[serde(default)]
    pub kind: String,
    /// How it stands.
    pub status: String,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<Value>,
    /// When it was heard last.
    #[serde(default)]
    pub last_heartbeat: Option<String>,
    /// What it has in hand.
    #[serde(default)]
    pub leases: Vec<HeldTask>,
    /// What came of its work so far.
    #[serde(default)]
    pub track_record: Option<TrackRecord>,
    /// Its first key: told this once, where it was made just now.
    #[serde(default)]
    pub api_key: Option<String>,
}

/// A task in an agent's hands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HeldTask {
    /// The execution.
    pub execution_id: String,
    /// The task.
    pub task_id: String,
}

/// What came of an agent's work.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct TrackRecord {
    /// Tasks that it completed.
    #[serde(default)]
    pub tasks_completed: u64,
    /// Attempts that failed.
    #[serde(default)]
    pub attempts_failed: u64,
    /// Leases that it let expire.
    #[serde(default)]
    pub leases_expired: u64,
}

/// What waits for a person.
#[derive(Debug, Clone, Deserialize)]
pub struct Blocker {
    /// Its id.
    pub blocker_id: String,
    /// The execution that it stands in.
    pub execution_id: String,
    /// The task that it stands on.
    #[serde(default)]
    pub task_id: Option<String>,
    /// The task's title.
    #[serde(default)]
    pub task_title: Option<String>,
    /// What kind it is.
    pub kind: String,
    /// What is wrong or asked.
    #[serde(default)]
    pub message: String,
    /// What the agent suggests.
    #[serde(default)]
    pub suggestions: Value,
    /// Whether it stands.
    pub is_open: bool,
    /// When it was raised.
    #[serde(default)]
    pub raised_at: String,
    /// How it was resolved.
    #[serde(default)]
    pub resolution: Option<String>,
}

/// A plan.
#[derive(Debug, Clone, Deserialize)]
pub struct Plan {
    /// Its id.
    pub plan_id: String,
    /// One line for people.
    #[serde(default)]
    pub title: Option<String>,
    /// How it stands.
    #[serde(default)]
    pub status: String,
    /// How many leaves it has.
    #[serde(default)]
    pub leaf_count: u64,
}

/// A webhook.
#[derive(Debug, Clone, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub webhook_id: String,
    /// Where it goes.
    pub url: String,
    /// What it is told.
    #[serde(default)]
    pub events: Vec<String>,
    /// Whether it is told.
    #[serde(default)]
    pub enabled: bool,
    /// Whether its receiver said that it wants to be told.
    #[serde(default)]
    pub confirmed: bool,
    /// Why it is not told.
    #[serde(default)]
    pub disabled_why: Option<String>,
    /// How many messages wait.
    #[serde(default)]
    pub pending: u64,
    /// How many times in a row it failed.
    #[serde(default)]
    pub failures: u64,
    /// What signs its messages: told this once.
    #[serde(default)]
    pub secret: Option<String>,
}

/// A message to a webhook.
#[derive(Debug, Clone, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub delivery_id: String,
    /// What it tells.
    pub event_type: String,
    /// How it stands.
    pub state: String,
    /// How often it was sent.
    #[serde(default)]
    pub attempts: u64,
    /// What was answered last.
    #[serde(default)]
    pub last_status: Option<u16>,
    /// Why it failed last.
    #[serde(default)]
    pub last_failure: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: String,
}
