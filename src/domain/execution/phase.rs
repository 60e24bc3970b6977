//! Where an execution is in its life, with what only that phase has.

use super::ExecutionStatus;
use crate::{Actor, TaskId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// Where an execution is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Made, not yet asked to run.
    #[default]
    Created,
    /// Waits for its agent.
    Queued {
        /// Since when.
        since: Timestamp,
    },
    /// Its tasks are given out.
    Running,
    /// Blockers stand, and nothing else can go on.
    Blocked {
        /// Since when.
        since: Timestamp,
    },
    /// A person stopped it for a while.
    Paused {
        /// Since when.
        since: Timestamp,
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<Text>,
    },
    /// Every task is complete or skipped.
    Completed,
    /// It can't succeed any more.
    Failed {
        /// The task that decided it.
        task_id: Option<TaskId>,
        /// Why.
        reason: Text,
    },
    /// A person gave it up.
    Cancelled {
        /// Who.
        by: Actor,
        /// Why.
        reason: Option<Text>,
        /// Until when running tasks may wind down.
        grace_ends_at: Timestamp,
    },
}

impl Phase {
    /// The status that everyone sees.
    pub fn status(&self) -> ExecutionStatus {
        match self {
            Self::Created => ExecutionStatus::Created,
            Self::Queued { .. } => ExecutionStatus::Queued,
            Self::Running => ExecutionStatus::Running,
            Self::Blocked { .. } => ExecutionStatus::Blocked,
            Self::Paused { .. } => ExecutionStatus::Paused,
            Self::Completed => ExecutionStatus::Completed,
            Self::Failed { .. } => ExecutionStatus::Failed,
            Self::Cancelled { .. } => ExecutionStatus::Cancelled,
        }
    }
}
