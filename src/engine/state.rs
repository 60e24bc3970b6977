//! The state of any stream: one of the four kinds, behind one door.

use crate::domain::agent::{Agent, AgentCommand};
use crate::domain::execution::tree::SharedDefinitions;
use crate::domain::execution::{Execution, ExecutionCommand, HandleError};
use crate::domain::plan::{Plan, PlanCommand};
use crate::domain::workspace::{Workspace, WorkspaceCommand};
use crate::domain::{Event, IllegalTransition, Moment, Rejection, StreamKind};
use sha2::{Digest, Sha256};

/// Raised by hand whenever the same events fold to another state: snapshots of the old fold are
/// of no use then.
const FOLD_VERSION: u32 = 1;

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
    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Execution(state) => serde_json::to_vec(state),
            Self::Plan(state) => serde_json::to_vec(state),
            Self::Agent(state) => serde_json::to_vec(state),
            Self::Workspace(state) => serde_json::to_vec(state),
        }
    }

    /// A state from the bytes of a snapshot.
    pub(super) fn decode(kind: StreamKind, bytes: &[u8]) -> Result<Self, serde_json::Error> {
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

    /// The plan, when it is one.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Plan(state) => Some(state),
            Self::Agent(_) | Self::Execution(_) | Self::Workspace(_) => None,
        }
    }
}

/// Names the fold: the shapes of all events, and [`FOLD_VERSION`].
pub fn fold_fingerprint() -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(FOLD_VERSION.to_be_bytes());
    hash.update(env!("CARGO_PKG_VERSION"));
    for entry in Event::catalogue() {
        hash.update(entry.kind);
        hash.update(entry.schema_version.to_be_bytes());
        for field in entry.fields {
            hash.update(field.name);
            hash.update(field.type_name);
        }
    }
    let digest = hash.finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}
