//! The parts of the door's bench.

pub(crate) mod client;
pub(crate) mod cycles;
pub(crate) mod handover;
pub(crate) mod idle;
pub(crate) mod reports;
pub(crate) mod served;
pub(crate) mod streams;
pub(crate) mod work;

use anyhow::{Context, Result};
use planexe_ax_testkit::{Database, Server, SqliteFile, baseline};
use std::time::{Duration, Instant};

pub(crate) const WARM_UP: Duration = Duration::from_millis(500);
pub(crate) const MEASURED: Duration = Duration::from_millis(2_000);
/// An event with what is kept beside it, as large as reports are on average.
const BASELINE_BYTES: usize = 512;

/// The time, for measuring.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A count as a number to calculate with.
pub(crate) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Inserts a second of so many clients, each with a commit of its own, and nothing looked at.
pub(crate) async fn postgres(server: &Server, clients: u32) -> Result<f64> {
    let database = Database::on(server).await?;
    baseline::postgres(&database, clients, &[b'x'; BASELINE_BYTES], WARM_UP, MEASURED).await
}

/// The same, of the one writer that SQLite has.
pub(crate) async fn sqlite() -> Result<f64> {
    baseline::sqlite(&SqliteFile::new()?, &[b'x'; BASELINE_BYTES], WARM_UP, MEASURED).await
}

/// How long each of what was done took.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn of(milliseconds: Vec<f64>) -> Self {
        let mut times = Self(milliseconds);
        times.0.sort_by(f64::total_cmp);
        times
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// What so many of a hundred stayed under, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> Result<f64> {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().context("nothing was measured")
    }

    /// Both percentiles, for a figure's name.
    pub(crate) fn told(&self) -> Result<String> {
        Ok(format!("p50 {:.1} ms, p99 {:.1} ms", self.percentile(50)?, self.percentile(99)?))
    }
}

/// A round of measuring, and the baseline that was measured beside it.
pub(crate) struct Round {
    pub(crate) value: f64,
    pub(crate) baseline: f64,
    pub(crate) times: Times,
}

/// The round in the middle: a disk is faster at one time than at another.
pub(crate) fn middle(mut rounds: Vec<Round>) -> Result<Round> {
    let ratio = |round: &Round| round.value / round.baseline;
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let place = rounds.len() / 2;
    rounds.into_iter().nth(place).context("nothing was measured")
}
