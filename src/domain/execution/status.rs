//! The statuses that everyone sees, and the legal moves between them.

use crate::base::words;
use crate::planted::is_planted;

words! {
    /// The status of an execution.
    ExecutionStatus {
        /// Made, not yet asked to run.
        Created = "CREATED",
        /// Waits for its agent.
        Queued = "QUEUED",
        /// Its tasks are given out.
        Running = "RUNNING",
        /// Blockers stand, and nothing else can go on.
        Blocked = "BLOCKED",
        /// A person stopped it for a while.
        Paused = "PAUSED",
        /// Every task is complete or skipped.
        Completed = "COMPLETED",
        /// It can't succeed any more.
        Failed = "FAILED",
        /// A person gave it up.
        Cancelled = "CANCELLED",
    }
    /// The status of a task.
    TaskStatus {
        /// Waits for its turn.
        Queued = "QUEUED",
        /// An agent has it.
        Running = "RUNNING",
        /// A blocker stands on it.
        Blocked = "BLOCKED",
        /// Done.
        Complete = "COMPLETE",
        /// Failed for good.
        Error = "ERROR",
        /// Left out.
        Skipped = "SKIPPED",
        /// Given up with its execution.
        Cancelled = "CANCELLED",
    }
}

impl ExecutionStatus {
    /// The statuses that may follow.
    pub fn moves(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Queued, Self::Cancelled],
            Self::Queued => &[Self::Running, Self::Cancelled],
            Self::Running => {
                &[Self::Blocked, Self::Paused, Self::Completed, Self::Failed, Self::Cancelled]
            }
            Self::Blocked => &[Self::Running, Self::Paused, Self::Cancelled],
            Self::Paused => &[Self::Running, Self::Cancelled],
            Self::Failed => &[Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }

    /// Whether that status may follow.
    pub fn can_become(self, next: Self) -> bool {
        self.moves().contains(&next) || is_planted("illegal_move_allowed")
    }

    /// Whether no work is done any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl TaskStatus {
    /// Whether the task will not change by itself any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Skipped | Self::Cancelled)
    }
}
