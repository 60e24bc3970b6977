//! The way of every write: from a command to its answer.

use super::App;
use super::caller::Caller;
use super::problem::Problem;
use super::schemas::{AnyObject, Moment};
use super::terms::Terms;
use crate::domain::{Command, StreamName};
use crate::engine::{Describe, EngineError, Outcome, Request, RequestKey};
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

pub(super) const AX_POSITION: HeaderName = HeaderName::from_static("ax-position");

/// Where a write stands in the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) struct Written {
    /// Of the first event; absent when nothing had to be recorded.
    event_id: Option<String>,
    /// The position of the last event in the log.
    position: u64,
    /// The version of the stream.
    version: u64,
    #[schema(value_type = Moment)]
    recorded_at: String,
}

/// What a write would do; nothing is stored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) struct Rehearsal {
    dry_run: bool,
    #[schema(value_type = Vec<AnyObject>)]
    events: Vec<String>,
}

/// A command on its way, and what its answer says of the state afterwards.
pub(super) struct Write<'a> {
    pub(super) caller: &'a Caller,
    pub(super) terms: &'a Terms,
    pub(super) body: &'a [u8],
    pub(super) stream: StreamName,
    pub(super) command: Command,
    pub(super) describe: Describe,
}

/// What came of it.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    is_dry_run: bool,
    shown_once: Map<String, Value>,
}

impl App {
    /// Carries a command out, or only says what it would do.
    pub(super) async fn write(&self, write: Write<'_>) -> Result<Done, Problem> {
        let is_dry_run = write.terms.is_dry_run;
        let mut request = write.request();
        let outcome = if is_dry_run {
            request.key = None;
            self.engine.dry_run(request).await?
        } else {
            self.engine.execute(request).await?
        };
        Ok(Done::of(outcome, is_dry_run))
    }

    /// Carries commands on one stream out, in their order: one that is refused holds up no other.
    pub(super) async fn write_all(&self, writes: Vec<Write<'_>>) -> Vec<Result<Done, Problem>> {
        let requests = writes.into_iter().map(Write::request).collect();
        let outcomes = self.engine.execute_all(requests).await;
        let done = |outcome: Result<Outcome, EngineError>| Ok(Done::of(outcome?, false));
        outcomes.into_iter().map(done).collect()
    }
}

impl Write<'_> {
    fn request(self) -> Request {
        let Write { caller, terms, body, stream, command, describe } = self;
        let actor = caller.actor.clone();
        let mut request = Request::new(&caller.workspace, stream, command, actor);
        request.metadata.reason.clone_from(&terms.reason);
        request.metadata.trace.clone_from(&terms.trace);
        request.expected = terms.expected;
        request.describe = Some(describe);
        request.key = terms.key.clone().map(|key| {
            let request_hash = terms.hash_of(body);
            RequestKey { key, request_hash }
        });
        request
    }
}

impl Done {
    pub(super) fn of(outcome: Outcome, is_dry_run: bool) -> Self {
        Self { outcome, is_dry_run, shown_once: Map::new() }
    }

    /// Adds to the answer what is told this once, and kept nowhere.
    pub(super) fn telling(mut self, name: &str, secret: &str) -> Self {
        if !self.is_dry_run {
            self.shown_once.insert(name.to_owned(), secret.into());
        }
        self
    }

    /// What is shown where nothing had to be recorded, so that no event tells what it is about.
    pub(super) fn showing(mut self, shown: &impl Serialize) -> Self {
        if self.outcome.description.is_empty() {
            let description = serde_json::to_vec(shown);
            self.outcome.description = description.expect("texts always become JSON");
        }
        self
    }

    /// Whether an event of this kind came of it, and now for the first time.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.outcome.events.iter().any(|event| event.kind() == kind)
    }

    /// Lets the answer say this of the state.
    pub(super) fn describe(&mut self, shown: &impl Serialize) {
        self.outcome.description = serde_json::to_vec(shown).expect("an answer is JSON");
    }

    /// Lets the answer say this under that name, in place of what it said.
    pub(super) fn put(&mut self, name: &str, value: Value) {
        let mut said: Map<String, Value> =
            serde_json::from_slice(&self.outcome.description).unwrap_or_default();
        said.insert(name.to_owned(), value);
        self.describe(&said);
    }

    /// Lets the answer say one thing more, that is not kept: a repetition is not told it.
    pub(super) fn add(&mut self, name: &str, value: impl Into<Value>) {
        let mut said: Map<String, Value> =
            serde_json::from_slice(&self.outcome.description).unwrap_or_default();
        said.insert(name.to_owned(), value.into());
        self.describe(&said);
    }

    fn told(self) -> Map<String, Value> {
        let Outcome { recorded, position, version, at, description, .. } = self.outcome;
        let mut answer: Map<String, Value> =
            serde_json::from_slice(&description).unwrap_or_default();
        if let Some(recorded) = recorded.first() {
            answer.insert("event_id".into(), recorded.event_id.to_string().into());
        }
        answer.extend(self.shown_once);
        answer.insert("position".into(), position.get().into());
        answer.insert("version".into(), version.get().into());
        answer.insert("recorded_at".into(), at.to_string().into());
        answer
    }

    /// The answer as one of several in a list.
    pub(super) fn result(self, status: StatusCode) -> Value {
        let mut told = self.told();
        told.insert("http_status".into(), status.as_u16().into());
        Value::Object(told)
    }

    /// The answer: what the door has to say of the state, and where the write stands in the log.
    pub(super) fn answer(self, status: StatusCode) -> Response {
        if self.is_dry_run {
            let payload = |payload: &[u8]| serde_json::from_slice::<Value>(payload).ok();
            let events = self.outcome.events.iter().map(
                |event| json!({"event_type": event.kind(), "payload": payload(&event.payload())}),
            );
            let events: Vec<_> = events.collect();
            return Json(json!({"dry_run": true, "events": events})).into_response();
        }
        let (position, version) = (self.outcome.position, self.outcome.version);
        let answer = self.told();
        let tag = HeaderValue::from_str(&format!("\"{version}\""));
        let mut response = (status, Json(answer)).into_response();
        response.headers_mut().insert(AX_POSITION, HeaderValue::from(position.get()));
        if let Ok(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// An answer, or a problem, as one of several in a list.
pub(super) async fn result_of(taken: Result<Response, Problem>) -> Value {
    let response = match taken {
        Ok(response) => response,
        Err(problem) => return problem.as_result(),
    };
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), super::body::BODY_BYTES_MAX).await;
    let mut body: Value =
        body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    body["http_status"] = status.into();
    body
}
