//! What happens around every handler: the request has an id, a handler that panics hurts nobody
//! else, a problem becomes its document, and nothing is cached.

use super::code::Code;
use super::problem::Problem;
use crate::clock::Stopwatch;
use crate::telemetry::metrics::{REQUESTS, RequestKind};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use tracing::Instrument;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// How long the name of a caller's span is.
const TRACEPARENT_BYTES: usize = 55;
/// The route of a request that has none.
const NO_ROUTE: &str = "none";
/// How long an id may be that a client gives its request.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Names the request in the log and in its answer, and writes the problem document.
pub(super) async fn around(request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let id = request_id(request.headers());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = method_of(request.method());
    let span = tracing::info_span!(
        "request", request.id = %id, http.method = method, http.route = %route,
        key.id = tracing::field::Empty, http.status = tracing::field::Empty,
        trace.parent = trace_of(request.headers()),
    );
    let answered = caught(next.run(request)).instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|| {
        span.in_scope(|| tracing::error!("a handler panicked"));
        let detail = "something is wrong with the server, and in its log";
        Problem::new(Code::Internal, detail).into_response()
    });
    let (status, us) = (response.status().as_u16(), watch.elapsed_us());
    span.in_scope(|| {
        tracing::info!(http.status = status, duration_ms = us / 1_000, "{method} {route} {status}");
    });
    span.record("http.status", status);
    REQUESTS.note(RequestKind { route, method, status }, us);
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        *response.body_mut() = problem.document(&path, &id).into();
    }
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The method as a label: what clients make up is not one.
fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The id that the client gave, when it is a plain one.
fn request_id(headers: &HeaderMap) -> String {
    let is_plain = |id: &&str| {
        let fits = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len());
        fits && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(is_plain);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The span of the caller, where one is named in the one form that there is.
fn trace_of(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(TRACEPARENT).and_then(|parent| parent.to_str().ok())?;
    let is_plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (given.len() == TRACEPARENT_BYTES && given.bytes().all(is_plain)).then_some(given)
}

/// What comes of it; none when it panicked.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let poll = || work.as_mut().poll(context);
        match std::panic::catch_unwind(AssertUnwindSafe(poll)) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// No route has this path.
pub(super) async fn nothing_there() -> Problem {
    Problem::new(Code::NotFound, "there is nothing at this path: GET /docs lists what there is")
}

/// The path has a route, of another method.
pub(super) async fn no_such_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this path takes other methods: see Allow")
}
