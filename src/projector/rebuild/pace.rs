//! How fast a rebuild is, and how fast it may be.

use crate::domain::Timestamp;
use std::collections::VecDeque;

/// Over how long the rate is taken.
const RATE_MS: u64 = 10_000;

/// Counts events over time.
#[derive(Debug)]
pub(super) struct Pace {
    seen: VecDeque<(Timestamp, u64)>,
    began_at: Timestamp,
    events: u64,
    limit: Option<u64>,
}

impl Pace {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { seen: VecDeque::from([(now, 0)]), began_at: now, events: 0, limit: None }
    }

    /// Counts events that are about to be written; answers how many a second there are of late.
    pub(super) fn count(&mut self, events: u64, now: Timestamp) -> u64 {
        self.events += events;
        let total = self.seen.back().map_or(0, |(_, total)| *total) + events;
        self.seen.push_back((now, total));
        while self.seen.len() > 2 && now.ms_since(self.seen[1].0) >= RATE_MS {
            self.seen.pop_front();
        }
        let (from, before) = self.seen[0];
        (total - before).saturating_mul(1_000) / now.ms_since(from).max(1)
    }

    /// How long to wait so that no more than so many events a second are written.
    pub(super) fn wait_ms(&mut self, limit: Option<u64>, now: Timestamp) -> u64 {
        if self.limit != limit {
            (self.limit, self.began_at, self.events) = (limit, now, 0);
        }
        let Some(limit) = limit else { return 0 };
        let due = self.events.saturating_mul(1_000) / limit.max(1);
        due.saturating_sub(now.ms_since(self.began_at))
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use crate::domain::Timestamp;

    #[test]
    fn the_rate_is_that_of_late_and_the_limit_makes_wait() {
        let at = Timestamp::from_unix_ms;
        let mut pace = Pace::new(at(0));
        assert_eq!(pace.wait_ms(Some(100), at(0)), 0);
        assert_eq!(pace.count(200, at(1_000)), 200);
        assert_eq!(pace.wait_ms(Some(100), at(1_000)), 1_000);
        assert_eq!(pace.wait_ms(Some(100), at(2_000)), 0);
        assert_eq!(pace.wait_ms(None, at(1_000)), 0);
        assert_eq!(pace.count(300, at(2_000)), 250);
        assert_eq!(pace.count(0, at(30_000)), 0);
    }
}
