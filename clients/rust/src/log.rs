//! What a server tells of the log of an execution.

use crate::answers::Page;
use serde::Deserialize;
use serde_json::Value;

/// An event of an execution.
#[derive(Debug, Clone, Deserialize)]
pub struct LogEvent {
    /// What happened.
    pub event_type: String,
    /// Its place in the execution's stream.
    pub version: u64,
    /// Its place in the log.
    pub position: u64,
    /// When it was stored.
    #[serde(default)]
    pub recorded_at: String,
    /// How exactly.
    #[serde(default)]
    pub data: Value,
    /// Who did it, and why.
    #[serde(default)]
    pub metadata: Value,
}

/// A page of events.
pub type EventPage = Page<LogEvent>;

/// What changed between two moments.
#[derive(Debug, Clone, Deserialize)]
pub struct Difference {
    /// The earlier moment, as a version of the execution's stream.
    pub from_version: u64,
    /// The later one.
    pub to_version: u64,
    /// What became of each thing.
    pub changes: Vec<Change>,
}

/// What became of one thing.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    /// `execution` or `task`.
    pub of: String,
    /// Which task.
    #[serde(default)]
    pub task_id: Option<String>,
    /// `came`, `went` or `changed`.
    pub change: String,
    /// What it was.
    #[serde(default)]
    pub before: Value,
    /// What it is.
    #[serde(default)]
    pub after: Value,
}
