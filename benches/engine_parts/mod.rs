//! The parts of the engine's bench.

pub(crate) mod commands;
pub(crate) mod decisions;
pub(crate) mod instructions;
pub(crate) mod memory;
pub(crate) mod plans;
pub(crate) mod replay;

use std::time::Instant;

/// The time, for measuring.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A count as a number to calculate with.
pub(crate) fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
