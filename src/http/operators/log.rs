//! `/api/log`: everything that was recorded in the caller's workspace, in order, for auditors.

use crate::domain::StreamName;
use crate::http::App;
use crate::http::asking::{NUMBER_MAX, Query};
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{Any, Moment};
use crate::http::writing::AX_POSITION;
use crate::reading::PAGE_ROWS_MAX;
use crate::store::{LogFilter, Position, RecordedEvent};
use axum::Json;
use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How many events a page has when nothing is said.
const PAGE_EVENTS: usize = 100;

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct LogWish {
    /// Only what follows this position: `next_after` of the page before.
    #[serde(default)]
    after: u64,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Only these kinds, with commas between them.
    kind: Option<String>,
    /// Only this stream, such as `execution/first`.
    stream: Option<String>,
}

/// An event as the log holds it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LogEntry {
    position: u64,
    stream: String,
    version: u64,
    event_id: String,
    kind: String,
    schema_version: u16,
    /// The very bytes that were hashed.
    #[schema(value_type = Any)]
    payload: Option<Box<RawValue>>,
    /// Who, why, and after what.
    #[schema(value_type = Any)]
    metadata: Option<Box<RawValue>>,
    #[schema(value_type = Moment)]
    recorded_at: String,
    /// SHA-256 over workspace, stream, id, kind, shape, time, payload and metadata, in
    /// hexadecimal digits.
    hash: String,
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LogPage {
    events: Vec<LogEntry>,
    /// Where the next page begins; none at the end of the log.
    next_after: Option<u64>,
}

/// Everything that was recorded in the workspace, in order.
#[utoipa::path(get, path = "/api/log", operation_id = "list_log", tag = "auditors",
    security(("key" = ["audit"])), params(LogWish),
    responses((status = 200, description = "A page of it.", body = LogPage)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<LogWish>,
) -> Result<Response, Problem> {
    let limit = wish.limit.unwrap_or(PAGE_EVENTS);
    if !(1..=PAGE_ROWS_MAX).contains(&limit) {
        return Err(Problem::new(Code::BadRequest, format!("limit is 1 to {PAGE_ROWS_MAX}")));
    }
    if wish.after > NUMBER_MAX {
        return Err(Problem::new(Code::BadRequest, format!("after is {NUMBER_MAX} at most")));
    }
    let stream = wish.stream.as_deref().map(StreamName::parse).transpose();
    let not_one = |_| Problem::new(Code::BadRequest, "stream is one such as execution/first");
    let kinds = wish.kind.iter().flat_map(|kinds| kinds.split(','));
    let filter = LogFilter {
        kinds: kinds.map(|kind| kind.trim().to_owned()).collect(),
        workspace: Some(caller.workspace),
        stream: stream.map_err(not_one)?,
        ..LogFilter::default()
    };
    let store = app.engine.store();
    let head = store.head().await?.position;
    let found = store.read_log(Position::new(wish.after), &filter, limit).await?;
    let last = found.last().map(|event| event.position.get());
    let next_after = last.filter(|_| found.len() == limit);
    let events = found.iter().map(LogEntry::of).collect();
    let mut response = Json(LogPage { events, next_after }).into_response();
    response.headers_mut().insert(AX_POSITION, HeaderValue::from(head.get()));
    Ok(response)
}

impl LogEntry {
    fn of(event: &RecordedEvent) -> Self {
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).ok();
        Self {
            position: event.position.get(),
            stream: event.stream.to_string(),
            version: event.version.get(),
            event_id: event.event_id.to_string(),
            kind: event.kind.clone(),
            schema_version: event.schema_version,
            payload: json(&event.payload),
            metadata: json(&event.metadata),
            recorded_at: event.recorded_at.to_string(),
            hash: event.leaf_hash.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").expect("a text grows");
                text
            }),
        }
    }
}
