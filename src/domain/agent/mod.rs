//! An agent: what it can do, and whether it may be given work now.

mod apply;
mod command;
mod decide;
#[cfg(test)]
mod laws;
mod memory;
#[cfg(test)]
mod tests;

pub use command::AgentCommand;
pub use decide::{CAPABILITIES_MAX, CONCURRENT_TASKS_MAX, PARAMS_MAX};
pub use memory::{AGENT_MEMORIES_MAX, AGENT_MEMORY_BYTES_MAX};

use crate::event::agent::AgentProfile;
use crate::execution::{Memory, MemoryKey, pairs};
use crate::{ActionName, Actor, AgentId, ExecutionId, Priority, TaskId, Text, Timestamp, Title};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many of the tasks last taken are remembered, to recognise one that is taken again.
const TAKEN_KEPT: usize = 128;

/// An agent, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    phase: AgentPhase,
    /// What it remembers that belongs to no plan.
    #[serde(with = "pairs")]
    memory: BTreeMap<MemoryKey, Memory>,
}

/// Where an agent is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum AgentPhase {
    /// Nobody has heard of it.
    #[default]
    Absent,
    /// It can come and go.
    Registered(Box<Registered>),
    /// It is gone for good.
    Retired {
        agent_id: AgentId,
        profile: Box<AgentProfile>,
        priority: Priority,
        registered_at: Timestamp,
    },
}

/// What is known of an agent that is not gone for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Registered {
    agent_id: AgentId,
    profile: AgentProfile,
    priority: Priority,
    registered_at: Timestamp,
    duty: Duty,
    /// Set while the agent is lost; its duty waits for its return.
    lost: Option<Loss>,
    /// The tasks last taken, oldest first; [`TAKEN_KEPT`] at most.
    taken: VecDeque<TakenTask>,
}

/// What people and the agent itself want of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Duty {
    /// It gets tasks.
    Active,
    /// A person stopped it.
    Paused { reason: Option<Text>, at: Timestamp, by: Actor },
    /// It winds down.
    Draining { at: Timestamp, by: Actor },
}

/// Since when an agent is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Loss {
    last_seen_at: Timestamp,
    at: Timestamp,
}

/// A grant that the agent took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenTask {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The task.
    pub task_id: TaskId,
    /// The grant's epoch.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
}

/// The word for where an agent is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Nobody has heard of it.
    Absent,
    /// It gets tasks.
    Active,
    /// A person stopped it for a while.
    Paused,
    /// It winds down.
    Draining,
    /// It has been silent for too long.
    Lost,
    /// It is gone for good.
    Retired,
}

impl AgentStatus {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Lost => "lost",
            Self::Retired => "retired",
        }
    }
}

impl Agent {
    /// Where it is in its life.
    pub fn status(&self) -> AgentStatus {
        match &self.phase {
            AgentPhase::Absent => AgentStatus::Absent,
            AgentPhase::Retired { .. } => AgentStatus::Retired,
            AgentPhase::Registered(known) => known.status(),
        }
    }

    /// Its id; none before it is registered.
    pub fn agent_id(&self) -> Option<&AgentId> {
        match &self.phase {
            AgentPhase::Absent => None,
            AgentPhase::Registered(known) => Some(&known.agent_id),
            AgentPhase::Retired { agent_id, .. } => Some(agent_id),
        }
    }

    /// What it says of itself; none before it is registered.
    pub fn profile(&self) -> Option<&AgentProfile> {
        match &self.phase {
            AgentPhase::Absent => None,
            AgentPhase::Registered(known) => Some(&known.profile),
            AgentPhase::Retired { profile, .. } => Some(profile),
        }
    }

    /// Whether it gets its tasks before or after others.
    pub fn priority(&self) -> Priority {
        match &self.phase {
            AgentPhase::Absent => Priority::Normal,
            AgentPhase::Registered(known) => known.priority,
            AgentPhase::Retired { priority, .. } => *priority,
        }
    }

    /// When it was first registered; none before that.
    pub fn registered_at(&self) -> Option<Timestamp> {
        match &self.phase {
            AgentPhase::Absent => None,
            AgentPhase::Registered(known) => Some(known.registered_at),
            AgentPhase::Retired { registered_at, .. } => Some(*registered_at),
        }
    }

    /// The task that it took last; none once it is retired.
    pub fn last_taken(&self) -> Option<&TakenTask> {
        match &self.phase {
            AgentPhase::Registered(known) => known.taken.back(),
            AgentPhase::Absent | AgentPhase::Retired { .. } => None,
        }
    }

    /// Whether it may be given a task now, as far as its own stream tells.
    pub fn may_take_work(&self) -> bool {
        self.status() == AgentStatus::Active
    }

    /// Whether it can do a task: the action named, or, where none is, the role.
    pub fn can_do(&self, action: Option<&ActionName>, role: Option<&Title>) -> bool {
        let Some(profile) = self.profile() else { return false };
        match (action, role) {
            (Some(action), _) => profile.capabilities.iter().any(|able| able.action == *action),
            (None, Some(role)) => profile.role.as_ref().is_some_and(|own| is_same_role(own, role)),
            (None, None) => true,
        }
    }

    /// The same agent, as if it were capable of these actions only.
    #[must_use]
    pub fn doing_only(mut self, actions: &[ActionName]) -> Self {
        if let AgentPhase::Registered(known) = &mut self.phase {
            known.profile.capabilities.retain(|it| actions.contains(&it.action));
        }
        self
    }

    /// Its last sign of life before it was lost; none when it is not.
    pub fn last_seen_at(&self) -> Option<Timestamp> {
        match &self.phase {
            AgentPhase::Registered(known) => known.lost.as_ref().map(|loss| loss.last_seen_at),
            AgentPhase::Absent | AgentPhase::Retired { .. } => None,
        }
    }

    /// Since when it is lost; none when it is not.
    pub fn lost_since(&self) -> Option<Timestamp> {
        match &self.phase {
            AgentPhase::Registered(known) => known.lost.as_ref().map(|loss| loss.at),
            AgentPhase::Absent | AgentPhase::Retired { .. } => None,
        }
    }

    /// Why and by whom it was paused; none when it is not.
    pub fn paused_by(&self) -> Option<(&Actor, Timestamp, Option<&Text>)> {
        match &self.phase {
            AgentPhase::Registered(known) => match &known.duty {
                Duty::Paused { reason, at, by } => Some((by, *at, reason.as_ref())),
                Duty::Active | Duty::Draining { .. } => None,
            },
            AgentPhase::Absent | AgentPhase::Retired { .. } => None,
        }
    }
}

impl Registered {
    fn status(&self) -> AgentStatus {
        if self.lost.is_some() {
            return AgentStatus::Lost;
        }
        match self.duty {
            Duty::Active => AgentStatus::Active,
            Duty::Paused { .. } => AgentStatus::Paused,
            Duty::Draining { .. } => AgentStatus::Draining,
        }
    }

    fn has_taken(&self, execution_id: &ExecutionId, task_id: &TaskId, epoch: u64) -> bool {
        self.taken.iter().any(|taken| {
            taken.epoch == epoch && taken.task_id == *task_id && taken.execution_id == *execution_id
        })
    }
}

fn is_same_role(one: &Title, other: &Title) -> bool {
    one.as_str().trim().to_lowercase() == other.as_str().trim().to_lowercase()
}
