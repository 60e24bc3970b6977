//! What is asked of the engine, and what it answers.

use crate::domain::execution::HandleError;
use crate::domain::{Actor, Event, Moment, Rejection, StreamName, Text, Timestamp, WorkspaceId};
use crate::domain::{Command, State};
use crate::store::{AppendError, Hash, Position, StoreError, StreamCondition, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is kept with every event beside what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Who gave the command.
    pub actor: Actor,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// The event that led to the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Uuid>,
    /// What all that belongs together shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Text>,
    /// The trace that the request came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Text>,
    /// The agent's own time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_at: Option<Timestamp>,
}

impl Metadata {
    /// Nothing known but who.
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            reason: None,
            causation: None,
            correlation: None,
            trace: None,
            agent_at: None,
        }
    }
}

/// Makes a request recognisable when it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// What the client calls it.
    pub key: String,
    /// The hash of what it asks.
    pub request_hash: Hash,
}

/// What the door wants to answer again when a request is repeated, from the state afterwards.
pub type Describe = fn(&State, &[Event]) -> Vec<u8>;

/// A command on its way to a stream.
#[derive(Debug, Clone)]
pub struct Request {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The stream.
    pub stream: StreamName,
    /// The command.
    pub command: Command,
    /// Who, why, after what.
    pub metadata: Metadata,
    /// What makes it recognisable.
    pub key: Option<RequestKey>,
    /// The version that the caller has seen, when it must still be the last.
    pub expected: Option<Version>,
    /// What to answer when it is repeated.
    pub describe: Option<Describe>,
    /// What other streams must look like when its events are stored.
    pub(super) conditions: Vec<StreamCondition>,
    /// What happens to other streams in the same append.
    pub(super) beside: Vec<Beside>,
}

/// A command to another stream, whose events are stored with those of the request or not at all.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    pub(super) stream: StreamName,
    /// The stream as it was looked at: at another version, nothing is stored.
    pub(super) state: State,
    pub(super) version: Version,
    pub(super) command: Command,
}

impl Beside {
    /// What the command leads to.
    pub(super) fn decided(&self, moment: &Moment) -> Result<Vec<Event>, HandleError> {
        self.state.clone().handle(&self.command, moment)
    }
}

impl Request {
    /// A command with nothing else said.
    pub fn new(
        workspace: &WorkspaceId,
        stream: StreamName,
        command: Command,
        actor: Actor,
    ) -> Self {
        Self {
            workspace: workspace.clone(),
            stream,
            command,
            metadata: Metadata::by(actor),
            key: None,
            expected: None,
            describe: None,
            conditions: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// Whether it touches its own stream alone, on no condition.
    pub(super) fn is_plain(&self) -> bool {
        self.expected.is_none() && self.conditions.is_empty() && self.beside.is_empty()
    }

    /// The same, recognisable when it comes again.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>, request_hash: Hash) -> Self {
        self.key = Some(RequestKey { key: key.into(), request_hash });
        self
    }

    /// The same, only while the stream is at that version.
    #[must_use]
    pub fn expecting(mut self, version: Version) -> Self {
        self.expected = Some(version);
        self
    }
}

/// An event that a command led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub event_id: Uuid,
    /// What happened.
    pub kind: String,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The events, in order; none when it was so already.
    pub recorded: Vec<Recorded>,
    /// The events themselves; not known any more when the request was a repetition.
    pub events: Vec<Event>,
    /// The position of the last of them; of none, that of the log when the command was decided.
    pub position: Position,
    /// The version of the stream afterwards.
    pub version: Version,
    /// When it was decided.
    pub at: Timestamp,
    /// Whether this is the answer to an earlier, equal request.
    pub is_repeat: bool,
    /// What the door wanted to remember of the answer.
    pub description: Vec<u8>,
}

/// The answer that is stored with a key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptAnswer {
    pub(super) recorded: Vec<Recorded>,
    pub(super) version: Version,
    pub(super) at: Timestamp,
    #[serde(with = "as_text")]
    pub(super) description: Vec<u8>,
}

/// What the door wants to answer again is text, nearly always: kept as such, and not as numbers.
mod as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.serialize(to),
            Err(_) => bytes.serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        Ok(match Kept::deserialize(from)? {
            Kept::Text(text) => text.into_bytes(),
            Kept::Bytes(bytes) => bytes,
        })
    }
}

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The law refused it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The stream is not at the version that the caller has seen.
    #[error("the stream is at version {actual}, not at {expected}")]
    VersionMismatch {
        /// What the caller has seen.
        expected: Version,
        /// Where it is.
        actual: Version,
    },
    /// The key was used for another request.
    #[error("this key was used for another request before")]
    KeyReused,
    /// Too much is under way.
    #[error("too much is under way: try again shortly")]
    Busy,
    /// Others changed the stream again and again.
    #[error("the stream was changed by others {attempts} times in a row: try again")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// It may have been stored or not: repeating it with the same key tells.
    #[error("it is not known whether this was stored: repeat it with the same key")]
    OutcomeUnknown,
    /// The log holds something that the law cannot follow; nothing is written to that stream.
    #[error("stream {stream} cannot be folded: {why}")]
    BrokenStream {
        /// The stream.
        stream: StreamName,
        /// What is wrong with it.
        why: String,
    },
    /// The engine stops.
    #[error("the engine stops")]
    Stopping,
    /// The archive refused the append.
    #[error("the archive did not take it")]
    Append(#[source] AppendError),
    /// The archive could not be read.
    #[error("the archive cannot be read")]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::KeptAnswer;

    #[test]
    fn what_a_request_was_answered_is_kept_as_text_and_read_as_ever() {
        let rest = r#""recorded":[],"version":3,"at":"2026-02-11T16:09:45Z""#;
        let numbers = format!("{{{rest},\"description\":[123,125]}}");
        let kept: KeptAnswer = serde_json::from_str(&numbers).expect("an answer");
        assert_eq!(kept.description, b"{}");
        let text = serde_json::to_string(&kept).expect("an answer is JSON");
        assert!(text.ends_with(r#""description":"{}"}"#), "{text}");
        let again: KeptAnswer = serde_json::from_str(&text).expect("an answer");
        assert_eq!(again.description, kept.description);
    }
}
