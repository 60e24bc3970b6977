//! Why a request came to nothing: the server refused it, it cannot be reached, or what answers is
//! none.

use serde::Deserialize;
use std::io;
use std::time::Duration;

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No address of a server.
    #[error("`{0}` is no address of a server: write one like http://127.0.0.1:8000")]
    Address(String),
    /// Nothing can be called so.
    #[error("`{0}` cannot be an id")]
    Id(String),
    /// Nobody answers.
    #[error("no server answers at {server}")]
    Unreachable {
        /// Where.
        server: String,
        /// Why.
        #[source]
        why: Unreachable,
    },
    /// The server refused.
    #[error("{}", .0.sentence())]
    Refused(Box<Problem>),
    /// What answers is no server of this kind, or one of another time.
    #[error("what answers at {server} is no ax server, or one of another version: {what}")]
    NotUnderstood {
        /// Where.
        server: String,
        /// What it answered.
        what: String,
    },
}

/// Why nobody answers.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// There is no machine of that name.
    #[error("no machine has that name")]
    Name,
    /// It takes no connections.
    #[error(transparent)]
    Connection(io::Error),
    /// Its certificate is not valid for the name, or by nobody who is trusted.
    #[error("its certificate is not trusted")]
    Certificate,
    /// It broke the connection off.
    #[error("it broke the connection off")]
    Broken,
    /// It took too long.
    #[error("it did not answer in {} s", .0.as_secs())]
    TooSlow(Duration),
}

/// What a server says of a request that it refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word: docs/errors.md lists them.
    pub code: String,
    /// A few words for people.
    #[serde(default)]
    pub title: String,
    /// What is wrong this time.
    #[serde(default)]
    pub detail: String,
    /// Names the request in the server's log.
    #[serde(default)]
    pub request_id: String,
    /// Whether the same request may well work a little later.
    #[serde(default)]
    pub retryable: bool,
    /// What is wrong at which place of the body.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// What can be done now.
    #[serde(default)]
    pub next_actions: Vec<String>,
    /// The status that the execution has.
    #[serde(default)]
    pub current: Option<String>,
    /// Those that it can have next.
    #[serde(default)]
    pub allowed: Option<Vec<String>>,
    /// How long the server asks to wait.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// What is wrong at one place of the body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldError {
    /// Where, as a JSON pointer.
    #[serde(default)]
    pub pointer: String,
    /// A word for it.
    #[serde(default)]
    pub code: String,
    /// What is wrong, and what would be right.
    #[serde(default)]
    pub message: String,
}

impl Problem {
    /// What is wrong, and what can be done.
    fn sentence(&self) -> String {
        let first = if self.detail.is_empty() { &self.title } else { &self.detail };
        let mut sentence = if first.is_empty() { self.code.clone() } else { first.clone() };
        for error in &self.errors {
            if !sentence.contains(&error.message) {
                sentence += &format!("; {}: {}", error.pointer, error.message);
            }
        }
        if let Some(allowed) = self.allowed.as_ref().filter(|allowed| !allowed.is_empty()) {
            let allowed = allowed.join(", ");
            if !sentence.contains(&allowed) {
                sentence += &format!("; it can become {allowed}");
            }
        }
        for action in &self.next_actions {
            sentence += &format!("; {action}");
        }
        sentence
    }
}

impl ClientError {
    /// What the server said, where it refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            Self::Address(_)
            | Self::Id(_)
            | Self::Unreachable { .. }
            | Self::NotUnderstood { .. } => None,
        }
    }

    /// Whether the same request may well work a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(problem) => {
                problem.retryable || problem.status == 429 || problem.retry_after.is_some()
            }
            Self::Unreachable { why, .. } => match why {
                Unreachable::Connection(_) | Unreachable::Broken | Unreachable::TooSlow(_) => true,
                Unreachable::Name | Unreachable::Certificate => false,
            },
            Self::Address(_) | Self::Id(_) | Self::NotUnderstood { .. } => false,
        }
    }

    /// Whether the server refused with this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }
}
