//! Who calls. Without keys, the server listens on this machine only, and whoever reaches it is the
//! one person who owns all of it; an agent is whom the path or the body names.

use super::problem::Problem;
use crate::domain::{Actor, WorkspaceId};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The workspace that there is before anybody makes another.
const WORKSPACE: &str = "default";
/// What the one person is called.
const OWNER: &str = "owner";

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) workspace: WorkspaceId,
    pub(super) actor: Actor,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self {
            workspace: WorkspaceId::parse(WORKSPACE).expect("it is an id"),
            actor: Actor::user(OWNER).expect("it is a name"),
        })
    }
}
