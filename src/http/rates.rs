//! How many requests a caller may make: a bucket of tokens for each, filled evenly over the minute.
//! Each server counts for itself: behind several, a caller may make as many at each of them.

use super::caller::{Caller, Who};
use super::code::Code;
use super::crowd::Load;
use super::problem::Problem;
use crate::clock::Clock;
use crate::config::Rates;
use crate::domain::event::workspace::Role;
use crate::domain::{AgentId, Timestamp};
use crate::telemetry::metrics::RATE_LIMITED;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How long a bucket takes to fill.
const WINDOW_MS: u64 = 60_000;
/// How many callers are known at once; those not heard of for the longest are forgotten.
const CALLERS_MAX: usize = 10_000;
/// Where the paths begin that name an agent.
const AGENTS: &str = "/api/agents/{agent_id}/";

/// Everybody's bucket.
pub(super) struct Limiter {
    rates: Rates,
    clock: Clock,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

/// What a caller has left, in thousandths of a request over a minute, so that nothing is lost to
/// rounding: the bucket gains `per_minute` of them each millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bucket {
    grains: u64,
    at: Timestamp,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    is_taken: bool,
    per_minute: u64,
    /// How many requests are left.
    left: u64,
    /// How long until the bucket is full, or, when nothing was left, until there is one again.
    seconds: u64,
}

impl Bucket {
    fn full(per_minute: u64, at: Timestamp) -> Self {
        Self { grains: per_minute * WINDOW_MS, at }
    }

    /// Gains what came in since. Time that went back is time that stood still.
    fn fill(&mut self, per_minute: u64, now: Timestamp) {
        let gained = now.ms_since(self.at).saturating_mul(per_minute);
        self.grains = self.grains.saturating_add(gained).min(per_minute * WINDOW_MS);
        self.at = self.at.max(now);
    }

    /// Takes one request out.
    fn take(&mut self, per_minute: u64, now: Timestamp) -> Taken {
        self.fill(per_minute, now);
        let full = per_minute * WINDOW_MS;
        let is_taken = self.grains >= WINDOW_MS;
        if is_taken {
            self.grains -= WINDOW_MS;
        }
        let missing = if is_taken { full - self.grains } else { WINDOW_MS - self.grains };
        let ms = missing.div_ceil(per_minute);
        let left = self.grains / WINDOW_MS;
        Taken { is_taken, per_minute, left, seconds: ms.div_ceil(1_000) }
    }
}

impl Limiter {
    pub(super) fn new(rates: Rates, clock: Clock) -> Self {
        Self { rates, clock, buckets: Mutex::default() }
    }

    /// Counts a request of a caller.
    fn take(&self, caller: String, per_minute: u64) -> Taken {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_MAX && !buckets.contains_key(&caller) {
            forget(&mut buckets, now);
        }
        let bucket = buckets.entry(caller).or_insert_with(|| Bucket::full(per_minute, now));
        bucket.take(per_minute, now)
    }

    /// How many seconds a source has to wait that failed too often to prove who it is.
    pub(super) fn wait_of_failures(&self, source: &str) -> Option<u64> {
        let per_minute = self.rates.failures_per_minute;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_mut(source)?;
        bucket.fill(per_minute, self.clock.now());
        let missing = WINDOW_MS.checked_sub(bucket.grains).filter(|missing| *missing > 0)?;
        Some(missing.div_ceil(per_minute).div_ceil(1_000))
    }

    /// Counts a failure of a source.
    pub(super) fn note_failure(&self, source: String) {
        if self.rates.failures_per_minute > 0 {
            self.take(source, self.rates.failures_per_minute);
        }
    }

    /// Whose bucket a request is taken from, and how many it holds; none when there is no limit.
    fn bucket_of(&self, request: &Request) -> Option<(String, u64)> {
        let caller = request.extensions().get::<Caller>()?;
        let (name, per_minute) = match &caller.who {
            Who::OnePerson => (agent_in(request)?, self.rates.agent_per_minute),
            Who::Bearer { key_id, .. } => {
                let name = key_id.as_ref().map_or(caller.actor.to_string(), ToString::to_string);
                let per_minute = match caller.role {
                    Role::Agent => self.rates.agent_per_minute,
                    Role::Owner | Role::Member | Role::Operator | Role::Auditor => {
                        self.rates.user_per_minute
                    }
                };
                (name, per_minute)
            }
        };
        (per_minute > 0).then(|| (format!("{}/{name}", caller.workspace), per_minute))
    }
}

/// The agent that the path names. Without keys nobody proves who they are: whoever calls as an
/// agent is counted as that agent, and a person who looks is not counted.
fn agent_in(request: &Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let segment = request.uri().path().split('/').nth(3)?;
    let agent_id = AgentId::parse(segment).ok().filter(|_| route.starts_with(AGENTS))?;
    Some(agent_id.to_string())
}

/// Makes room: those whose buckets are full again are as good as new; else half of them go, those
/// who were not heard of for the longest.
fn forget(buckets: &mut BTreeMap<String, Bucket>, now: Timestamp) {
    buckets.retain(|_, bucket| now.ms_since(bucket.at) < WINDOW_MS);
    if buckets.len() < CALLERS_MAX {
        return;
    }
    let mut times: Vec<Timestamp> = buckets.values().map(|bucket| bucket.at).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or(now);
    let mut spare = CALLERS_MAX / 2;
    buckets.retain(|_, bucket| {
        let goes = bucket.at <= middle && spare > 0;
        spare -= usize::from(goes);
        !goes
    });
}

/// Counts a request, and turns it away when its caller made too many.
pub(super) async fn limit(
    State(limiter): State<Arc<Limiter>>,
    request: Request,
    next: Next,
) -> Response {
    if !Load::of(&request).is_counted() {
        return next.run(request).await;
    }
    let Some((caller, per_minute)) = limiter.bucket_of(&request) else {
        return next.run(request).await;
    };
    let taken = limiter.take(caller, per_minute);
    let mut response = match taken.is_taken {
        true => next.run(request).await,
        false => {
            RATE_LIMITED.count();
            let detail = format!("{per_minute} requests a minute are allowed to this caller");
            Problem::new(Code::RateLimited, detail).after_seconds(taken.seconds).into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [(RATE_LIMIT_POLICY, taken.policy()), (RATE_LIMIT, taken.state())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

impl Taken {
    fn policy(&self) -> String {
        format!("\"default\";q={};w={}", self.per_minute, WINDOW_MS / 1_000)
    }

    fn state(&self) -> String {
        format!("\"default\";r={};t={}", self.left, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, CALLERS_MAX, Limiter};
    use crate::clock::Clock;
    use crate::config::Rates;
    use crate::domain::Timestamp;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    #[test]
    fn a_bucket_gives_its_limit_at_once_and_then_one_as_often_as_it_fills() {
        let mut bucket = Bucket::full(3, at(0));
        for left in [2, 1, 0] {
            let taken = bucket.take(3, at(0));
            assert!(taken.is_taken && taken.left == left, "{taken:?}");
        }
        let refused = bucket.take(3, at(0));
        assert!(!refused.is_taken && refused.seconds == 20, "{refused:?}");
        assert!(!bucket.take(3, at(19_999)).is_taken);
        assert!(bucket.take(3, at(20_000)).is_taken);
        assert!(!bucket.take(3, at(20_000)).is_taken);
        let taken = bucket.take(3, at(200_000));
        assert!(taken.is_taken && taken.left == 2 && taken.seconds == 20, "{taken:?}");
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_and_takes_nothing() {
        let mut bucket = Bucket::full(1, at(100_000));
        assert!(bucket.take(1, at(100_000)).is_taken);
        assert!(!bucket.take(1, at(0)).is_taken);
        assert!(!bucket.take(1, at(100_001)).is_taken);
        assert!(bucket.take(1, at(160_000)).is_taken);
    }

    #[test]
    fn no_more_callers_are_known_than_the_limit_and_those_who_call_stay() {
        let (clock, hands) = Clock::simulated(at(0));
        let rates = Rates { agent_per_minute: 1, ..Rates::default() };
        let limiter = Limiter::new(rates, clock);
        for caller in 0..CALLERS_MAX {
            limiter.take(caller.to_string(), 1);
        }
        hands.advance_ms(1);
        assert!(!limiter.take("7".to_owned(), 1).is_taken);
        assert!(limiter.take("new".to_owned(), 1).is_taken);
        assert!(!limiter.take("7".to_owned(), 1).is_taken, "it was forgotten, and began anew");
        let known = limiter.buckets.lock().expect("nobody panicked").len();
        assert!(known <= CALLERS_MAX / 2 + 1, "{known}");
    }
}
