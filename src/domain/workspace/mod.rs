//! A workspace: who belongs to it, which keys open it, where it sends its notices.

mod apply;
mod command;
mod decide;
mod keys;
#[cfg(test)]
mod laws;
mod members;
#[cfg(test)]
mod tests;
mod webhooks;

pub use command::{CreateKey, WorkspaceCommand};
pub use keys::{KEYS_MAX, MEMBER_KEYS_MAX};
pub use members::MEMBERS_MAX;
pub use webhooks::{WEBHOOK_EVENTS_MAX, WEBHOOK_URL_BYTES_MAX, WEBHOOKS_MAX};

use crate::event::workspace::{Role, WebhookSettings};
use crate::{AgentId, KeyId, MemberId, Policy, Text, Timestamp, Title, WebhookId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A workspace, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    phase: WorkspacePhase,
    /// The windows and the places of the events that they went on without.
    skipped_events: BTreeSet<(Title, u64)>,
}

/// Where a workspace is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum WorkspacePhase {
    /// Nobody has made it.
    #[default]
    Absent,
    /// It is there.
    Created(Box<Space>),
}

/// What a workspace holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Space {
    workspace_id: WorkspaceId,
    name: Title,
    /// None until somebody changes it.
    policy: Option<Policy>,
    keys: BTreeMap<KeyId, Key>,
    webhooks: BTreeMap<WebhookId, Webhook>,
    removed_webhooks: BTreeSet<WebhookId>,
    members: BTreeMap<MemberId, Member>,
    former_members: BTreeSet<MemberId>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What it is called.
    pub name: Title,
    /// What its bearer may do.
    pub role: Role,
    /// The agent that bears it.
    pub agent_id: Option<AgentId>,
    /// The member that bears it.
    pub member_id: Option<MemberId>,
    /// The SHA-256 of its secret part, in hexadecimal.
    pub secret_hash: Title,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was made void.
    pub revoked_at: Option<Timestamp>,
}

/// Where a workspace sends notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where and what it sends.
    pub settings: WebhookSettings,
    /// The secret that it signs with, sealed.
    pub sealed_secret: Text,
    /// The secret before, while it signs too.
    pub old_secret: Option<OldSecret>,
    /// The address at which its receiver last said that it wants what is sent.
    pub confirmed_url: Option<Text>,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecret {
    /// The secret, sealed.
    pub sealed_secret: Text,
    /// Until when it signs.
    pub until: Timestamp,
}

/// Somebody who belongs to the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What they are called.
    pub name: Title,
    /// What they may do.
    pub role: Role,
}

impl Key {
    /// Whether it opens anything at that moment.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Webhook {
    /// Whether the receiver at its address said that it wants what is sent.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed_url.as_ref() == Some(&self.settings.url)
    }

    /// The secrets to sign with at that moment, sealed, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &Text> {
        let old = self.old_secret.iter().filter(move |old| now < old.until);
        std::iter::once(&self.sealed_secret).chain(old.map(|old| &old.sealed_secret))
    }
}

impl Workspace {
    /// Whether somebody has made it.
    pub fn is_created(&self) -> bool {
        self.space().is_some()
    }

    /// Its id; none before it is made.
    pub fn workspace_id(&self) -> Option<&WorkspaceId> {
        self.space().map(|space| &space.workspace_id)
    }

    /// What it is called; none before it is made.
    pub fn name(&self) -> Option<&Title> {
        self.space().map(|space| &space.name)
    }

    /// The rules for new executions; none until somebody changes them.
    pub fn policy(&self) -> Option<&Policy> {
        self.space().and_then(|space| space.policy.as_ref())
    }

    /// The keys, valid or not.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.space().into_iter().flat_map(|space| &space.keys)
    }

    /// A key, valid or not.
    pub fn key(&self, key_id: &KeyId) -> Option<&Key> {
        self.space().and_then(|space| space.keys.get(key_id))
    }

    /// Whether a key opens anything at that moment.
    pub fn is_key_valid(&self, key_id: &KeyId, now: Timestamp) -> bool {
        self.key(key_id).is_some_and(|key| key.is_valid(now))
    }

    /// A webhook that was not removed.
    pub fn webhook(&self, webhook_id: &WebhookId) -> Option<&Webhook> {
        self.space().and_then(|space| space.webhooks.get(webhook_id))
    }

    /// Every webhook that was not removed.
    pub fn webhooks(&self) -> impl Iterator<Item = (&WebhookId, &Webhook)> {
        self.space().into_iter().flat_map(|space| &space.webhooks)
    }

    /// Somebody who belongs to it.
    pub fn member(&self, member_id: &MemberId) -> Option<&Member> {
        self.space().and_then(|space| space.members.get(member_id))
    }

    /// Everybody who belongs to it.
    pub fn members(&self) -> impl Iterator<Item = (&MemberId, &Member)> {
        self.space().into_iter().flat_map(|space| &space.members)
    }

    fn space(&self) -> Option<&Space> {
        match &self.phase {
            WorkspacePhase::Absent => None,
            WorkspacePhase::Created(space) => Some(space),
        }
    }
}
