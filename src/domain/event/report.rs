//! What reports are made of: remarks, errors, and the words for what happens to a task.

use crate::{AgentId, Text, Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// What an agent may add to any report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remarks {
    /// One sentence for the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// Longer notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text>,
    /// What the work cost since the last report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The agent's own time; kept, never relied on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_at: Option<Timestamp>,
}

impl Remarks {
    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// What went wrong, in the agent's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskError {
    /// One word for the kind of error: `timeout`, `validation_error`, any other.
    pub error_type: Text,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// Whether trying again may help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_retryable: Option<bool>,
    /// Whether a person must look before anything else happens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_person: bool,
    /// Ways out that the agent sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Text>,
    /// The status code of whatever answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u32>,
    /// How long to wait at least before the next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Why a lease was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The execution was cancelled and the grace period is over.
    Cancelled,
    /// The execution failed.
    Failed,
    /// A person gave the task or the execution to another agent.
    Reassigned,
    /// A person skipped or failed the task.
    Overruled,
    /// The agent was retired.
    AgentRetired,
}

/// What kind of report came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The task was started.
    Started,
    /// It went on.
    Progressed,
    /// It was completed.
    Completed,
    /// It failed.
    Failed,
    /// It is blocked.
    Blocked,
    /// It was given back.
    Released,
}

/// Who broke a task down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DecompositionSource {
    /// The table of patterns.
    Rules,
    /// A language model.
    Model {
        /// Its name.
        name: Text,
        /// The SHA-256 of what it was asked, in hexadecimal.
        prompt_hash: Text,
    },
    /// An agent.
    Agent {
        /// The agent.
        agent_id: AgentId,
    },
    /// A person.
    Person,
}
