//! What can be asked of an agent.

use crate::event::agent::AgentProfile;
use crate::execution::{ContextEntry, MemoryKey};
use crate::{AgentId, ExecutionId, Priority, TaskId, Text, Timestamp};

/// What can be asked of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// Makes an agent known, or brings what is known of it up to date.
    Register {
        /// The agent.
        agent_id: AgentId,
        /// What it says of itself.
        profile: AgentProfile,
    },
    /// Changes what is known of it.
    Change {
        /// What it says of itself, all of it.
        profile: AgentProfile,
    },
    /// Gives it its tasks before or after others.
    SetPriority {
        /// The priority.
        priority: Priority,
    },
    /// Gives it no more tasks for a while.
    Pause {
        /// Why.
        reason: Option<Text>,
    },
    /// Gives it tasks again.
    Resume,
    /// Gives it no more tasks until it registers or resumes.
    Drain,
    /// Sends it away for good.
    Retire {
        /// Why.
        reason: Option<Text>,
    },
    /// Asks whether it has been silent for too long.
    CheckPresence {
        /// Its last sign of life.
        last_seen_at: Timestamp,
        /// How long it may be silent.
        silence_ms: u64,
    },
    /// Says that it was heard of.
    SignOfLife,
    /// Fills one of its slots; belongs to the append that grants the task.
    TakeTask {
        /// The execution.
        execution_id: ExecutionId,
        /// The task.
        task_id: TaskId,
        /// The grant's epoch.
        epoch: u64,
    },
    /// Has it remember something that belongs to no plan; possible before it is registered.
    SetContext(Box<ContextEntry>),
    /// Has it forget something.
    RemoveContext {
        /// What it is found by.
        key: MemoryKey,
    },
}
