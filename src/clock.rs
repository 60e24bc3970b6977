//! The only place where the clock is read; in tests, time is what they say it is.

use crate::domain::Timestamp;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// How long a wait trusts the runtime's clock before it reads the wall clock again: a wall clock
/// that was put forward is seen within this time.
const HOP_MS_MAX: u64 = 1_000;

/// Where time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The clock of this machine.
    System,
    /// A clock that stands still until it is moved.
    Simulated(Arc<SimulatedClock>),
}

impl Clock {
    /// A clock that stands at `at`, and the handle that moves it.
    pub fn simulated(at: Timestamp) -> (Self, Arc<SimulatedClock>) {
        let handle = Arc::new(SimulatedClock::new(at));
        (Self::Simulated(Arc::clone(&handle)), handle)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Simulated(clock) => clock.now(),
        }
    }

    /// Waits until `at` has come; returns at once when it has. Safe to cancel.
    pub async fn sleep_until(&self, at: Timestamp) {
        match self {
            Self::System => system_sleep_until(at).await,
            Self::Simulated(clock) => clock.sleep_until(at).await,
        }
    }

    /// Waits for that many milliseconds from now on. Safe to cancel.
    pub async fn sleep_ms(&self, ms: u64) {
        self.sleep_until(self.now().plus_ms(ms)).await;
    }
}

/// A clock that stands still until it is moved; whoever sleeps on it wakes as it passes.
#[derive(Debug)]
pub struct SimulatedClock(watch::Sender<Timestamp>);

impl SimulatedClock {
    /// A clock that stands at `at`.
    pub fn new(at: Timestamp) -> Self {
        Self(watch::Sender::new(at))
    }

    /// The moment at which it stands.
    pub fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    /// Moves it to `at`, forward or back.
    pub fn set(&self, at: Timestamp) {
        self.0.send_replace(at);
    }

    /// Moves it forward.
    pub fn advance_ms(&self, ms: u64) {
        self.0.send_modify(|now| *now = now.plus_ms(ms));
    }

    /// How many are asleep on it: a test moves it once those that it waits for are.
    pub fn sleepers(&self) -> usize {
        self.0.receiver_count()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut moves = self.0.subscribe();
        let woken = moves.wait_for(|now| *now >= at).await;
        woken.expect("the sender lives as long as `self`, which this wait borrows");
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn system_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn system_sleep_until(at: Timestamp) {
    loop {
        let left_ms = at.ms_since(system_now());
        if left_ms == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(left_ms.min(HOP_MS_MAX))).await;
    }
}

/// Measures how long something takes, whatever the wall clock does meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How many microseconds have passed.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::domain::Timestamp;

    #[tokio::test]
    async fn a_sleeper_wakes_when_simulated_time_has_passed() {
        let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(1_000));
        let sleeper = tokio::spawn(async move {
            clock.sleep_ms(500).await;
            clock.now()
        });
        while hands.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hands.advance_ms(499);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        hands.advance_ms(1);
        assert_eq!(sleeper.await.expect("it does not panic"), Timestamp::from_unix_ms(1_500));
    }

    #[tokio::test]
    async fn a_moment_that_has_passed_is_not_waited_for() {
        let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(1_000));
        clock.sleep_until(Timestamp::from_unix_ms(1_000)).await;
        hands.set(Timestamp::from_unix_ms(10));
        clock.sleep_until(Timestamp::from_unix_ms(9)).await;
        Clock::System.sleep_until(Timestamp::from_unix_ms(9)).await;
        assert_eq!(clock.now(), Timestamp::from_unix_ms(10));
    }

    #[tokio::test]
    async fn the_system_clock_goes_on_while_one_waits() {
        let before = Clock::System.now();
        Clock::System.sleep_ms(2).await;
        assert!(Clock::System.now().ms_since(before) >= 2);
    }
}
