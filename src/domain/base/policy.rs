//! The rules in force for an execution: every limit, written into its first event.

use serde::{Deserialize, Serialize};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// The shortest lease that an agent may ask for.
pub const LEASE_MS_MIN: u64 = 10_000;
/// The longest wait between two attempts.
pub const BACKOFF_MS_MAX: u64 = HOUR_MS;

/// How the wait before a further attempt grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Doubles with every attempt, with full jitter.
    #[default]
    Exponential,
    /// Grows by the same amount with every attempt, with full jitter.
    Linear,
    /// Stays the same, without jitter.
    Fixed,
}

/// How often a task is tried, and how long it rests in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// The most attempts.
    pub attempts_max: u32,
    /// How the wait grows.
    pub backoff: Backoff,
    /// The first wait.
    pub backoff_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 3, backoff: Backoff::Exponential, backoff_ms: 5 * MINUTE_MS }
    }
}

impl RetryPolicy {
    /// The wait after that many attempts; `random` spreads it over the whole range (full jitter).
    pub fn wait_ms(&self, attempts: u32, random: u64) -> u64 {
        let doublings = attempts.saturating_sub(1).min(20);
        let ceiling = match self.backoff {
            Backoff::Exponential => self.backoff_ms.saturating_mul(1 << doublings),
            Backoff::Linear => self.backoff_ms.saturating_mul(u64::from(attempts.max(1))),
            Backoff::Fixed => return self.backoff_ms.min(BACKOFF_MS_MAX),
        };
        random % (ceiling.min(BACKOFF_MS_MAX) + 1)
    }
}

/// What follows when a task can't be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// A person is asked.
    #[default]
    Incident,
    /// The execution fails.
    Fail,
    /// The task is skipped.
    Skip,
}

/// What a blocker holds up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBlocker {
    /// Whatever does not depend on it goes on.
    #[default]
    Continue,
    /// The whole execution stops.
    Halt,
}

/// Which order, beyond the explicit dependencies, the tasks keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sequencing {
    /// None.
    #[default]
    Explicit,
    /// One phase after the other.
    Phases,
    /// Each sibling after the one before it.
    Sequential,
}

/// The rules in force for an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a lease lasts without a sign of life.
    pub lease_ms: u64,
    /// The hard limit on one attempt, where the task names none.
    pub timeout_ms: u64,
    /// How often a task is tried, where the task does not say.
    pub retry: RetryPolicy,
    /// How often in a row an agent may fall silent before a person looks at the task.
    pub losses_max: u32,
    /// How long a blocker waits before it escalates.
    pub blocker_wait_ms: u64,
    /// How long an agent may be silent before it counts as lost.
    pub agent_silence_ms: u64,
    /// How long an execution waits for its lost agent before that escalates.
    pub agent_wait_ms: u64,
    /// How old an execution may grow.
    pub execution_timeout_ms: u64,
    /// How long a running task may take to wind down after a cancel.
    pub cancel_grace_ms: u64,
    /// The confidence, in thousandths, under which a person reviews a decomposition.
    pub confidence_permille_min: u16,
    /// What follows when a task can't be done.
    pub on_failure: OnFailure,
    /// What a blocker holds up.
    pub on_blocker: OnBlocker,
    /// Which order the tasks keep.
    pub sequencing: Sequencing,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lease_ms: 30 * MINUTE_MS,
            timeout_ms: 24 * HOUR_MS,
            retry: RetryPolicy::default(),
            losses_max: 3,
            blocker_wait_ms: 48 * HOUR_MS,
            agent_silence_ms: 30 * MINUTE_MS,
            agent_wait_ms: 24 * HOUR_MS,
            execution_timeout_ms: 168 * HOUR_MS,
            cancel_grace_ms: MINUTE_MS,
            confidence_permille_min: 700,
            on_failure: OnFailure::Incident,
            on_blocker: OnBlocker::Continue,
            sequencing: Sequencing::Explicit,
        }
    }
}

impl Policy {
    /// Says which limit is out of its range, if any is.
    pub fn fault(&self) -> Option<&'static str> {
        let faults = [
            (self.lease_ms < LEASE_MS_MIN, "lease_ms must be 10,000 at least"),
            (self.timeout_ms == 0, "timeout_ms must not be 0"),
            (self.retry.attempts_max == 0, "retry.attempts_max must not be 0"),
            (self.losses_max == 0, "losses_max must not be 0"),
            (self.agent_silence_ms == 0, "agent_silence_ms must not be 0"),
            (self.execution_timeout_ms == 0, "execution_timeout_ms must not be 0"),
            (self.confidence_permille_min > 1000, "confidence_permille_min is at most 1000"),
        ];
        faults.into_iter().find_map(|(is_broken, fault)| is_broken.then_some(fault))
    }
}
