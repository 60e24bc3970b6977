//! What is sent of an event: thin, made from the log alone, and so the same bytes on each attempt.

use super::calls::WORK_AVAILABLE;
use crate::domain::{
    Actor, ActorKind, AgentId, BlockerId, Event, ExecutionId, PlanId, StreamKind, TaskId,
    Timestamp, WorkspaceId,
};
use crate::engine::Metadata;
use crate::store::outbox::WebhookKey;
use crate::store::{Position, RecordedEvent};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The kind of a message that an operator asks for, to see whether it arrives.
pub const TRIAL: &str = "webhook_test";
/// The kind of the question that a receiver is asked before anything else is sent.
pub(super) const CHALLENGE: &str = "webhook_challenge";
/// How large a body may be.
const BODY_BYTES_MAX: usize = 20 * 1_024;

/// Why no body can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadMessage {
    #[error("the event cannot be read: no body can be made of it")]
    Event,
    #[error("the event is not in the log")]
    Absent,
    #[error("the body would be too large")]
    TooLarge,
}

/// A message.
#[derive(Serialize)]
struct Message<T> {
    /// The event's kind, as Standard Webhooks writes it.
    r#type: String,
    timestamp: Timestamp,
    data: T,
}

/// Which event it is, and what it is about; what it says is read through the API.
#[derive(Serialize)]
struct About<'a> {
    event_id: Uuid,
    event_type: &'a str,
    position: Position,
    workspace_id: &'a WorkspaceId,
    #[serde(flatten)]
    named: Named,
}

/// What many events name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_id: Option<ExecutionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<PlanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocker_id: Option<BlockerId>,
    #[serde(skip_serializing)]
    by: Option<Actor>,
}

/// A trial.
#[derive(Serialize)]
struct Trial<'a> {
    webhook_id: &'a str,
    message: &'static str,
}

/// A call of an agent.
#[derive(Serialize)]
struct Call<'a> {
    webhook_id: &'a str,
    workspace_id: &'a WorkspaceId,
    agent_id: &'a AgentId,
    message: String,
}

/// The question whether a receiver wants what a webhook sends.
#[derive(Serialize)]
struct Challenge<'a> {
    webhook_id: &'a str,
    challenge: &'a str,
    message: &'static str,
}

/// What an event is about: what it names, its stream, and the agent that did it.
pub(super) fn named(event: &RecordedEvent) -> Named {
    let mut named: Named = serde_json::from_slice(&event.payload).unwrap_or_default();
    let id = event.stream.id();
    match event.stream.kind() {
        StreamKind::Execution => named.execution_id = ExecutionId::parse(id).ok(),
        StreamKind::Plan => named.plan_id = PlanId::parse(id).ok(),
        StreamKind::Agent => named.agent_id = AgentId::parse(id).ok(),
        StreamKind::Workspace => {}
    }
    if named.agent_id.is_none() {
        let metadata = serde_json::from_slice::<Metadata>(&event.metadata).ok();
        let actor = named.by.take().or(metadata.map(|metadata| metadata.actor));
        let agent = actor.filter(|actor| actor.kind() == ActorKind::Agent);
        named.agent_id = agent.and_then(|actor| AgentId::parse(actor.id()).ok());
    }
    named
}

impl Named {
    /// The agent that the event is about, or that did it.
    pub(super) fn agent_id(&self) -> Option<&AgentId> {
        self.agent_id.as_ref()
    }
}

/// Names a message: the same on each attempt, another one for each webhook.
pub(super) fn id_of(event: &RecordedEvent, key: &WebhookKey) -> String {
    id_from(event.event_id, key)
}

/// Names what is about no event: a trial, a challenge.
pub(super) fn drawn_id(drawn: Uuid, key: &WebhookKey) -> String {
    id_from(drawn, key)
}

fn id_from(id: Uuid, key: &WebhookKey) -> String {
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    for part in [key.workspace.as_str(), key.webhook_id.as_str()] {
        hash.update(b"\0");
        hash.update(part.as_bytes());
    }
    let digits = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("msg_{digits}")
}

/// The body of a message about an event. An event that the law cannot read has none.
pub(super) fn body(event: &RecordedEvent) -> Result<Vec<u8>, BadMessage> {
    let decoded = Event::decode(&event.kind, event.schema_version, &event.payload);
    decoded.map_err(|_| BadMessage::Event)?;
    let about = About {
        event_id: event.event_id,
        event_type: &event.kind,
        position: event.position,
        workspace_id: &event.workspace,
        named: named(event),
    };
    written(&Message { r#type: dotted(&event.kind), timestamp: event.recorded_at, data: about })
}

/// The body of a trial.
pub(super) fn trial_body(key: &WebhookKey, at: Timestamp) -> Result<Vec<u8>, BadMessage> {
    let message = "this server's webhooks reach you";
    let data = Trial { webhook_id: key.webhook_id.as_str(), message };
    written(&Message { r#type: dotted(TRIAL), timestamp: at, data })
}

/// The body of a call.
pub(super) fn call_body(
    key: &WebhookKey,
    kind: &str,
    agent_id: &AgentId,
    at: Timestamp,
) -> Result<Vec<u8>, BadMessage> {
    let message = match kind {
        WORK_AVAILABLE => format!("there is work: GET /api/agents/{agent_id}/work"),
        _directive => format!(
            "what to do about a task that you hold has changed: POST \
             /api/agents/{agent_id}/heartbeat tells it"
        ),
    };
    let (webhook_id, workspace_id) = (key.webhook_id.as_str(), &key.workspace);
    let data = Call { webhook_id, workspace_id, agent_id, message };
    written(&Message { r#type: dotted(kind), timestamp: at, data })
}

/// The body of a challenge.
pub(super) fn challenge_body(
    key: &WebhookKey,
    challenge: &str,
    at: Timestamp,
) -> Result<Vec<u8>, BadMessage> {
    let message = "answer 200 with this challenge, as {\"challenge\": \"…\"} or as it is, if you \
                   want what this webhook sends; if not, answer 410";
    let data = Challenge { webhook_id: key.webhook_id.as_str(), challenge, message };
    written(&Message { r#type: dotted(CHALLENGE), timestamp: at, data })
}

fn written<T: Serialize>(message: &Message<T>) -> Result<Vec<u8>, BadMessage> {
    let body = serde_json::to_vec(message).map_err(|_| BadMessage::Event)?;
    if body.len() > BODY_BYTES_MAX { Err(BadMessage::TooLarge) } else { Ok(body) }
}

/// `execution_completed` as `execution.completed`.
fn dotted(kind: &str) -> String {
    kind.replacen('_', ".", 1)
}
