//! Webhooks and their deliveries, as the door shows them; never with a secret.

use super::still_valid;
use crate::domain::event::workspace::{WebhookSettings, WorkspaceEvent};
use crate::domain::workspace::Webhook;
use crate::domain::{Event, State, Timestamp, WebhookId};
use crate::http::schemas::{Id, Moment};
use crate::store::outbox::{Delivery, DeliveryState, Endpoint};
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook, and how it fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookShown {
    #[serde(flatten)]
    settings: WebhookAfter,
    /// Whether the receiver at its address answered a challenge: nothing else is sent before.
    confirmed: bool,
    /// Why it was switched off, when it is and somebody or something said so.
    disabled_why: Option<String>,
    /// How many deliveries wait.
    pending: u64,
    /// How many attempts failed in a row.
    failures: u64,
    /// Until when the receiver is left alone, after failures or because it asked for it.
    held_until: Option<String>,
    /// Until when the secret before signs too.
    old_secret_valid_until: Option<String>,
}

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookList {
    pub(super) webhooks: Vec<WebhookShown>,
}

/// What a webhook is set to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookAfter {
    #[schema(value_type = Id)]
    webhook_id: String,
    url: String,
    events: Vec<String>,
    #[schema(value_type = Option<Id>)]
    agent_id: Option<String>,
    description: Option<String>,
    enabled: bool,
}

/// A webhook with its new secret: this once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) struct WebhookMade {
    #[schema(value_type = Id)]
    webhook_id: String,
    url: String,
    events: Vec<String>,
    #[schema(value_type = Option<Id>)]
    agent_id: Option<String>,
    description: Option<String>,
    enabled: bool,
    /// What the receiver verifies with; absent when the request was a repetition.
    secret: Option<String>,
    /// After a rotation: until when the secret before signs too.
    #[schema(value_type = Option<Moment>)]
    old_secret_valid_until: Option<String>,
}

/// What is said of a webhook that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookGone {
    #[schema(value_type = Id)]
    pub(super) webhook_id: String,
    pub(super) status: &'static str,
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryShown {
    /// What the receiver sees as `webhook-id`, the same on each attempt.
    delivery_id: String,
    event_type: String,
    /// The event's place in the log; null for what is about no event: tests, calls of agents.
    position: Option<u64>,
    #[schema(value_type = StateWord)]
    state: &'static str,
    attempts: u64,
    next_attempt_at: Option<String>,
    /// The status that the last attempt was answered with.
    last_status: Option<u64>,
    /// What went wrong at the last attempt.
    last_failure: Option<String>,
    /// How long the answer was, up to 4096 bytes; it is not kept.
    answer_bytes: Option<u64>,
    #[schema(value_type = Moment)]
    created_at: String,
    #[schema(value_type = Moment)]
    changed_at: String,
}

/// Where a delivery is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum StateWord {
    Pending,
    Delivered,
    Failed,
    Dead,
}

/// Deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryList)]
pub(super) struct DeliveryList {
    pub(super) deliveries: Vec<DeliveryShown>,
    pub(super) next_cursor: Option<String>,
}

impl WebhookAfter {
    pub(super) fn new(webhook_id: &WebhookId, settings: &WebhookSettings) -> Self {
        Self {
            webhook_id: webhook_id.to_string(),
            url: settings.url.to_string(),
            events: settings.events.iter().map(ToString::to_string).collect(),
            agent_id: settings.agent_id.as_ref().map(ToString::to_string),
            description: settings.description.as_ref().map(ToString::to_string),
            enabled: settings.is_enabled,
        }
    }
}

impl WebhookShown {
    pub(super) fn new(
        webhook_id: &WebhookId,
        webhook: &Webhook,
        endpoint: Option<&Endpoint>,
        now: Timestamp,
    ) -> Self {
        let is_off = !webhook.settings.is_enabled;
        let why = endpoint.and_then(|endpoint| endpoint.disabled_why.clone());
        let held_until = endpoint.and_then(|endpoint| still_valid(endpoint.hold_until, now));
        let old = webhook.old_secret.as_ref();
        Self {
            settings: WebhookAfter::new(webhook_id, &webhook.settings),
            confirmed: webhook.is_confirmed(),
            disabled_why: why.filter(|_| is_off),
            pending: endpoint.map_or(0, |endpoint| endpoint.pending),
            failures: endpoint.map_or(0, |endpoint| endpoint.failures),
            held_until,
            old_secret_valid_until: old.and_then(|old| still_valid(old.until, now)),
        }
    }
}

impl From<&Delivery> for DeliveryShown {
    fn from(delivery: &Delivery) -> Self {
        let is_pending = delivery.state == DeliveryState::Pending;
        let position = delivery.position.get();
        Self {
            delivery_id: delivery.delivery_id.clone(),
            event_type: delivery.kind.clone(),
            position: (position > 0).then_some(position),
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: is_pending.then(|| delivery.next_attempt_at.to_string()),
            last_status: delivery.last_status,
            last_failure: delivery.last_failure.clone(),
            answer_bytes: delivery.answer_bytes,
            created_at: delivery.created_at.to_string(),
            changed_at: delivery.changed_at.to_string(),
        }
    }
}

/// What a registration is answered, also when it is repeated: without the secret.
pub(super) fn describe_registered(_: &State, events: &[Event]) -> Vec<u8> {
    let registered = events.iter().find_map(|event| match event {
        Event::Workspace(WorkspaceEvent::WebhookRegistered(event)) => Some(event),
        Event::Workspace(_)
        | Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Plan(_) => None,
    });
    let Some(event) = registered else { return Vec::new() };
    let after = WebhookAfter::new(&event.webhook_id, &event.settings);
    serde_json::to_vec(&after).expect("texts and numbers always become JSON")
}

/// Where the door itself says what the answer is.
pub(super) fn describe_nothing(_: &State, _: &[Event]) -> Vec<u8> {
    Vec::new()
}
