//! The state of any stream: one of the four kinds, behind one door.

use crate::agent::{Agent, AgentCommand};
use crate::execution::tree::SharedDefinitions;
use crate::execution::{Execution, ExecutionCommand, HandleError};
use crate::plan::{Plan, PlanCommand};
use crate::workspace::{Workspace, WorkspaceCommand};
use crate::{Event, IllegalTransition, Moment, Rejection, StreamKind};

/// A command to any stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To an execution.
    Execution(ExecutionCommand),
    /// To a plan.
    Plan(PlanCommand),
    /// To an agent.
    Agent(AgentCommand),
    /// To a workspace.
    Workspace(WorkspaceCommand),
}

/// The state of a stream, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// An execution.
    Execution(Box<Execution>),
    /// A plan.
    Plan(Box<Plan>),
    /// An agent.
    Agent(Box<Agent>),
    /// A workspace.
    Workspace(Box<Workspace>),
}

impl State {
    /// The state of a stream that holds nothing yet.
    pub fn new(kind: StreamKind) -> Self {
        match kind {
            StreamKind::Execution => Self::Execution(Box::default()),
            StreamKind::Plan => Self::Plan(Box::default()),
            StreamKind::Agent => Self::Agent(Box::default()),
            StreamKind::Workspace => Self::Workspace(Box::default()),
        }
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        match self {
            Self::Execution(state) => state.apply(event),
            Self::Plan(state) => state.apply(event),
            Self::Agent(state) => state.apply(event),
            Self::Workspace(state) => state.apply(event),
        }
    }

    /// Decides, and applies what was decided.
    pub fn handle(
        &mut self,
        command: &Command,
        moment: &Moment,
    ) -> Result<Vec<Event>, HandleError> {
        let events = match (&mut *self, command) {
            (Self::Execution(state), Command::Execution(command)) => {
                return state.handle(command, moment);
            }
            (Self::Plan(state), Command::Plan(command)) => state.decide(command, moment)?,
            (Self::Agent(state), Command::Agent(command)) => state.decide(command, moment)?,
            (Self::Workspace(state), Command::Workspace(command)) => {
                state.decide(command, moment)?
            }
            (Self::Execution(_) | Self::Plan(_) | Self::Agent(_) | Self::Workspace(_), _) => {
                return Err(Rejection::invalid("", "this command is for another stream").into());
            }
        };
        for event in &events {
            self.apply(event)?;
        }
        Ok(events)
    }

    /// The state as bytes, for a snapshot.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Execution(state) => serde_json::to_vec(state),
            Self::Plan(state) => serde_json::to_vec(state),
            Self::Agent(state) => serde_json::to_vec(state),
            Self::Workspace(state) => serde_json::to_vec(state),
        }
    }

    /// A state from the bytes of a snapshot.
    pub fn decode(kind: StreamKind, bytes: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            StreamKind::Execution => Self::Execution(serde_json::from_slice(bytes)?),
            StreamKind::Plan => Self::Plan(serde_json::from_slice(bytes)?),
            StreamKind::Agent => Self::Agent(serde_json::from_slice(bytes)?),
            StreamKind::Workspace => Self::Workspace(serde_json::from_slice(bytes)?),
        })
    }

    /// Lets an execution keep what others of its plan describe in the same words only once.
    pub fn share_definitions(&mut self, shared: &mut SharedDefinitions) {
        match self {
            Self::Execution(state) => state.share_definitions(shared),
            Self::Plan(_) | Self::Agent(_) | Self::Workspace(_) => {}
        }
    }

    /// The execution, when it is one.
    pub fn execution(&self) -> Option<&Execution> {
        match self {
            Self::Execution(state) => Some(state),
            Self::Plan(_) | Self::Agent(_) | Self::Workspace(_) => None,
        }
    }

    /// The agent, when it is one.
    pub fn agent(&self) -> Option<&Agent> {
        match self {
            Self::Agent(state) => Some(state),
            Self::Plan(_) | Self::Execution(_) | Self::Workspace(_) => None,
        }
    }

    /// The workspace, when it is one.
    pub fn workspace(&self) -> Option<&Workspace> {
        match self {
            Self::Workspace(state) => Some(state),
            Self::Agent(_) | Self::Plan(_) | Self::Execution(_) => None,
        }
    }

    /// The plan, when it is one.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Plan(state) => Some(state),
            Self::Agent(_) | Self::Execution(_) | Self::Workspace(_) => None,
        }
    }
}
