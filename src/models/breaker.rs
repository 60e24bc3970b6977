//! Leaves a language model alone for a while that failed several times in a row.

use crate::domain::Timestamp;
use std::sync::{Mutex, PoisonError};

/// How many failures in a row are one too many.
pub(super) const FAILURES_MAX: u32 = 3;
/// How long it is left alone then.
pub(super) const REST_MS: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    failures: u32,
    rests_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether it may be asked now. After a rest one question goes through; the others wait for
    /// what becomes of it.
    pub(super) fn admits(&self, now: Timestamp) -> bool {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match record.rests_until {
            None => true,
            Some(until) if until <= now => {
                record.rests_until = Some(now.plus_ms(REST_MS));
                true
            }
            Some(_) => false,
        }
    }

    pub(super) fn worked(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Record::default();
    }

    pub(super) fn failed(&self, now: Timestamp) {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        record.failures = record.failures.saturating_add(1);
        if record.failures >= FAILURES_MAX {
            record.rests_until = Some(now.plus_ms(REST_MS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_some_failures_it_rests_and_then_one_question_goes_through() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix_ms(1_000_000));
        for _ in 0..FAILURES_MAX {
            assert!(breaker.admits(now));
            breaker.failed(now);
        }
        assert!(!breaker.admits(now.plus_ms(REST_MS - 1)));
        let later = now.plus_ms(REST_MS);
        assert!(breaker.admits(later) && !breaker.admits(later));
        breaker.failed(later);
        assert!(!breaker.admits(later.plus_ms(REST_MS - 1)));
        assert!(breaker.admits(later.plus_ms(REST_MS)));
        breaker.worked();
        assert!(breaker.admits(later) && breaker.admits(later));
    }
}
