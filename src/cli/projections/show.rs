//! How generations are shown: lines for people on a terminal, a JSON object a line elsewhere.

use crate::domain::Timestamp;
use crate::store::views::{Generation, Phase};
use serde::Serialize;
use std::io::{self, IsTerminal};

/// A rebuild that wrote nothing for so long is said to make no progress.
const STALLED_MS: u64 = 30_000;
/// How many characters the bar has.
const BAR_WIDTH: u64 = 24;

/// A generation as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    projection: &'a str,
    generation: u64,
    phase: &'static str,
    position: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_why: Option<&'a str>,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    skipped: &'a [u64],
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'a str>,
    is_refused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress<'a>>,
}

/// How far a rebuild is.
#[derive(Debug, Serialize)]
struct Progress<'a> {
    events_done: u64,
    events_total: u64,
    events_per_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_per_second_max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
    is_paused: bool,
    is_stalled: bool,
    started_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(known: &'a Generation, now: Timestamp) -> Self {
        let progress = (known.phase == Phase::Building).then(|| {
            let left = known.target.get().saturating_sub(known.events_done);
            let rate = known.events_per_second;
            let goes_on = !known.is_paused && known.stopped.is_none();
            Progress {
                events_done: known.events_done,
                events_total: known.target.get(),
                events_per_second: rate,
                events_per_second_max: known.events_per_second_max,
                seconds_left: (rate > 0 && goes_on).then(|| left.div_ceil(rate)),
                is_paused: known.is_paused,
                is_stalled: goes_on && now.ms_since(known.changed_at) > STALLED_MS,
                started_at_ms: known.started_at.unix_ms(),
                failure: known.failure.as_deref(),
            }
        });
        Self {
            projection: &known.name,
            generation: known.generation,
            phase: known.phase.as_str(),
            position: known.position.get(),
            stopped_at: known.stopped.as_ref().map(|(at, _)| at.get()),
            stopped_why: known.stopped.as_ref().map(|(_, why)| why.as_str()),
            skipped: &known.skipped,
            compared: known.compared.as_deref(),
            is_refused: known.is_refused,
            alarm: known.alarm.as_deref(),
            progress,
        }
    }

    /// As a JSON object.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always become JSON")
    }

    /// As a line for people.
    pub(super) fn line(&self) -> String {
        let Self { projection, generation, phase, position, .. } = self;
        let start = format!("{projection:<12} generation {generation:<3}");
        let mut line = match &self.progress {
            Some(progress) => format!("{start} {}", progress.line()),
            None => format!("{start} {phase:<11} at position {position}"),
        };
        if let (Some(at), Some(why)) = (self.stopped_at, self.stopped_why) {
            line += &format!(" · STOPPED at {at}: {why}");
        }
        if !self.skipped.is_empty() {
            line += &format!(" · without {:?}", self.skipped);
        }
        if let Some(compared) = self.compared {
            line += &format!(" · {compared}");
        }
        if let Some(alarm) = self.alarm {
            line += &format!(" · NOT WHAT THE LOG SAYS, rebuild it: {alarm}");
        }
        line
    }
}

impl Progress<'_> {
    fn line(&self) -> String {
        let Self { events_done, events_total, events_per_second, .. } = self;
        let done = events_done.saturating_mul(BAR_WIDTH).checked_div(*events_total);
        let done = done.unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
        let full = "█".repeat(usize::try_from(done).unwrap_or_default());
        let empty = "·".repeat(usize::try_from(BAR_WIDTH - done).unwrap_or_default());
        let mut line =
            format!("{full}{empty} {events_done} of {events_total} events · {events_per_second}/s");
        if let Some(seconds) = self.seconds_left {
            line += &format!(" · {seconds} s left");
        }
        if self.is_paused {
            line += " · paused";
        }
        if self.is_stalled {
            line += " · NO PROGRESS: does a server run?";
        }
        if let Some(failure) = self.failure {
            line += &format!(" · failed, tried again: {failure}");
        }
        line
    }
}

/// Whether people read along.
pub(super) fn is_for_people() -> bool {
    io::stdout().is_terminal()
}

/// Prints all generations.
pub(super) fn list(known: &[Generation], now: Timestamp) {
    for generation in known {
        let shown = Shown::of(generation, now);
        let line = if is_for_people() { shown.line() } else { shown.json() };
        println!("{line}");
    }
}

/// Prints the generations that are in use or on the way.
pub(super) fn status(known: &[Generation], now: Timestamp) {
    let is_past = |it: &Generation| matches!(it.phase, Phase::Retired | Phase::Cancelled);
    let current: Vec<_> = known.iter().filter(|it| !is_past(it)).cloned().collect();
    list(&current, now);
}
