//! Who calls, as the gate found out.

use super::access::session::actor_of;
use super::code::Code;
use super::problem::Problem;
use super::rights::Right;
use crate::domain::event::workspace::Role;
use crate::domain::{Actor, AgentId, KeyId, WorkspaceId};
use crate::keys::Bearer;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The workspace that there is before anybody makes another.
pub(super) const WORKSPACE: &str = "default";
/// What the one person is called.
const OWNER: &str = "owner";

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) workspace: WorkspaceId,
    pub(super) actor: Actor,
    pub(super) role: Role,
    pub(super) who: Who,
}

/// How it is known who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// There are no keys, and whoever reaches the server is the one person who owns all of it; an
    /// agent is whom the path or the body names.
    OnePerson,
    /// By a key, or by a session that was opened with it.
    Bearer { key_id: Option<KeyId>, agent_id: Option<AgentId> },
}

impl Caller {
    /// The one person of a server without keys.
    pub(super) fn one_person() -> Self {
        Self {
            workspace: WorkspaceId::parse(WORKSPACE).expect("it is an id"),
            actor: Actor::user(OWNER).expect("it is a name"),
            role: Role::Owner,
            who: Who::OnePerson,
        }
    }

    /// Whoever bears this key.
    pub(super) fn bearing(bearer: &Bearer) -> Self {
        Self {
            workspace: bearer.workspace.clone(),
            actor: actor_of(bearer),
            role: bearer.role,
            who: Who::Bearer {
                key_id: Some(bearer.key_id.clone()),
                agent_id: bearer.agent_id.clone(),
            },
        }
    }

    /// Whether the caller has a right; the one person of a server without keys has every one.
    pub(super) fn may(&self, right: Right) -> bool {
        self.who == Who::OnePerson || right.is_of(self.role)
    }

    /// Whether an agent calls, by a key of its own.
    pub(super) fn is_agent(&self) -> bool {
        matches!(&self.who, Who::Bearer { agent_id: Some(_), .. })
    }

    /// The agent that calls, by a key of its own: it sees its own plans only.
    pub(super) fn own_agent_id(&self) -> Option<&AgentId> {
        match &self.who {
            Who::Bearer { agent_id, .. } => agent_id.as_ref(),
            Who::OnePerson => None,
        }
    }

    /// The same caller, acting as an agent; refused to whoever is another one.
    pub(super) fn as_agent(&self, agent_id: &AgentId) -> Result<Self, Problem> {
        let may = match &self.who {
            Who::OnePerson => true,
            Who::Bearer { agent_id: own, .. } => own.as_ref() == Some(agent_id),
        };
        if may {
            return Ok(Self { actor: Actor::agent(agent_id), ..self.clone() });
        }
        Err(Problem::new(Code::Forbidden, format!("this key is not the key of agent {agent_id}")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| {
            tracing::error!(http.path = parts.uri.path(), "a handler was reached past the gate");
            Problem::new(Code::Internal, "something is wrong with the server, and in its log")
        })
    }
}
