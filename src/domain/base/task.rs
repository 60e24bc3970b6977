//! A task as a plan describes it, and what it waits for.

use super::{ActionName, AgentId, Json, RetryPolicy, TaskId, Text, Title};
use serde::{Deserialize, Serialize};

/// What a node of the tree is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A phase of the plan.
    Phase,
    /// A task.
    #[default]
    Task,
    /// A part of a task.
    Subtask,
}

/// What goes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After everything else.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Before the usual.
    High,
    /// Before everything else.
    Critical,
}

/// A phase, task or subtask as a plan describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskDefinition {
    /// Its id, unique in the plan.
    pub task_id: TaskId,
    /// The task that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
    /// What it is called.
    #[serde(default)]
    pub kind: TaskKind,
    /// One line for people.
    pub title: Title,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// The action that an agent must be capable of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// The parameters of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Json>,
    /// The role that does it, where no action is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Title>,
    /// The one agent that may do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// What goes first among what is ready.
    #[serde(default)]
    pub priority: Priority,
    /// How long it should take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_ms: Option<u64>,
    /// How long one attempt may take at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How often it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// How one sees that it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub success_criteria: Vec<Text>,
    /// What a person must approve before it may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Title>,
}

impl TaskDefinition {
    /// A task with an id and a title, and nothing else said.
    pub fn new(task_id: TaskId, title: Title) -> Self {
        Self {
            task_id,
            parent_id: None,
            kind: TaskKind::Task,
            title,
            description: None,
            action: None,
            params: None,
            role: None,
            agent_id: None,
            priority: Priority::Normal,
            estimated_ms: None,
            timeout_ms: None,
            retry: None,
            success_criteria: Vec::new(),
            approval: None,
        }
    }
}

/// What of the one task holds back what of the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependencyType {
    /// The one must be finished before the other starts.
    #[default]
    FinishToStart,
    /// The one must have started before the other starts.
    StartToStart,
    /// The one must be finished before the other finishes.
    FinishToFinish,
    /// The one must have started before the other finishes.
    StartToFinish,
}

impl DependencyType {
    /// Whether it is the start of the other that is held back.
    pub fn gates_start(self) -> bool {
        matches!(self, Self::FinishToStart | Self::StartToStart)
    }

    /// Whether it is met as soon as the one has started.
    pub fn needs_start_only(self) -> bool {
        matches!(self, Self::StartToStart | Self::StartToFinish)
    }
}

/// One task waits for another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// The task that is waited for.
    pub from: TaskId,
    /// The task that waits.
    pub to: TaskId,
    /// What of the one holds back what of the other.
    #[serde(default, rename = "type")]
    pub kind: DependencyType,
    /// Whether the sequencing mode made it, and not the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_implied: bool,
}
