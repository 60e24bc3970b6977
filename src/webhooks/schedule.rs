//! When a delivery that failed is tried again: for three days, ever less often.

use crate::domain::Timestamp;
use crate::engine::Random;

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// How long after each attempt that failed the next one follows.
pub const WAITS_MS: [u64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];
/// How long a receiver may ask to be left alone.
pub(super) const RETRY_AFTER_MS_MAX: u64 = 24 * HOUR_MS;
/// After how many failures in a row a receiver is left alone for a while.
const FAILURES_MAX: u64 = 5;
/// How long it is left alone at first, and at most.
const HOLD_MS: u64 = 5 * SECOND_MS;
const HOLD_MS_MAX: u64 = 5 * MINUTE_MS;

/// When the next attempt follows, after so many that failed; none when it was tried long enough.
/// Up to a tenth is added by chance, so that what failed together is not tried together.
pub(super) fn next_attempt(attempts: u64, now: Timestamp, random: &Random) -> Option<Timestamp> {
    let at = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let wait_ms = *WAITS_MS.get(at)?;
    Some(now.plus_ms(wait_ms + random.number() % (wait_ms / 10)))
}

/// Until when a receiver is left alone that failed so often in a row, whatever waits for it.
pub(super) fn hold_until(failures: u64, now: Timestamp) -> Timestamp {
    if failures < FAILURES_MAX {
        return now;
    }
    let doublings = u32::try_from(failures - FAILURES_MAX).unwrap_or(u32::MAX).min(10);
    now.plus_ms((HOLD_MS << doublings).min(HOLD_MS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_ten_times_over_three_days() {
        let random = Random::from_seed(3);
        let mut now = Timestamp::from_unix_ms(0);
        let mut attempts = 1;
        while let Some(next) = next_attempt(attempts, now, &random) {
            let wait_ms = next.ms_since(now);
            let least = WAITS_MS[usize::try_from(attempts - 1).expect("it is small")];
            assert!((least..=least + least / 10).contains(&wait_ms), "{wait_ms}");
            now = next;
            attempts += 1;
        }
        assert_eq!(attempts, 10);
        assert!(now.unix_ms() >= 3 * 24 * 3_600_000, "{now}");
    }

    #[test]
    fn a_receiver_that_fails_again_and_again_is_left_alone_for_minutes_at_most() {
        let now = Timestamp::from_unix_ms(1_000);
        assert_eq!(hold_until(4, now), now);
        assert_eq!(hold_until(5, now), now.plus_ms(HOLD_MS));
        assert_eq!(hold_until(6, now), now.plus_ms(2 * HOLD_MS));
        assert_eq!(hold_until(u64::MAX, now), now.plus_ms(HOLD_MS_MAX));
    }
}
