//! What one can subscribe to, and which events concern whom.

use super::frame::Frame;
use super::sentence::Told;
use crate::domain::{AgentId, ExecutionId, PlanId, StreamKind, StreamName, TaskId, WorkspaceId};
use crate::store::{LogFilter, Position, RecordedEvent};

/// What one can subscribe to. Nothing of another workspace ever concerns it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// An execution, with its tasks.
    Execution(WorkspaceId, ExecutionId),
    /// A plan, and all executions of it.
    Plan(WorkspaceId, PlanId),
    /// All executions, plans and agents of a workspace; its keys, members and webhooks are for
    /// nobody.
    Workspace(WorkspaceId),
    /// An agent, and what it does.
    Agent(WorkspaceId, AgentId),
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With a snapshot of now.
    Now,
    /// With what follows this position, and then a snapshot.
    After(Position),
}

/// Which frames of a topic are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only events of these kinds.
    pub kinds: Vec<String>,
    /// Only events and updates of these tasks.
    pub tasks: Vec<TaskId>,
    /// Only events and task updates of these agents.
    pub agents: Vec<AgentId>,
    /// Whether updates of tasks are wanted: for one execution and for an agent, unless it is said
    /// otherwise; for a plan and a workspace only then.
    pub task_updates: Option<bool>,
}

impl Topic {
    /// The workspace.
    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Execution(workspace, _)
            | Self::Plan(workspace, _)
            | Self::Workspace(workspace)
            | Self::Agent(workspace, _) => workspace,
        }
    }

    /// The one execution that it is about.
    pub fn execution(&self) -> Option<&ExecutionId> {
        match self {
            Self::Execution(_, execution_id) => Some(execution_id),
            Self::Plan(..) | Self::Workspace(_) | Self::Agent(..) => None,
        }
    }

    /// The events that may concern it.
    pub(super) fn log_filter(&self) -> LogFilter {
        let stream = self.execution().map(StreamName::execution);
        let workspace = Some(self.workspace().clone());
        LogFilter { workspace, stream, ..LogFilter::default() }
    }

    /// Whether an event concerns it, given what is told of the event and the plan that its
    /// execution carries out.
    pub(super) fn concerns(
        &self,
        event: &RecordedEvent,
        told: &Told,
        plan: Option<&PlanId>,
    ) -> bool {
        if event.workspace != *self.workspace() {
            return false;
        }
        let is =
            |kind: StreamKind, id: &str| event.stream.kind() == kind && event.stream.id() == id;
        match self {
            Self::Execution(_, id) => is(StreamKind::Execution, id.as_str()),
            Self::Plan(_, id) => is(StreamKind::Plan, id.as_str()) || plan == Some(id),
            Self::Workspace(_) => event.stream.kind() != StreamKind::Workspace,
            Self::Agent(_, id) => {
                is(StreamKind::Agent, id.as_str()) || told.agent_id.as_ref() == Some(id)
            }
        }
    }
}

impl Filter {
    /// Whether updates of tasks are wanted on a topic.
    pub(super) fn wants_tasks(&self, topic: &Topic) -> bool {
        self.task_updates.unwrap_or(match topic {
            Topic::Execution(..) | Topic::Agent(..) => true,
            Topic::Plan(..) | Topic::Workspace(_) => false,
        })
    }

    /// Whether a frame of a topic is wanted.
    pub fn wants(&self, topic: &Topic, frame: &Frame) -> bool {
        match frame {
            Frame::Event(event) => {
                (self.kinds.is_empty() || self.kinds.iter().any(|kind| *kind == *event.event_type))
                    && self.wants_task(event.task_id.as_deref())
                    && self.wants_agent(event.agent_id.as_deref())
            }
            Frame::TaskUpdate(update) => {
                self.wants_tasks(topic)
                    && self.wants_task(Some(&update.task.task_id))
                    && self.wants_agent(update.task.agent_id.as_deref())
            }
            Frame::Snapshot(_)
            | Frame::ExecutionUpdate(_)
            | Frame::Heartbeat(_)
            | Frame::Lagged(_) => true,
        }
    }

    fn wants_task(&self, task_id: Option<&str>) -> bool {
        self.tasks.is_empty() || self.tasks.iter().any(|id| Some(id.as_str()) == task_id)
    }

    fn wants_agent(&self, agent_id: Option<&str>) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|id| Some(id.as_str()) == agent_id)
    }
}
