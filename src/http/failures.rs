//! Failed proofs of who one is: whoever fails too often is turned away for a while, before anything
//! that they show is looked at.

use super::code::Code;
use super::gate::shown_key;
use super::problem::Problem;
use super::rates::Limiter;
use crate::keys::Keyring;
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

/// Where failures are counted.
pub(super) struct Failures {
    pub(super) limiter: Arc<Limiter>,
    pub(super) keys: Keyring,
}

/// Lets a request through, unless what it shows failed too often from where it comes.
pub(super) async fn slow_down(
    State(failures): State<Arc<Failures>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(guesser) = failures.guesser(&request) else { return next.run(request).await };
    if let Some(seconds) = failures.limiter.wait_of_failures(&guesser) {
        RATE_LIMITED.count();
        let detail = "too many keys, tickets or links from this address did not open anything";
        return Problem::new(Code::RateLimited, detail).after_seconds(seconds).into_response();
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        failures.limiter.note_failure(guesser);
    }
    response
}

impl Failures {
    /// Whose failure it would be: the address, and the key that is tried, where there is one of
    /// that id. So a key that is good opens, whatever strangers show from the same address: behind
    /// a proxy, all come from one.
    fn guesser(&self, request: &Request) -> Option<String> {
        let Source(address) = request.extensions().get::<Source>()?;
        let source = Some(format!("source/{address}"));
        match shown_key(request.headers()) {
            Ok(Some(key)) => match self.keys.id_of(key) {
                Some(key_id) => Some(format!("key/{key_id}/{address}")),
                None => source,
            },
            Ok(None) => source.filter(|_| tries_something(request)),
            Err(_) => source,
        }
    }
}

/// Whether the request shows a ticket, or asks for a session. A cookie is not tried out: nobody
/// guesses one, and a browser whose session has ended should not lock anyone out.
fn tries_something(request: &Request) -> bool {
    let has_ticket = request.uri().query().is_some_and(|query| query.contains("token="))
        || request.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let is_login = request.method() == Method::POST && request.uri().path() == SESSION;
    has_ticket || is_login
}
