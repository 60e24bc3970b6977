//! What follows from a command to a workspace.

use super::{Space, Workspace, WorkspaceCommand};
use crate::event::workspace::{
    ProjectionEventSkipped, WorkspaceCreated, WorkspaceEvent, WorkspacePolicyChanged,
};
use crate::{Event, Moment, Policy, Rejection, Text, Title, WorkspaceId};

pub(super) type Decision = Result<Vec<Event>, Rejection>;

impl Workspace {
    /// Says what follows from a command; nothing, when it is already so.
    pub fn decide(&self, command: &WorkspaceCommand, moment: &Moment) -> Decision {
        use WorkspaceCommand as Command;
        match command {
            Command::Create { workspace_id, name } => self.create(workspace_id, name, moment),
            Command::ChangePolicy { policy } => self.there()?.change_policy(policy, moment),
            Command::CreateKey(command) => self.there()?.create_key(command, moment),
            Command::RevokeKey { key_id, reason } => {
                self.there()?.revoke_key(key_id, reason.as_ref(), moment)
            }
            Command::RegisterWebhook { webhook_id, settings, sealed_secret } => {
                self.there()?.register_webhook(webhook_id, settings, sealed_secret, moment)
            }
            Command::ChangeWebhook { webhook_id, settings } => {
                self.there()?.change_webhook(webhook_id, settings, moment)
            }
            Command::ConfirmWebhook { webhook_id, url } => {
                self.there()?.confirm_webhook(webhook_id, url, moment)
            }
            Command::RotateWebhookSecret { webhook_id, sealed_secret, old_until } => {
                self.there()?.rotate_secret(webhook_id, sealed_secret, *old_until, moment)
            }
            Command::RemoveWebhook { webhook_id, reason } => {
                self.there()?.remove_webhook(webhook_id, reason.as_ref(), moment)
            }
            Command::AddMember { member_id, name, role } => {
                self.there()?.add_member(member_id, name, *role, moment)
            }
            Command::ChangeMemberRole { member_id, role } => {
                self.there()?.change_role(member_id, *role, moment)
            }
            Command::RemoveMember { member_id } => self.there()?.remove_member(member_id, moment),
            Command::SkipProjectionEvent { projection, position, reason } => {
                self.skip(projection, *position, reason.as_ref(), moment)
            }
        }
    }

    fn skip(
        &self,
        projection: &Title,
        position: u64,
        reason: Option<&Text>,
        moment: &Moment,
    ) -> Decision {
        if self.skipped_events.contains(&(projection.clone(), position)) {
            return Ok(Vec::new());
        }
        let (projection, reason) = (projection.clone(), reason.cloned());
        let (at, by) = (moment.at, moment.by.clone());
        one(ProjectionEventSkipped { projection, position, reason, at, by })
    }

    fn create(&self, workspace_id: &WorkspaceId, name: &Title, moment: &Moment) -> Decision {
        match self.space() {
            Some(space) if space.workspace_id == *workspace_id && space.name == *name => {
                Ok(Vec::new())
            }
            Some(space) => Err(already("workspace", space.workspace_id.as_str())),
            None => {
                let (workspace_id, name) = (workspace_id.clone(), name.clone());
                let (at, by) = (moment.at, moment.by.clone());
                one(WorkspaceCreated { workspace_id, name, at, by })
            }
        }
    }

    fn there(&self) -> Result<&Space, Rejection> {
        self.space().ok_or_else(|| not_found("workspace", ""))
    }
}

impl Space {
    fn change_policy(&self, policy: &Policy, moment: &Moment) -> Decision {
        if let Some(fault) = policy.fault() {
            return Err(Rejection::invalid("/policy", fault));
        }
        if self.policy.as_ref() == Some(policy) {
            return Ok(Vec::new());
        }
        one(WorkspacePolicyChanged { policy: *policy, at: moment.at, by: moment.by.clone() })
    }
}

pub(super) fn one(single: impl Into<WorkspaceEvent>) -> Decision {
    Ok(vec![Event::Workspace(single.into())])
}

pub(super) fn not_found(what: &'static str, id: &str) -> Rejection {
    Rejection::NotFound { what, id: id.to_owned() }
}

pub(super) fn already(what: &'static str, id: &str) -> Rejection {
    Rejection::AlreadyExists { what, id: id.to_owned() }
}

pub(super) fn wrong_state(what: &'static str, id: &str, state: &'static str) -> Rejection {
    Rejection::WrongState { what, id: id.to_owned(), state }
}

/// Refuses one more of something when there are as many as there may be.
pub(super) fn has_room(
    pointer: &str,
    what: &str,
    count: usize,
    max: usize,
) -> Result<(), Rejection> {
    if count < max {
        return Ok(());
    }
    Err(Rejection::invalid(pointer, format!("there are {max} {what} already, as many as fit")))
}
