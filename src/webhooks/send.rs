//! One attempt: what is sent is made from the log, signed with the secrets that are valid now, and
//! what came of it is written down after the answer, never before.

use super::Shared;
use super::client::{Answer, NoAnswer, Post};
use super::message::{self, BadMessage, TRIAL};
use super::own_key::KeyError;
use super::schedule::{RETRY_AFTER_MS_MAX, hold_until, next_attempt};
use super::seal::SealError;
use super::secret::{Secret, seconds, signatures};
use crate::domain::workspace::{Webhook, WorkspaceCommand};
use crate::domain::{Actor, Command, StreamName, Text, Timestamp};
use crate::engine::{EngineError, Request, StreamKey};
use crate::planted::is_planted;
use crate::store::outbox::{Delivery, DeliveryState, Settled, WebhookKey};
use crate::store::{LogFilter, Position, StoreError};

/// The status with which a receiver says that it wants nothing more.
const GONE: u16 = 410;
/// How long until something that could not be signed is looked at again.
const UNSIGNED_MS: u64 = 60_000;

/// Why an attempt could not be made; it is made again.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("another sender has taken over")]
    Overtaken,
    #[error("the webhook was switched off meanwhile")]
    SwitchedOff,
}

/// Why the secrets of a webhook cannot be used.
#[derive(Debug, thiserror::Error)]
enum NoSecret {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Sealed(#[from] SealError),
}

/// What came of an attempt.
enum Came {
    /// An answer of the receiver.
    Answer(Answer),
    /// No answer.
    None(NoAnswer),
    /// Nothing was sent, and never can be.
    Never(String),
    /// Nothing was sent, until somebody has put something right.
    NotNow(String),
}

/// Makes one attempt; answers whether the delivery waits no more.
pub(super) async fn attempt(
    shared: &Shared,
    epoch: u64,
    delivery: &Delivery,
    failures: u64,
) -> Result<Settled, SendError> {
    let Some(webhook) = webhook(shared, &delivery.key).await? else {
        let came = Came::Never("the webhook was removed".to_owned());
        return settle(shared, epoch, delivery, failures, &came).await;
    };
    if !webhook.settings.is_enabled {
        return Err(SendError::SwitchedOff);
    }
    if is_planted("webhook_mark_before_send") {
        let answer = Answer { status: 200, bytes: 0, retry_after: None };
        settle(shared, epoch, delivery, failures, &Came::Answer(answer)).await?;
    }
    let came = match body(shared, delivery).await? {
        Ok(body) => send(shared, delivery, &webhook, body).await?,
        Err(error) => Came::Never(error.to_string()),
    };
    let settled = settle(shared, epoch, delivery, failures, &came).await?;
    if matches!(came, Came::Answer(Answer { status: GONE, .. })) {
        let why = "the receiver answered 410 Gone: it wants nothing more";
        disable(shared, &delivery.key, &webhook, why).await?;
    }
    Ok(settled)
}

/// The webhook as its workspace has it now.
async fn webhook(shared: &Shared, key: &WebhookKey) -> Result<Option<Webhook>, EngineError> {
    let stream = StreamName::workspace(&key.workspace);
    let of = StreamKey { workspace: key.workspace.clone(), stream };
    let webhook_id = key.webhook_id.clone();
    shared.engine.look(&of, move |state, _| state.workspace()?.webhook(&webhook_id).cloned()).await
}

async fn body(
    shared: &Shared,
    delivery: &Delivery,
) -> Result<Result<Vec<u8>, BadMessage>, StoreError> {
    if delivery.kind == TRIAL {
        return Ok(message::trial_body(&delivery.key, delivery.created_at));
    }
    let before = Position::new(delivery.position.get().saturating_sub(1));
    let found = shared.store.read_log(before, &LogFilter::default(), 1).await?;
    let event = found.first().filter(|event| {
        event.position == delivery.position && event.workspace == delivery.key.workspace
    });
    Ok(event.ok_or(BadMessage::Absent).and_then(message::body))
}

async fn send(
    shared: &Shared,
    delivery: &Delivery,
    webhook: &Webhook,
    body: Vec<u8>,
) -> Result<Came, SendError> {
    let now = shared.clock.now();
    let secrets = match secrets(shared, &delivery.key, webhook, now) {
        Ok(secrets) => secrets,
        Err(error) => return unsigned(shared, delivery, webhook, error).await,
    };
    let id = delivery.delivery_id.clone();
    let post = Post {
        url: webhook.settings.url.as_str().to_owned(),
        signatures: signatures(&secrets, &id, now, &body),
        id,
        seconds: seconds(now),
        body,
    };
    Ok(match shared.client.post(&post).await {
        Ok(answer) => Came::Answer(answer),
        Err(why) => Came::None(why),
    })
}

/// Without a secret nothing is sent. A key that this server has and that does not open it switches
/// the webhook off; a key that cannot be read may come back.
async fn unsigned(
    shared: &Shared,
    delivery: &Delivery,
    webhook: &Webhook,
    error: NoSecret,
) -> Result<Came, SendError> {
    Ok(Came::NotNow(match error {
        NoSecret::Sealed(error) => {
            let why = format!("nothing can be signed: {error}");
            disable(shared, &delivery.key, webhook, &why).await?;
            why
        }
        NoSecret::Key(error) => {
            tracing::error!(%error, "a webhook cannot be signed");
            "nothing can be signed: the server's key cannot be read, and its log says why".into()
        }
    }))
}

/// The secrets to sign with. One that was replaced and does not open is left out.
fn secrets(
    shared: &Shared,
    key: &WebhookKey,
    webhook: &Webhook,
    now: Timestamp,
) -> Result<Vec<Secret>, NoSecret> {
    let own = shared.own_key.to_open()?;
    let mut opened = webhook.secrets(now).map(|sealed| own.open(sealed, key));
    let newest = opened.next().unwrap_or(Err(SealError::Damaged))?;
    Ok(std::iter::once(newest).chain(opened.flatten()).collect())
}

/// Switches a webhook off, and says why in the log and to whoever looks at it.
async fn disable(
    shared: &Shared,
    key: &WebhookKey,
    webhook: &Webhook,
    why: &str,
) -> Result<(), EngineError> {
    let mut settings = webhook.settings.clone();
    settings.is_enabled = false;
    let command = WorkspaceCommand::ChangeWebhook { webhook_id: key.webhook_id.clone(), settings };
    let stream = StreamName::workspace(&key.workspace);
    let command = Command::Workspace(command);
    let mut request = Request::new(&key.workspace, stream, command, Actor::system());
    request.metadata.reason = Text::parse(why).ok();
    tracing::warn!(webhook.id = %key.webhook_id, why, "webhook {} is switched off", key.webhook_id);
    match shared.engine.execute(request).await {
        Ok(_) | Err(EngineError::Rejected(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes down what came of it.
async fn settle(
    shared: &Shared,
    epoch: u64,
    delivery: &Delivery,
    failures: u64,
    came: &Came,
) -> Result<Settled, SendError> {
    let settled = settled(shared, delivery, failures, came);
    if shared.outbox.settle(epoch, &settled).await? {
        return Ok(settled);
    }
    Err(SendError::Overtaken)
}

fn settled(shared: &Shared, delivery: &Delivery, failures: u64, came: &Came) -> Settled {
    let now = shared.clock.now();
    let attempts = delivery.attempts.saturating_add(1);
    let failures = failures.saturating_add(1);
    let is_delivered = |answer: &Answer| (200..300).contains(&answer.status);
    let next = next_attempt(attempts, now, &shared.random);
    let next = next.filter(|_| delivery.kind != TRIAL);
    let base = Settled {
        key: delivery.key.clone(),
        delivery_id: delivery.delivery_id.clone(),
        state: if next.is_some() { DeliveryState::Pending } else { DeliveryState::Failed },
        attempts,
        next_attempt_at: next.unwrap_or(now),
        last_status: None,
        last_failure: None,
        answer_bytes: None,
        failures,
        hold_until: hold_until(failures, now),
        at: now,
    };
    match came {
        Came::Answer(answer) => {
            let base = Settled {
                last_status: Some(answer.status.into()),
                answer_bytes: Some(answer.bytes),
                ..base
            };
            if is_delivered(answer) {
                let (state, next_attempt_at) = (DeliveryState::Delivered, now);
                return Settled { state, next_attempt_at, failures: 0, hold_until: now, ..base };
            }
            refused(base, answer, now)
        }
        Came::None(why) => Settled { last_failure: Some(why.to_string()), ..base },
        Came::Never(why) => Settled {
            state: DeliveryState::Dead,
            attempts: delivery.attempts,
            next_attempt_at: now,
            last_failure: Some(why.clone()),
            failures: failures.saturating_sub(1),
            hold_until: now,
            ..base
        },
        Came::NotNow(why) => Settled {
            state: if delivery.kind == TRIAL {
                DeliveryState::Dead
            } else {
                DeliveryState::Pending
            },
            attempts: delivery.attempts,
            next_attempt_at: now.plus_ms(UNSIGNED_MS),
            last_failure: Some(why.clone()),
            failures: failures.saturating_sub(1),
            hold_until: now,
            ..base
        },
    }
}

/// An answer that is no success: a redirect is never followed, 410 ends it, and a receiver that is
/// busy says for how long.
fn refused(base: Settled, answer: &Answer, now: Timestamp) -> Settled {
    let why = match answer.status {
        300..400 => "the receiver sends elsewhere, and that is not followed",
        GONE => "the receiver wants nothing more",
        _ => "the receiver did not take it",
    };
    let base = Settled { last_failure: Some(why.to_owned()), ..base };
    match (answer.status, answer.retry_after) {
        (GONE, _) => Settled { state: DeliveryState::Failed, next_attempt_at: now, ..base },
        (429 | 503, Some(wanted)) => {
            let until = wanted.from(now).min(now.plus_ms(RETRY_AFTER_MS_MAX)).max(now);
            let next_attempt_at = base.next_attempt_at.max(until);
            Settled { next_attempt_at, hold_until: until, ..base }
        }
        (_, _) => base,
    }
}
