//! Failed proofs of who one is: a source that fails too often is turned away for a while, before
//! anything that it shows is looked at.

use super::code::Code;
use super::problem::Problem;
use super::rates::Limiter;
use crate::telemetry::metrics::RATE_LIMITED;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Where a browser shows a key, or a link, to be given a session.
const SESSION: &str = "/api/session";

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source(pub(super) IpAddr);

/// Lets a request through, unless its source failed too often to prove who it is.
pub(super) async fn slow_down(
    State(limiter): State<Arc<Limiter>>,
    request: Request,
    next: Next,
) -> Response {
    let source = request.extensions().get::<Source>().filter(|_| shows_something(&request));
    let Some(source) = source.map(|Source(address)| format!("source/{address}")) else {
        return next.run(request).await;
    };
    if let Some(seconds) = limiter.wait_of_failures(&source) {
        RATE_LIMITED.count();
        let detail = "too many keys, sessions or links from this address did not open anything";
        return Problem::new(Code::RateLimited, detail).after_seconds(seconds).into_response();
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        limiter.note_failure(source);
    }
    response
}

/// Whether the request shows something that could be tried out: nothing shown is nothing guessed.
fn shows_something(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    let has_ticket = request.uri().query().is_some_and(|query| query.contains("token="));
    let is_login = request.method() == Method::POST && request.uri().path() == SESSION;
    has(header::AUTHORIZATION)
        || has(header::COOKIE)
        || has(header::SEC_WEBSOCKET_PROTOCOL)
        || has_ticket
        || is_login
}
