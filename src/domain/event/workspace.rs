//! What happens to a workspace: its keys, members and webhooks, and what operators do in it.

use crate::catalogue::events;
use crate::{
    Actor, AgentId, KeyId, MemberId, Policy, Text, Timestamp, Title, WebhookId, WorkspaceId,
};
use serde::{Deserialize, Serialize};

/// What somebody may do in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Makes, commands and approves executions.
    Member,
    /// Looks after the machine.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
    /// Takes work and reports on it.
    Agent,
}

/// Where a workspace sends its notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// The address.
    pub url: Text,
    /// Which events, as patterns.
    pub events: Vec<Title>,
    /// The agent that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Whether it is switched on.
    pub is_enabled: bool,
}

events! {
    /// What happens to a workspace.
    enum WorkspaceEvent {
        /// A workspace was made.
        WorkspaceCreated = "workspace_created", 1 {
            /// The workspace.
            workspace_id: WorkspaceId,
            /// What it is called.
            name: Title,
            /// When.
            at: Timestamp,
            /// Who made it.
            by: Actor,
        }
        /// New executions have other rules from here on.
        WorkspacePolicyChanged = "workspace_policy_changed", 1 {
            /// The rules.
            policy: Policy,
            /// When.
            at: Timestamp,
            /// Who changed them.
            by: Actor,
        }
        /// An API key was made; the key itself is stored nowhere.
        KeyCreated = "key_created", 1 {
            /// The key.
            key_id: KeyId,
            /// What it is called.
            name: Title,
            /// What its bearer may do.
            role: Role,
            /// The agent that bears it.
            agent_id: Option<AgentId> = "Option::is_none",
            /// The member that bears it.
            member_id: Option<MemberId> = "Option::is_none",
            /// The SHA-256 of its secret part, in hexadecimal.
            secret_hash: Title,
            /// When it ends by itself.
            expires_at: Option<Timestamp> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who made it.
            by: Actor,
        }
        /// An API key is void.
        KeyRevoked = "key_revoked", 1 {
            /// The key.
            key_id: KeyId,
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who revoked it.
            by: Actor,
        }
        /// A webhook was made.
        WebhookRegistered = "webhook_registered", 1 {
            /// The webhook.
            webhook_id: WebhookId,
            /// Where and what it sends.
            settings: WebhookSettings,
            /// The secret, sealed with a key that is not in the log.
            sealed_secret: Text,
            /// When.
            at: Timestamp,
            /// Who made it.
            by: Actor,
        }
        /// A webhook sends something else, or elsewhere.
        WebhookChanged = "webhook_changed", 1 {
            /// The webhook.
            webhook_id: WebhookId,
            /// Where and what it sends.
            settings: WebhookSettings,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// The receiver of a webhook said that it wants what is sent to this address.
        WebhookConfirmed = "webhook_confirmed", 1 {
            /// The webhook.
            webhook_id: WebhookId,
            /// The address.
            url: Text,
            /// When.
            at: Timestamp,
            /// Who asked the receiver.
            by: Actor,
        }
        /// A webhook signs with a new secret; the old one holds until then.
        WebhookSecretRotated = "webhook_secret_rotated", 1 {
            /// The webhook.
            webhook_id: WebhookId,
            /// The new secret, sealed.
            sealed_secret: Text,
            /// Until when the old secret signs too.
            old_until: Timestamp,
            /// When.
            at: Timestamp,
            /// Who rotated it.
            by: Actor,
        }
        /// A webhook is gone.
        WebhookRemoved = "webhook_removed", 1 {
            /// The webhook.
            webhook_id: WebhookId,
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who removed it.
            by: Actor,
        }
        /// Somebody joined.
        MemberAdded = "member_added", 1 {
            /// The person.
            member_id: MemberId,
            /// What they are called.
            name: Title,
            /// What they may do.
            role: Role,
            /// When.
            at: Timestamp,
            /// Who added them.
            by: Actor,
        }
        /// A member may do other things now.
        MemberRoleChanged = "member_role_changed", 1 {
            /// The person.
            member_id: MemberId,
            /// What they may do.
            role: Role,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// Somebody left.
        MemberRemoved = "member_removed", 1 {
            /// The person.
            member_id: MemberId,
            /// When.
            at: Timestamp,
            /// Who removed them.
            by: Actor,
        }
        /// An operator let a window go on without an event that it could not take in.
        ProjectionEventSkipped = "projection_event_skipped", 1 {
            /// The window.
            projection: Title,
            /// The event's place in the log.
            position: u64,
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who skipped it.
            by: Actor,
        }
    }
}
