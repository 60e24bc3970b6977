//! What a live stream says.

use crate::answers::Progress;
use crate::status::{ExecutionStatus, TaskStatus};
use crate::work::Verdict;
use serde::Deserialize;

/// A frame of a live stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// How everything stands: what was before it no longer matters.
    Snapshot(Snapshot),
    /// How an execution stands now.
    ExecutionUpdate(ExecutionFrame),
    /// How a task stands now.
    TaskUpdate(TaskFrame),
    /// Something happened.
    Event(Happened),
    /// Everything up to there was sent.
    Heartbeat {
        /// Where.
        position: u64,
    },
    /// The reader was too slow: what it missed follows, and then a snapshot.
    Lagged {
        /// Whether nothing follows any more.
        #[serde(default)]
        is_cut: bool,
    },
    /// What an agent is to do about a task that it holds.
    Directive(Directive),
    /// A poll would probably bring work.
    WorkAvailable {},
    /// The last one.
    Closing {
        /// Why.
        reason: String,
    },
    /// A word of a later version.
    #[serde(other)]
    Unknown,
}

/// How everything stands.
#[derive(Debug, Clone, Deserialize)]
pub struct Snapshot {
    /// The execution that is followed.
    #[serde(default)]
    pub execution: Option<ExecutionState>,
    /// Its tasks, in the order of the plan.
    #[serde(default)]
    pub tasks: Vec<TaskState>,
    /// Whether not everything fits.
    #[serde(default)]
    pub is_partial: bool,
    /// Where it stands.
    pub position: u64,
}

/// How an execution stands.
#[derive(Debug, Clone, Deserialize)]
pub struct ExecutionState {
    /// Its id.
    pub execution_id: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// How it stands.
    pub status: ExecutionStatus,
    /// Why.
    #[serde(default)]
    pub status_message: String,
    /// How far it is.
    pub progress: Progress,
}

/// How an execution stands now.
#[derive(Debug, Clone, Deserialize)]
pub struct ExecutionFrame {
    /// Its id.
    pub execution_id: String,
    /// How it stands.
    pub status: ExecutionStatus,
    /// Why.
    #[serde(default)]
    pub status_message: String,
    /// How far it is.
    pub progress: Progress,
    /// Where it stands.
    pub position: u64,
}

/// How a task stands.
#[derive(Debug, Clone, Deserialize)]
pub struct TaskState {
    /// Its id.
    pub task_id: String,
    /// The task that it is a part of.
    #[serde(default)]
    pub parent_task_id: Option<String>,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// How it stands.
    pub status: TaskStatus,
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
    /// Whether it is gone.
    #[serde(default)]
    pub is_removed: bool,
}

/// How a task stands now.
#[derive(Debug, Clone, Deserialize)]
pub struct TaskFrame {
    /// The execution.
    pub execution_id: String,
    /// The task.
    #[serde(flatten)]
    pub task: TaskState,
    /// Where it stands.
    pub position: u64,
}

/// Something that happened.
#[derive(Debug, Clone, Deserialize)]
pub struct Happened {
    /// What happened.
    pub event_type: String,
    /// The execution that it happened to.
    #[serde(default)]
    pub execution_id: Option<String>,
    /// The task that it is about.
    #[serde(default)]
    pub task_id: Option<String>,
    /// What happened, in a sentence.
    #[serde(default)]
    pub message: String,
    /// When.
    #[serde(default)]
    pub timestamp: String,
    /// Its place in the log.
    pub position: u64,
}

/// What an agent is to do about a task that it holds.
#[derive(Debug, Clone, Deserialize)]
pub struct Directive {
    /// The execution.
    pub execution_id: String,
    /// The task.
    pub task_id: String,
    /// What to do.
    pub verdict: Verdict,
}
