//! Whether a receiver wants what a webhook sends: before the first notice it is sent a word that
//! nobody can foresee, and what it answers with that word goes into the log. So nobody can have
//! notices sent to a server that does not know of them.

use super::Shared;
use super::client::{Answer, NoAnswer, RetryAfter};
use super::message::{challenge_body, drawn_id};
use super::secret::Secret;
use super::send::{Came, SendError, post};
use crate::domain::workspace::WorkspaceCommand;
use crate::domain::{Actor, Command, StreamName, Text};
use crate::engine::{EngineError, Request};
use crate::store::outbox::WebhookKey;
use serde::Deserialize;

/// How often in a row a receiver is asked before its webhook is switched off: as often as a notice
/// is tried.
pub(super) const CHALLENGES_MAX: u64 = 10;

/// What a receiver said in place of yes.
pub(super) struct Refusal {
    pub(super) status: Option<u16>,
    pub(super) why: String,
    pub(super) retry_after: Option<RetryAfter>,
}

/// The answer in JSON; what else it says is not looked at.
#[derive(Deserialize)]
struct Repeated {
    challenge: String,
}

/// Asks the receiver at an address, and keeps that it said yes.
pub(super) async fn ask(
    shared: &Shared,
    key: &WebhookKey,
    url: &Text,
    secrets: &[Secret],
) -> Result<Came, SendError> {
    let now = shared.clock.now();
    let word: String = shared.random.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let body = match challenge_body(key, &word, now) {
        Ok(body) => body,
        Err(error) => return Ok(Came::Never(error.to_string())),
    };
    let id = drawn_id(shared.random.event_id(now), key);
    match shared.client.post(&post(url, id, (secrets, now), body)).await {
        Ok(answer) if is_yes(&answer, &word) => confirm(shared, key, url).await,
        Ok(answer) => Ok(Came::Unconfirmed(Refusal::of(&answer))),
        Err(why) => Ok(Came::Unconfirmed(Refusal::by(why))),
    }
}

/// Whether a receiver answered with the word.
fn is_yes(answer: &Answer, word: &str) -> bool {
    let said = std::str::from_utf8(&answer.said).unwrap_or_default().trim();
    let is_repeated =
        said == word || serde_json::from_str::<Repeated>(said).is_ok_and(|it| it.challenge == word);
    (200..300).contains(&answer.status) && is_repeated
}

async fn confirm(shared: &Shared, key: &WebhookKey, url: &Text) -> Result<Came, SendError> {
    let WebhookKey { workspace, webhook_id } = key.clone();
    let stream = StreamName::workspace(&workspace);
    let command = WorkspaceCommand::ConfirmWebhook { webhook_id, url: url.clone() };
    let request = Request::new(&workspace, stream, Command::Workspace(command), Actor::system());
    match shared.engine.execute(request).await {
        // It was changed or removed meanwhile: the next attempt finds it as it is.
        Ok(_) | Err(EngineError::Rejected(_)) => Ok(Came::Confirmed),
        Err(error) => Err(error.into()),
    }
}

impl Refusal {
    fn of(answer: &Answer) -> Self {
        let why = match answer.status {
            200..300 => {
                "the receiver was asked whether it wants what is sent, and did not answer with the \
                 challenge"
            }
            300..400 => "the receiver sends elsewhere, and that is not followed",
            _ => "the receiver was asked whether it wants what is sent, and did not say yes",
        };
        let is_busy = matches!(answer.status, 429 | 503);
        Self {
            status: Some(answer.status),
            why: why.to_owned(),
            retry_after: answer.retry_after.filter(|_| is_busy),
        }
    }

    fn by(why: NoAnswer) -> Self {
        Self { status: None, why: why.to_string(), retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_or_in_its_place_is_a_yes() {
        let is_yes = |status, said: &str| {
            let (said, bytes) = (said.as_bytes().to_vec(), 0);
            is_yes(&Answer { status, bytes, said, retry_after: None }, "5eed")
        };
        assert!(is_yes(200, "5eed") && is_yes(201, " 5eed\n"));
        assert!(is_yes(200, r#"{"ok":true,"challenge":"5eed"}"#));
        for said in ["", "5eed5eed", "5ee", r#""5eed""#, r#"{"data":{"challenge":"5eed"}}"#] {
            assert!(!is_yes(200, said), "{said}");
        }
        for status in [199, 300, 302, 410, 500] {
            assert!(!is_yes(status, "5eed"), "{status}");
        }
    }
}
