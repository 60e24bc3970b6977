//! How executions and tasks stand. A server of a later version may have words that are not here.

use serde::Deserialize;
use std::fmt;

/// The status of an execution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionStatus {
    /// Made, not started.
    Created,
    /// About to run.
    Queued,
    /// Work is given out.
    Running,
    /// Nothing can go on before a person decides.
    Blocked,
    /// Somebody paused it.
    Paused,
    /// All is done.
    Completed,
    /// It failed.
    Failed,
    /// It was given up.
    Cancelled,
    /// A word of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl ExecutionStatus {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Blocked => "BLOCKED",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether nothing is carried out any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Completed | Self::Failed | Self::Cancelled => true,
            Self::Created
            | Self::Queued
            | Self::Running
            | Self::Blocked
            | Self::Paused
            | Self::Unknown => false,
        }
    }
}

impl fmt::Display for ExecutionStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The status of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskStatus {
    /// It waits.
    Queued,
    /// An agent has it.
    Running,
    /// A blocker stands on it.
    Blocked,
    /// It is done.
    Complete,
    /// It was given up as failed.
    Error,
    /// Somebody left it out.
    Skipped,
    /// Its execution was given up.
    Cancelled,
    /// A word of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl TaskStatus {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Blocked => "BLOCKED",
            Self::Complete => "COMPLETE",
            Self::Error => "ERROR",
            Self::Skipped => "SKIPPED",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
