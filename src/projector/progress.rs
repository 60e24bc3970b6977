//! How far a rebuild is, and when it should be done.

use crate::domain::Timestamp;
use crate::store::views::{Generation, Phase};
use serde::Serialize;

/// A rebuild that wrote nothing for so long is said to make no progress.
const STALLED_MS: u64 = 30_000;

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// How many events are folded.
    pub events_done: u64,
    /// How many are to be.
    pub events_total: u64,
    /// How fast it goes of late.
    pub events_per_second: u64,
    /// How fast it may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_per_second_max: Option<u64>,
    /// How long it should take still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// Whether an operator lets it rest.
    pub is_paused: bool,
    /// Whether nothing was written for long, and nobody knows why.
    pub is_stalled: bool,
    /// When it was begun.
    pub started_at_ms: i64,
    /// What failed when it was last tried; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Progress {
    /// How far a generation is; none when it is not being built.
    pub fn of(known: &Generation, now: Timestamp) -> Option<Self> {
        (known.phase == Phase::Building).then(|| {
            let left = known.target.get().saturating_sub(known.events_done);
            let rate = known.events_per_second;
            let goes_on = !known.is_paused && known.stopped.is_none();
            Self {
                events_done: known.events_done,
                events_total: known.target.get(),
                events_per_second: rate,
                events_per_second_max: known.events_per_second_max,
                seconds_left: (rate > 0 && goes_on).then(|| left.div_ceil(rate)),
                is_paused: known.is_paused,
                is_stalled: goes_on && now.ms_since(known.changed_at) > STALLED_MS,
                started_at_ms: known.started_at.unix_ms(),
                failure: known.failure.clone(),
            }
        })
    }
}
