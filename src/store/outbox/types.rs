//! The words of the outbox: webhooks as the sender keeps them, and what is on its way to each.

use crate::domain::{Timestamp, WebhookId, WorkspaceId};
use crate::store::types::Position;

/// A webhook of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebhookKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The webhook.
    pub webhook_id: WebhookId,
}

/// The lead over all senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderLead {
    /// The fence: rises with each new sender.
    pub epoch: u64,
    /// Up to where the log was looked at.
    pub position: Position,
}

/// A webhook, as the sender keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Which one.
    pub key: WebhookKey,
    /// Its settings at the sender's position, as JSON.
    pub settings: String,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// Why it was switched off, when somebody or something said so.
    pub disabled_why: Option<String>,
    /// Where its own cursor is, when more waits for it than fits; else it is the sender's.
    pub behind_at: Option<Position>,
    /// How many attempts failed in a row.
    pub failures: u64,
    /// Until when it is left alone.
    pub hold_until: Timestamp,
    /// How many deliveries wait.
    pub pending: u64,
}

/// What becomes of a webhook as its workspace's stream is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointChange {
    /// It is there, with these settings.
    Put {
        /// Which one.
        key: WebhookKey,
        /// Its settings, as JSON.
        settings: String,
        /// Whether it is switched on.
        is_enabled: bool,
        /// Why it was switched off, when that is known.
        disabled_why: Option<String>,
    },
    /// It is gone.
    Drop(WebhookKey),
}

impl EndpointChange {
    /// Of which webhook.
    pub fn key(&self) -> &WebhookKey {
        match self {
            Self::Put { key, .. } | Self::Drop(key) => key,
        }
    }
}

/// An event that is to be sent to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// To which one.
    pub key: WebhookKey,
    /// The same on every attempt.
    pub delivery_id: String,
    /// The event's place in the log; zero for a trial or a call.
    pub position: Position,
    /// The event's kind, or that of the trial or call.
    pub kind: String,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was tried for as long as is tried, or the receiver wants no more.
    Failed,
    /// It cannot be sent: no body can be made of it, or its webhook is gone.
    Dead,
}

impl DeliveryState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Dead];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To which one.
    pub key: WebhookKey,
    /// The same on every attempt.
    pub delivery_id: String,
    /// The event's place in the log; zero for a trial or a call.
    pub position: Position,
    /// The event's kind, or that of the trial or call.
    pub kind: String,
    /// Where it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u64,
    /// When it is tried next, while it is pending.
    pub next_attempt_at: Timestamp,
    /// The status that it was answered with the last time.
    pub last_status: Option<u64>,
    /// What went wrong the last time.
    pub last_failure: Option<String>,
    /// How long the answer was, as far as it was read.
    pub answer_bytes: Option<u64>,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// When something last happened to it.
    pub changed_at: Timestamp,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// To which webhook.
    pub key: WebhookKey,
    /// Which delivery.
    pub delivery_id: String,
    /// Where it is now.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u64,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// What it was answered with.
    pub last_status: Option<u64>,
    /// What went wrong.
    pub last_failure: Option<String>,
    /// How long the answer was, as far as it was read.
    pub answer_bytes: Option<u64>,
    /// How many attempts at this webhook failed in a row.
    pub failures: u64,
    /// Until when the webhook is left alone.
    pub hold_until: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// How much is on its way, over all workspaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// How many deliveries wait.
    pub pending: u64,
    /// How many were given up.
    pub failed: u64,
    /// How many cannot be sent.
    pub dead: u64,
    /// When the oldest that waits was put into the outbox.
    pub oldest_at: Option<Timestamp>,
}
