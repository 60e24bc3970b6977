//! One attempt: what is sent is made from the log, signed with the secrets that are valid now, and
//! what came of it is written down after the answer, never before.

use super::Shared;
use super::calls::is_call;
use super::challenge::{self, CHALLENGES_MAX, Refusal};
use super::client::{Answer, NoAnswer, Post, RetryAfter};
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
pub(super) enum Came {
    /// The receiver said that it wants what the webhook sends, which may begin now.
    Confirmed,
    /// It did not, and so nothing else was sent.
    Unconfirmed(Refusal),
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
        let answer = Answer { status: 200, bytes: 0, said: Vec::new(), retry_after: None };
        settle(shared, epoch, delivery, failures, &Came::Answer(answer)).await?;
    }
    let came = match body(shared, delivery, &webhook).await? {
        Ok(body) => send(shared, delivery, &webhook, body).await?,
        Err(error) => Came::Never(error.to_string()),
    };
    let settled = settle(shared, epoch, delivery, failures, &came).await?;
    if let Some(why) = switches_off(&came, settled.failures) {
        disable(shared, &delivery.key, &webhook, why).await?;
    }
    Ok(settled)
}

/// Why a webhook is switched off after an attempt, if it is.
fn switches_off(came: &Came, failures: u64) -> Option<&'static str> {
    match came {
        Came::Answer(Answer { status: GONE, .. })
        | Came::Unconfirmed(Refusal { status: Some(GONE), .. }) => {
            Some("the receiver answered 410 Gone: it wants nothing more")
        }
        Came::Unconfirmed(_) if failures >= CHALLENGES_MAX => Some(
            "the receiver did not say that it wants what is sent: it was asked as often as is \
             asked; switch the webhook on again when it answers challenges",
        ),
        Came::Confirmed
        | Came::Unconfirmed(_)
        | Came::Answer(_)
        | Came::None(_)
        | Came::Never(_)
        | Came::NotNow(_) => None,
    }
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
    webhook: &Webhook,
) -> Result<Result<Vec<u8>, BadMessage>, StoreError> {
    if is_call(&delivery.kind) {
        let agent_id = webhook.settings.agent_id.as_ref().ok_or(BadMessage::Absent);
        let at = delivery.created_at;
        return Ok(
            agent_id.and_then(|it| message::call_body(&delivery.key, &delivery.kind, it, at))
        );
    }
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
    if !webhook.is_confirmed() && !is_planted("webhook_not_confirmed") {
        return challenge::ask(shared, &delivery.key, &webhook.settings.url, &secrets).await;
    }
    let post = post(&webhook.settings.url, delivery.delivery_id.clone(), (&secrets, now), body);
    Ok(match shared.client.post(&post).await {
        Ok(answer) => Came::Answer(answer),
        Err(why) => Came::None(why),
    })
}

/// A message with this id, signed.
pub(super) fn post(
    url: &Text,
    id: String,
    (secrets, at): (&[Secret], Timestamp),
    body: Vec<u8>,
) -> Post {
    let signatures = signatures(secrets, &id, at, &body);
    Post { url: url.as_str().to_owned(), id, seconds: seconds(at), signatures, body }
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
        Came::Confirmed => {
            let (state, next_attempt_at) = (DeliveryState::Pending, now);
            let (attempts, hold_until) = (delivery.attempts, now);
            Settled { state, attempts, next_attempt_at, failures: 0, hold_until, ..base }
        }
        Came::Unconfirmed(refusal) => unconfirmed(shared, delivery, refusal, base),
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

/// A receiver that did not say yes is asked again ever less often, whatever waits for it.
fn unconfirmed(shared: &Shared, delivery: &Delivery, refusal: &Refusal, base: Settled) -> Settled {
    let again = next_attempt(base.failures, base.at, &shared.random).unwrap_or(base.at);
    let again = refusal.retry_after.map_or(again, |wanted| again.max(until(wanted, base.at)));
    let is_over = delivery.kind == TRIAL || refusal.status == Some(GONE);
    Settled {
        state: if is_over { DeliveryState::Failed } else { DeliveryState::Pending },
        attempts: delivery.attempts.saturating_add(u64::from(is_over)),
        next_attempt_at: again,
        hold_until: again,
        last_status: refusal.status.map(u64::from),
        last_failure: Some(refusal.why.clone()),
        ..base
    }
}

/// Until when a receiver wants to be left alone, as long as that is not too long.
fn until(wanted: RetryAfter, now: Timestamp) -> Timestamp {
    wanted.from(now).min(now.plus_ms(RETRY_AFTER_MS_MAX)).max(now)
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
            let until = until(wanted, now);
            let next_attempt_at = base.next_attempt_at.max(until);
            Settled { next_attempt_at, hold_until: until, ..base }
        }
        (_, _) => base,
    }
}
