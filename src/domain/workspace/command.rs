//! What can be asked of a workspace.

use crate::event::workspace::{Role, WebhookSettings};
use crate::{AgentId, KeyId, MemberId, Policy, Text, Timestamp, Title, WebhookId, WorkspaceId};

/// What can be asked of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceCommand {
    /// Makes the workspace.
    Create {
        /// The workspace.
        workspace_id: WorkspaceId,
        /// What it is called.
        name: Title,
    },
    /// Gives new executions other rules.
    ChangePolicy {
        /// The rules.
        policy: Box<Policy>,
    },
    /// Makes an API key.
    CreateKey(Box<CreateKey>),
    /// Makes an API key void.
    RevokeKey {
        /// The key.
        key_id: KeyId,
        /// Why.
        reason: Option<Text>,
    },
    /// Makes a webhook.
    RegisterWebhook {
        /// The webhook.
        webhook_id: WebhookId,
        /// Where and what it sends.
        settings: WebhookSettings,
        /// The secret, sealed with a key that is not in the log.
        sealed_secret: Text,
    },
    /// Lets a webhook send something else, or elsewhere.
    ChangeWebhook {
        /// The webhook.
        webhook_id: WebhookId,
        /// Where and what it sends.
        settings: WebhookSettings,
    },
    /// Notes that the receiver of a webhook wants what is sent there.
    ConfirmWebhook {
        /// The webhook.
        webhook_id: WebhookId,
        /// The address that answered.
        url: Text,
    },
    /// Lets a webhook sign with a new secret.
    RotateWebhookSecret {
        /// The webhook.
        webhook_id: WebhookId,
        /// The new secret, sealed.
        sealed_secret: Text,
        /// Until when the old secret signs too.
        old_until: Timestamp,
    },
    /// Removes a webhook.
    RemoveWebhook {
        /// The webhook.
        webhook_id: WebhookId,
        /// Why.
        reason: Option<Text>,
    },
    /// Lets somebody join.
    AddMember {
        /// The person.
        member_id: MemberId,
        /// What they are called.
        name: Title,
        /// What they may do.
        role: Role,
    },
    /// Lets a member do other things.
    ChangeMemberRole {
        /// The person.
        member_id: MemberId,
        /// What they may do.
        role: Role,
    },
    /// Lets somebody leave; their keys are void from then on.
    RemoveMember {
        /// The person.
        member_id: MemberId,
    },
    /// Lets a window go on without an event that it cannot take in; possible before the workspace
    /// is made.
    SkipProjectionEvent {
        /// The window.
        projection: Title,
        /// The event's place in the log.
        position: u64,
        /// Why.
        reason: Option<Text>,
    },
}

/// Makes an API key; the key itself is stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateKey {
    /// The key.
    pub key_id: KeyId,
    /// What it is called.
    pub name: Title,
    /// What its bearer may do.
    pub role: Role,
    /// The agent that bears it; just then the role is [`Role::Agent`].
    pub agent_id: Option<AgentId>,
    /// The member that bears it.
    pub member_id: Option<MemberId>,
    /// The SHA-256 of its secret part, in lower-case hexadecimal.
    pub secret_hash: Title,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}
