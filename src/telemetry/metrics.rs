//! What is measured in this process. Labels name routes, methods and statuses: never an id, never
//! a secret.

use super::measure::{Counter, Gauge, Histogram};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Bounds for times, in microseconds: from half a millisecond to a minute.
pub const TIMES_US: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
];
/// Bounds for sizes of batches.
const SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000];
/// How many combinations of route, method and status are kept apart.
const ROUTES_MAX: usize = 4_096;

/// From a request to the archive until its answer.
pub static APPEND_US: Histogram = Histogram::new(TIMES_US);
/// One commit.
pub static COMMIT_US: Histogram = Histogram::new(TIMES_US);
/// How many requests were committed at once.
pub static BATCH_REQUESTS: Histogram = Histogram::new(SIZES);
/// Appends that found their stream changed.
pub static APPEND_CONFLICTS: Counter = Counter::new();
/// Commands that were decided anew for that.
pub static COMMAND_RETRIES: Counter = Counter::new();
/// Connections that are open.
pub static CONNECTIONS: Gauge = Gauge::new();
/// Connections that were refused.
pub static CONNECTIONS_REFUSED: Counter = Counter::new();
/// Requests that are being answered.
pub static IN_FLIGHT: Gauge = Gauge::new();
/// Requests that wait for their turn.
pub static QUEUED: Gauge = Gauge::new();
/// Requests that were turned away because too many waited.
pub static SHED: Counter = Counter::new();
/// Requests that were turned away because their caller made too many.
pub static RATE_LIMITED: Counter = Counter::new();
/// Spans that no collector of traces took.
pub static TRACE_SPANS_DROPPED: Counter = Counter::new();
/// Polls that wait for work.
pub static PARKED_POLLS: Gauge = Gauge::new();
/// Requests by route.
pub static REQUESTS: Requests = Requests::new();

/// What kind of requests there were.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKind {
    /// The template of the route.
    pub route: String,
    /// The method.
    pub method: &'static str,
    /// The status that it was answered with.
    pub status: u16,
}

/// How many requests of each kind there were, and how long they took.
#[derive(Debug)]
pub struct Requests(Mutex<BTreeMap<RequestKind, &'static Histogram>>);

impl Requests {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// One more.
    pub fn note(&self, kind: RequestKind, us: u64) {
        self.histogram(kind).note(us);
    }

    /// The routes are those of the program, so that what is kept is bounded; it lives as long as
    /// the process does.
    fn histogram(&self, kind: RequestKind) -> &'static Histogram {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = kinds.len() >= ROUTES_MAX;
        let kind = match is_full && !kinds.contains_key(&kind) {
            true => RequestKind { route: "other".to_owned(), method: "other", status: kind.status },
            false => kind,
        };
        kinds.entry(kind).or_insert_with(|| Box::leak(Box::new(Histogram::new(TIMES_US))))
    }

    /// All kinds.
    pub fn all(&self) -> Vec<(RequestKind, &'static Histogram)> {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().map(|(kind, histogram)| (kind.clone(), *histogram)).collect()
    }
}
