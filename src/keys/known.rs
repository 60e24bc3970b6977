//! The keys of all workspaces, folded from what the log says of them.

use super::Refused;
use super::text::{ShownKey, hexadecimal};
use crate::domain::event::workspace::{KeyCreated, Role, WorkspaceEvent};
use crate::domain::{AgentId, Event, KeyId, MemberId, Timestamp, WorkspaceId};
use crate::planted::is_planted;
use std::collections::BTreeMap;

/// The events that say something of keys.
pub(super) const KINDS: [&str; 5] =
    ["key_created", "key_revoked", "member_added", "member_role_changed", "member_removed"];

/// Who bears a key, and what that is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The key.
    pub key_id: KeyId,
    /// What it is called.
    pub name: String,
    /// Where it opens something.
    pub workspace: WorkspaceId,
    /// What its bearer may do.
    pub role: Role,
    /// The agent that bears it.
    pub agent_id: Option<AgentId>,
    /// The member that bears it.
    pub member_id: Option<MemberId>,
}

struct Entry {
    bearer: Bearer,
    secret_hash: String,
    expires_at: Option<Timestamp>,
    is_revoked: bool,
}

/// All keys.
#[derive(Default)]
pub(super) struct Known {
    keys: BTreeMap<KeyId, Entry>,
    members: BTreeMap<(WorkspaceId, MemberId), Role>,
}

impl Known {
    pub(super) fn is_unused(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn take(&mut self, workspace: &WorkspaceId, event: &Event) {
        let Event::Workspace(event) = event else { return };
        let member = |member_id: &MemberId| (workspace.clone(), member_id.clone());
        match event {
            WorkspaceEvent::KeyCreated(made) => self.make(workspace, made),
            WorkspaceEvent::KeyRevoked(revoked) => {
                if let Some(key) = self.keys.get_mut(&revoked.key_id) {
                    key.is_revoked |= key.bearer.workspace == *workspace;
                }
            }
            WorkspaceEvent::MemberAdded(added) => {
                self.members.insert(member(&added.member_id), added.role);
            }
            WorkspaceEvent::MemberRoleChanged(changed) => {
                self.members.insert(member(&changed.member_id), changed.role);
            }
            WorkspaceEvent::MemberRemoved(removed) => {
                self.members.remove(&member(&removed.member_id));
            }
            WorkspaceEvent::WorkspaceCreated(_)
            | WorkspaceEvent::WorkspacePolicyChanged(_)
            | WorkspaceEvent::WebhookRegistered(_)
            | WorkspaceEvent::WebhookChanged(_)
            | WorkspaceEvent::WebhookConfirmed(_)
            | WorkspaceEvent::WebhookSecretRotated(_)
            | WorkspaceEvent::WebhookRemoved(_)
            | WorkspaceEvent::ProjectionEventSkipped(_) => {}
        }
    }

    fn make(&mut self, workspace: &WorkspaceId, made: &KeyCreated) {
        let bearer = Bearer {
            key_id: made.key_id.clone(),
            name: made.name.to_string(),
            workspace: workspace.clone(),
            role: made.role,
            agent_id: made.agent_id.clone(),
            member_id: made.member_id.clone(),
        };
        let secret_hash = made.secret_hash.to_string();
        let entry = Entry { bearer, secret_hash, expires_at: made.expires_at, is_revoked: false };
        self.keys.entry(made.key_id.clone()).or_insert(entry);
    }

    pub(super) fn bearer(&self, shown: &ShownKey, now: Timestamp) -> Result<Bearer, Refused> {
        let entry = self.keys.get(&shown.key_id);
        let nobody = "0".repeat(64);
        let kept = entry.map_or(&nobody, |entry| &entry.secret_hash);
        let fits = is_same(hexadecimal(&shown.hash).as_bytes(), kept.as_bytes());
        let entry = entry.filter(|_| fits).ok_or(Refused::Unknown)?;
        self.good(entry, now).ok_or(Refused::Void)
    }

    pub(super) fn has(&self, key_id: &KeyId) -> bool {
        self.keys.contains_key(key_id)
    }

    pub(super) fn still(&self, key_id: &KeyId, now: Timestamp) -> Option<Bearer> {
        self.keys.get(key_id).and_then(|entry| self.good(entry, now))
    }

    /// The bearer of a key that is good. A member who may do less now has no key that does more.
    fn good(&self, entry: &Entry, now: Timestamp) -> Option<Bearer> {
        let is_over = entry.expires_at.is_some_and(|end| end <= now);
        if (entry.is_revoked && !is_planted("revoked_keys_open")) || is_over {
            return None;
        }
        let mut bearer = entry.bearer.clone();
        if let Some(member_id) = &bearer.member_id {
            let role = self.members.get(&(bearer.workspace.clone(), member_id.clone()))?;
            bearer.role = if *role == Role::Owner { bearer.role } else { *role };
        }
        Some(bearer)
    }
}

/// Compares without telling by its time where the two differ.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |all, (left, right)| all | (left ^ right));
    std::hint::black_box(difference) == 0 && left.len() == right.len()
}
