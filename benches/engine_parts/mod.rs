//! The parts of the engine's bench.

pub mod commands;
pub mod decisions;
pub mod instructions;
pub mod memory;
pub mod plans;
pub mod replay;

use std::time::Instant;

/// The time, for measuring.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// A count as a number to calculate with.
pub fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
