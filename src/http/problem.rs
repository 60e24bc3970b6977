//! What a request that failed is answered with: a problem document (RFC 9457).

use super::code::Code;
use crate::domain::Rejection;
use crate::engine::EngineError;
use crate::reading::ReadError;
use crate::store::{AppendError, StoreError};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What a client that was turned away is to wait.
const RETRY_SECONDS: u64 = 1;

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: Code,
    detail: String,
    more: Box<More>,
}

/// What only some problems have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct More {
    errors: Vec<FieldError>,
    next_actions: Vec<String>,
    current: Option<&'static str>,
    allowed: Option<Vec<&'static str>>,
    current_version: Option<u64>,
    retry_after_seconds: Option<u64>,
}

/// What is wrong at one place of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// Where, as a JSON pointer.
    pub(super) pointer: String,
    /// A word for it.
    pub(super) code: &'static str,
    /// What is wrong, and what would be right.
    pub(super) message: String,
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document<'a> {
    /// Where the code is explained.
    r#type: String,
    /// A few words for people.
    title: &'static str,
    status: u16,
    /// What is wrong this time.
    detail: &'a str,
    /// The path that was asked.
    instance: &'a str,
    /// A stable word: docs/errors.md lists them.
    code: &'static str,
    /// Names the request in the server's log.
    request_id: &'a str,
    /// Whether the same request may well work a little later.
    retryable: bool,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    next_actions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'a [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<u64>,
}

impl Problem {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), more: Box::default() }
    }

    fn with(code: Code, detail: impl Into<String>, more: More) -> Self {
        Self { code, detail: detail.into(), more: Box::new(more) }
    }

    /// Something in the body is wrong.
    pub(super) fn at(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        let errors = vec![FieldError { pointer, code: code.as_str(), message: message.clone() }];
        Self::with(code, message, More { errors, ..More::default() })
    }

    /// What is wrong this time.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// What the caller could do now.
    pub(super) fn next(mut self, action: impl Into<String>) -> Self {
        self.more.next_actions.push(action.into());
        self
    }

    /// How long to wait before it is tried again.
    pub(super) fn after_seconds(mut self, seconds: u64) -> Self {
        self.more.retry_after_seconds = Some(seconds);
        self
    }

    /// The same as one of several answers in a list.
    pub(super) fn as_result(&self) -> serde_json::Value {
        let (status, code) = (self.code.status().as_u16(), self.code.as_str());
        serde_json::json!({
            "http_status": status,
            "code": code,
            "detail": self.detail,
            "retryable": self.code.is_retryable(),
            "errors": self.more.errors,
        })
    }

    /// The document as it is sent in answer to one request.
    pub(super) fn document(&self, instance: &str, request_id: &str) -> Vec<u8> {
        let document = Document {
            r#type: format!("/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            instance,
            code: self.code.as_str(),
            request_id,
            retryable: self.code.is_retryable(),
            errors: &self.more.errors,
            next_actions: &self.more.next_actions,
            current: self.more.current,
            allowed: self.more.allowed.as_deref(),
            current_version: self.more.current_version,
        };
        serde_json::to_vec(&document).expect("texts and numbers always become JSON")
    }
}

/// The document itself is written around all handlers, where the request's id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if self.code.is_retryable() {
            let seconds = self.more.retry_after_seconds.unwrap_or(RETRY_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code = Code::from(&rejection);
        let detail = rejection.to_string();
        match rejection {
            Rejection::Invalid { pointer, message } => Self::at(code, pointer, message),
            Rejection::IllegalMove { from, .. } => {
                let allowed = from.moves().iter().map(|status| status.as_str()).collect();
                let (current, allowed) = (Some(from.as_str()), Some(allowed));
                Self::with(code, detail, More { current, allowed, ..More::default() })
            }
            Rejection::WrongState { state, .. } => {
                Self::with(code, detail, More { current: Some(state), ..More::default() })
            }
            Rejection::LeaseLost { .. } => Self::new(code, detail)
                .next("stop working on this task, without side effects")
                .next("GET /api/agents/{agent_id}/work"),
            Rejection::NotFound { .. }
            | Rejection::AlreadyExists { .. }
            | Rejection::Circle { .. }
            | Rejection::SubtasksOpen { .. }
            | Rejection::LeaseUnknown { .. }
            | Rejection::NotGrantable { .. }
            | Rejection::ResolutionDoesNotFit { .. }
            | Rejection::PersonNeeded { .. } => Self::new(code, detail),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Rejected(rejection) => rejection.into(),
            EngineError::VersionMismatch { actual, .. } => {
                let current_version = Some(actual.get());
                let more = More { current_version, ..More::default() };
                Self::with(Code::VersionMismatch, error.to_string(), more)
            }
            EngineError::KeyReused => Self::new(Code::KeyReused, error.to_string()),
            EngineError::Busy | EngineError::Contended { .. } => {
                Self::new(Code::Busy, error.to_string())
            }
            EngineError::OutcomeUnknown => Self::new(Code::OutcomeUnknown, error.to_string()),
            EngineError::Stopping => Self::new(Code::Stopping, error.to_string()),
            EngineError::Append(AppendError::Store(error)) | EngineError::Store(error) => {
                error.into()
            }
            EngineError::Append(AppendError::TooLarge { unit, limit, .. }) => {
                Self::new(Code::TooLarge, format!("one request holds at most {limit} {unit}"))
            }
            EngineError::BrokenStream { .. } | EngineError::Append(_) => internal(&error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => {
                Self::new(Code::StorageFull, "the disk of the database is full")
            }
            StoreError::Unavailable { .. }
            | StoreError::Contended { .. }
            | StoreError::NotCommitted
            | StoreError::ReadOnly
            | StoreError::DiskFailed => {
                tracing::warn!(%error, "a request could not be done: {error}");
                Self::new(Code::Unavailable, "the database cannot do this now")
            }
            StoreError::Damaged(_)
            | StoreError::WentBackwards
            | StoreError::NoWorkspace
            | StoreError::Tainted
            | StoreError::Database { .. } => internal(&error),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotYetVisible { .. } => Self::new(Code::NotYetVisible, error.to_string()),
            ReadError::NotBuilt { .. } => Self::new(Code::NotBuilt, error.to_string()),
            ReadError::Cursor(error) => Self::new(Code::BadRequest, error.to_string()),
            ReadError::Store(error) => error.into(),
            ReadError::Row(_) | ReadError::Broken(_) => internal(&error),
        }
    }
}

/// Ours to mend: the client is told nothing of the inside.
fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "a request failed: {error}");
    Problem::new(Code::Internal, "something is wrong with the server, and in its log")
}
