//! What happens to an agent.

use crate::catalogue::events;
use crate::{
    ActionName, Actor, AgentId, ExecutionId, Json, Priority, TaskId, Text, Timestamp, Title,
};
use serde::{Deserialize, Serialize};

/// Whether an agent is a program or a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// A program.
    #[default]
    Agent,
    /// A person.
    Human,
}

/// Something that an agent can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// The action.
    pub action: ActionName,
    /// The names of its parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Title>,
}

/// What an agent says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentProfile {
    /// Its name.
    pub name: Title,
    /// Its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Title>,
    /// A program or a person.
    #[serde(default)]
    pub kind: AgentKind,
    /// What it can do; at least one thing.
    pub capabilities: Vec<Capability>,
    /// The services that it works with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_endpoints: Option<Json>,
    /// Where it is told of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<Text>,
    /// How many tasks it can hold at once.
    pub concurrent_tasks_max: u32,
}

events! {
    /// What happens to an agent.
    enum AgentEvent {
        /// An agent made itself known.
        AgentRegistered = "agent_registered", 1 {
            /// The agent.
            agent_id: AgentId,
            /// What it says of itself.
            profile: AgentProfile,
            /// When.
            at: Timestamp,
            /// Who registered it.
            by: Actor,
        }
        /// The agent, or a person, changed what is known of it.
        AgentChanged = "agent_changed", 1 {
            /// What it says of itself, all of it.
            profile: AgentProfile,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// The agent gets its tasks before or after others.
        AgentPriorityChanged = "agent_priority_changed", 1 {
            /// The priority.
            priority: Priority,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// A person stopped the agent for a while: it gets no more tasks.
        AgentPaused = "agent_paused", 1 {
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who paused it.
            by: Actor,
        }
        /// The agent gets tasks again.
        AgentResumed = "agent_resumed", 1 {
            /// When.
            at: Timestamp,
            /// Who resumed it.
            by: Actor,
        }
        /// The agent winds down: it gets no more tasks until it registers or resumes.
        AgentDrained = "agent_drained", 1 {
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// The agent is gone for good.
        AgentRetired = "agent_retired", 1 {
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who retired it.
            by: Actor,
        }
        /// The agent has been silent for too long.
        AgentLost = "agent_lost", 1 {
            /// The last sign of life.
            last_seen_at: Timestamp,
            /// When.
            at: Timestamp,
        }
        /// A lost agent gave a sign of life.
        AgentReturned = "agent_returned", 1 {
            /// When.
            at: Timestamp,
        }
        /// The agent took a task; stands in the same append as the grant, so that no two
        /// servers fill the same slot.
        AgentTookTask = "agent_took_task", 1 {
            /// The execution.
            execution_id: ExecutionId,
            /// The task.
            task_id: TaskId,
            /// The grant's epoch.
            epoch: u64,
            /// When.
            at: Timestamp,
        }
        /// The agent remembers something that belongs to no plan; the same task, type and key
        /// replaces what was there.
        AgentContextSet = "agent_context_set", 1 {
            /// The task that it belongs to, by the agent's own reference: it may name nothing here.
            task_id: Option<TaskId> = "Option::is_none",
            /// What kind of thing it is: `research`, `decisions`, …
            context_type: Title,
            /// What it is called.
            context_key: Title,
            /// What it says.
            context_value: Text,
            /// What else is known of it.
            metadata: Option<Json> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who set it.
            by: Actor,
        }
        /// The agent forgot something that it remembered.
        AgentContextRemoved = "agent_context_removed", 1 {
            /// The task that it belonged to.
            task_id: Option<TaskId> = "Option::is_none",
            /// What kind of thing it was.
            context_type: Title,
            /// What it was called.
            context_key: Title,
            /// When.
            at: Timestamp,
            /// Who took it out.
            by: Actor,
        }
    }
}
