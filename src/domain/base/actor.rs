//! Who did it.

use super::ids::{ID_BYTES_MAX, IdError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What kind of actor acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// An agent.
    Agent,
    /// The engine itself, when a deadline passes or a rule applies.
    System,
}

/// Who gave a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Actor {
    kind: ActorKind,
    id: Arc<str>,
}

/// An actor as it is written, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: ActorKind,
    id: String,
}

impl TryFrom<Written> for Actor {
    type Error = IdError;

    fn try_from(written: Written) -> Result<Self, IdError> {
        Self::new(written.kind, &written.id)
    }
}

impl Actor {
    /// A person, by the name that the door knows.
    pub fn user(id: &str) -> Result<Self, IdError> {
        Self::new(ActorKind::User, id)
    }

    /// An agent, by its id.
    pub fn agent(id: &super::AgentId) -> Self {
        Self { kind: ActorKind::Agent, id: id.as_str().into() }
    }

    /// The engine itself.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: "engine".into() }
    }

    fn new(kind: ActorKind, id: &str) -> Result<Self, IdError> {
        if id.is_empty() {
            return Err(IdError::Empty);
        }
        if id.len() > ID_BYTES_MAX {
            return Err(IdError::TooLong(id.len()));
        }
        if let Some(bad) = id.chars().find(|c| c.is_control()) {
            return Err(IdError::BadCharacter(bad));
        }
        Ok(Self { kind, id: id.into() })
    }

    /// What kind of actor it is.
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this is a person.
    pub fn is_user(&self) -> bool {
        self.kind == ActorKind::User
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            ActorKind::User => "user",
            ActorKind::Agent => "agent",
            ActorKind::System => "system",
        };
        write!(f, "{kind}:{}", self.id)
    }
}
