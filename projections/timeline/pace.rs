//! How actual durations compare with the estimates so far.

use super::forecast::{Band, Leaf};
use planexe_ax_domain::execution::TaskStatus;

/// An estimate that was just right, in thousandths.
const TO_PLAN: u64 = 1_000;
/// As many leaves are taken to have gone to plan before any is done.
const LEAVES_TO_PLAN: u64 = 2;
/// What three leaves may have shown before any is done: one took half as long, one twice.
const SHOWN_BEFORE: [u64; 3] = [TO_PLAN / 2, TO_PLAN, TO_PLAN * 2];

/// How many thousandths of its estimate a leaf takes: early, likely and late.
pub(super) fn of(leaves: &[Leaf<'_>]) -> Band<u64> {
    let done: Vec<(u64, u64)> = leaves.iter().filter_map(done).collect();
    let planned_ms: u64 = leaves.iter().map(|leaf| leaf.planned_ms).sum();
    let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let prior_ms = planned_ms.checked_div(count).unwrap_or_default() * LEAVES_TO_PLAN;
    let (actual_ms, estimated_ms) = done
        .iter()
        .fold((prior_ms, prior_ms), |(actual, estimated), one| (actual + one.0, estimated + one.1));
    let likely = actual_ms.saturating_mul(TO_PLAN).checked_div(estimated_ms).unwrap_or(TO_PLAN);
    let mut shown = SHOWN_BEFORE.to_vec();
    shown.extend(done.iter().filter_map(|(actual, ms)| (actual * TO_PLAN).checked_div(*ms)));
    shown.sort_unstable();
    let last = shown.len() - 1;
    let (early, late) = (shown[last / 5], shown[(last * 4).div_ceil(5)]);
    Band { early: early.min(likely), likely, late: late.max(likely) }
}

/// How long a completed leaf took, and how long it should have taken.
fn done(leaf: &Leaf<'_>) -> Option<(u64, u64)> {
    let took_ms = leaf.row.ended_at?.ms_since(leaf.row.started_at?);
    let is_done = leaf.status == TaskStatus::Complete;
    is_done.then_some((took_ms.min(super::forecast::DURATION_MS_MAX), leaf.planned_ms))
}
