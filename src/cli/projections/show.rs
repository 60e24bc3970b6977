//! How generations are shown: lines for people on a terminal, a JSON object a line elsewhere.

use crate::cli::out;
use crate::domain::Timestamp;
use crate::exit::Failure;
use crate::projector::Progress;
use crate::store::views::{Generation, Phase};
use serde::Serialize;
use std::io::{self, IsTerminal};

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
    progress: Option<Progress>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(known: &'a Generation, now: Timestamp) -> Self {
        let progress = Progress::of(known, now);
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
            Some(progress) => format!("{start} {}", bar(progress)),
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

/// How far a rebuild is, as a bar.
fn bar(progress: &Progress) -> String {
    let Progress { events_done, events_total, events_per_second, .. } = progress;
    let done = events_done.saturating_mul(BAR_WIDTH).checked_div(*events_total);
    let done = done.unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
    let full = "█".repeat(usize::try_from(done).unwrap_or_default());
    let empty = "·".repeat(usize::try_from(BAR_WIDTH - done).unwrap_or_default());
    let mut line =
        format!("{full}{empty} {events_done} of {events_total} events · {events_per_second}/s");
    if let Some(seconds) = progress.seconds_left {
        line += &format!(" · {seconds} s left");
    }
    if progress.is_paused {
        line += " · paused";
    }
    if progress.is_stalled {
        line += " · NO PROGRESS: does a server run?";
    }
    if let Some(failure) = &progress.failure {
        line += &format!(" · failed, tried again: {failure}");
    }
    line
}

/// Whether people read along.
pub(super) fn is_for_people() -> bool {
    io::stdout().is_terminal()
}

/// Prints all generations.
pub(super) fn list(known: &[Generation], now: Timestamp) -> Result<(), Failure> {
    for generation in known {
        let shown = Shown::of(generation, now);
        let line = if is_for_people() { shown.line() } else { shown.json() };
        out::say(&line)?;
    }
    Ok(())
}

/// Prints the generations that are in use or on the way.
pub(super) fn status(known: &[Generation], now: Timestamp) -> Result<(), Failure> {
    let is_past = |it: &Generation| matches!(it.phase, Phase::Retired | Phase::Cancelled);
    let current: Vec<_> = known.iter().filter(|it| !is_past(it)).cloned().collect();
    list(&current, now)
}
