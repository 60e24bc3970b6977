//! How much the door takes on: requests that are too large, a limited number at once, a limited
//! number that wait, and a limited time for each. Who comes when too many wait is told so at once;
//! what tells that the server lives, and what keeps work in an agent's hands, is never turned away.

use super::body::BodyLimits;
use super::code::Code;
use super::problem::Problem;
use crate::config::Door;
use crate::planted::is_planted;
use crate::telemetry::metrics::{IN_FLIGHT, QUEUED, SHED};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What those who were turned away are to wait.
const RETRY_SECONDS: u64 = 2;

/// Those who are let in, and those who wait.
pub(super) struct Crowd {
    door: Door,
    turns: Semaphore,
    places: Semaphore,
}

/// What a request is to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// Small, and never turned away: whether the server lives, how it does, and heartbeats.
    Vital,
    /// It waits most of its time: a poll that is parked, a stream.
    Waiting,
    /// It may ask a language model or PlanExe, and takes as long as that may.
    Asking,
    /// All others.
    Work,
}

impl Load {
    /// What a request is.
    pub(super) fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match route {
            "/healthz" | "/readyz" | "/version" | "/metrics" => Self::Vital,
            "/api/agents/{agent_id}/heartbeat" => Self::Vital,
            "/api/agents/{agent_id}/work" if waits(request) => Self::Waiting,
            // It asks this door again for what it wants, and that takes the turn.
            "/mcp" => Self::Waiting,
            _ if route.starts_with("/api/admin/") => Self::Vital,
            _ if route.ends_with("/stream") => Self::Waiting,
            _ if route.ends_with("/decompose") => Self::Asking,
            "/api/plans" if *request.method() == Method::POST => Self::Asking,
            _ => Self::Work,
        }
    }

    /// Whether it counts among the requests that a caller may make in a minute, and a workspace at
    /// once.
    pub(super) fn is_counted(self) -> bool {
        match self {
            Self::Vital | Self::Waiting => false,
            Self::Asking | Self::Work => true,
        }
    }
}

fn waits(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|part| part.starts_with("wait="))
}

impl Crowd {
    pub(super) fn new(door: &Door) -> Self {
        let turns = Semaphore::new(door.in_flight_max.min(Semaphore::MAX_PERMITS));
        let places = Semaphore::new(door.queue_max.min(Semaphore::MAX_PERMITS));
        Self { door: door.clone(), turns, places }
    }

    /// Waits for its turn, unless too many wait.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        let place = self.places.try_acquire();
        if place.is_err() && !is_planted("no_shedding_limit") {
            SHED.count();
            return Err(overloaded());
        }
        let _queued = QUEUED.held();
        self.turns.acquire().await.map_err(|_| overloaded())
    }

    /// How large the body of a request may be: plans are larger than all else.
    fn body_bytes_max(&self, request: &Request) -> usize {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let is_import = route == "/api/plans" && *request.method() == Method::POST;
        if is_import { self.door.import_bytes_max } else { self.door.body_bytes_max }
    }

    fn refuses(&self, request: &Request) -> Option<Problem> {
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if target > self.door.url_bytes_max {
            let limit = self.door.url_bytes_max;
            let detail = format!("path and query have at most {limit} bytes");
            return Some(Problem::new(Code::UriTooLong, detail));
        }
        let size = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            name.as_str().len() + value.len()
        };
        let headers: usize = request.headers().iter().map(size).sum();
        (headers > self.door.header_bytes_max).then(|| {
            let limit = self.door.header_bytes_max;
            Problem::new(Code::HeadersTooLarge, format!("headers have at most {limit} bytes"))
        })
    }
}

fn overloaded() -> Problem {
    let detail = "too many requests wait already: nothing was done";
    Problem::new(Code::Overloaded, detail).after_seconds(RETRY_SECONDS)
}

/// Lets a request in when its turn has come, for a limited time.
pub(super) async fn pass(
    State(crowd): State<Arc<Crowd>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(problem) = crowd.refuses(&request) {
        return problem.into_response();
    }
    let Door { body_ms_max, request_ms_max, .. } = crowd.door;
    let bytes_max = crowd.body_bytes_max(&request);
    request.extensions_mut().insert(BodyLimits { bytes_max, ms_max: body_ms_max });
    let load = Load::of(&request);
    if load == Load::Waiting {
        return next.run(request).await;
    }
    let more_ms = if load == Load::Asking { crowd.door.asking_ms_max } else { 0 };
    let limit = Duration::from_millis(request_ms_max.saturating_add(more_ms));
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let answered = tokio::time::timeout(limit, async {
        let _turn = match load {
            Load::Vital | Load::Waiting => None,
            Load::Asking | Load::Work => Some(crowd.turn().await?),
        };
        let _in_flight = IN_FLIGHT.held();
        Ok(next.run(request).await)
    });
    match answered.await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => Problem::into_response(problem),
        Err(_) => too_slow(is_read).into_response(),
    }
}

/// Whether a write that took too long was done is not known here.
fn too_slow(is_read: bool) -> Problem {
    if is_read {
        return Problem::new(Code::TimedOut, "this took too long, and was given up");
    }
    let detail = "this took too long: it may have been stored or not; repeat it with the same key";
    Problem::new(Code::OutcomeUnknown, detail)
}
