//! What is due when. Derived from the state: no timer lives outside the log.

use super::tree::{Spot, Stage};
use super::{Execution, Phase};
use crate::event::record::BlockerKind;
use crate::{BlockerId, Timestamp};
use serde::{Deserialize, Serialize};

/// What becomes due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Deadline {
    /// The agent that holds the task has been silent for too long.
    Silence(Spot),
    /// The attempt has taken too long.
    Timeout(Spot),
    /// The rest before another attempt is over.
    Retry(Spot),
    /// The blocker has stood too long.
    Blocker(BlockerId),
    /// The execution is too old.
    Age,
    /// The time to wind down after a cancel is over.
    Grace,
}

impl Execution {
    /// When something is due next; nothing is while a person keeps the execution paused.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Paused { .. } => None,
            Phase::Created
            | Phase::Queued { .. }
            | Phase::Running
            | Phase::Blocked { .. }
            | Phase::Completed
            | Phase::Failed { .. }
            | Phase::Cancelled { .. } => self.deadlines.first().map(|(at, _)| *at),
        }
    }

    /// The same, where signs of life that stand outside the log put deadlines off.
    pub fn next_deadline_given(&self, signs: &[super::SignOfLife]) -> Option<Timestamp> {
        self.next_deadline()?;
        let mut first: Option<Timestamp> = None;
        for (at, what) in &self.deadlines {
            if first.is_some_and(|first| first <= *at) {
                break;
            }
            let put_off = match what {
                Deadline::Silence(spot) => {
                    let lease_ms = self.tree.node(*spot).leaf.lease().map(|lease| lease.lease_ms);
                    let seen = self.last_seen(*spot, signs);
                    seen.zip(lease_ms).map_or(*at, |(seen, ms)| seen.plus_ms(ms))
                }
                Deadline::Timeout(_)
                | Deadline::Retry(_)
                | Deadline::Blocker(_)
                | Deadline::Age
                | Deadline::Grace => *at,
            };
            first = Some(first.map_or(put_off, |first| first.min(put_off)));
        }
        first
    }

    /// Everything that is due.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Deadline> {
        if self.next_deadline().is_none() {
            return Vec::new();
        }
        let is_due = |(at, _): &&(Timestamp, Deadline)| *at <= now;
        self.deadlines.iter().take_while(is_due).map(|(_, what)| what.clone()).collect()
    }

    /// The deadlines that the state has; kept in step by [`Self::redate`].
    fn leaf_deadlines(&self, spot: Spot) -> Vec<(Timestamp, Deadline)> {
        match &self.tree.node(spot).leaf.stage {
            Stage::Held(_) if self.phase.status().is_over() => Vec::new(),
            Stage::Held(lease) => vec![
                (lease.expires_at(), Deadline::Silence(spot)),
                (lease.times_out_at, Deadline::Timeout(spot)),
            ],
            Stage::Resting { retry_at, .. } => vec![(*retry_at, Deadline::Retry(spot))],
            Stage::Waiting
            | Stage::Finishing
            | Stage::Complete
            | Stage::Skipped
            | Stage::GivenUp
            | Stage::Cancelled => Vec::new(),
        }
    }

    /// Takes the leaf's deadlines out, before it changes.
    pub(super) fn undate_leaf(&mut self, spot: Spot) {
        for deadline in self.leaf_deadlines(spot) {
            self.deadlines.remove(&deadline);
        }
    }

    /// Puts the leaf's deadlines in, after it changed.
    pub(super) fn date_leaf(&mut self, spot: Spot) {
        self.deadlines.extend(self.leaf_deadlines(spot));
        if let Phase::Cancelled { grace_ends_at, .. } = self.phase
            && self.tree.held().next().is_none()
        {
            self.deadlines.remove(&(grace_ends_at, Deadline::Grace));
        }
    }

    /// Whether somebody was asked already what to do about its age.
    pub(super) fn is_known_to_be_old(&self) -> bool {
        self.blockers.values().any(|blocker| blocker.kind == BlockerKind::ExecutionTimeout)
    }

    /// Puts in every deadline anew.
    pub(super) fn redate(&mut self) {
        self.deadlines.clear();
        let dated: Vec<Spot> = self.tree.held().chain(self.tree.resting()).collect();
        for spot in dated {
            self.date_leaf(spot);
        }
        if !self.phase.status().is_over() {
            let limits = self.blockers.values().filter_map(|blocker| {
                Some((blocker.escalates_at()?, Deadline::Blocker(blocker.blocker_id.clone())))
            });
            self.deadlines.extend(limits);
            let ages_at = self.times_out_at.filter(|_| !self.is_known_to_be_old());
            self.deadlines.extend(ages_at.map(|at| (at, Deadline::Age)));
        }
        if let Phase::Cancelled { grace_ends_at, .. } = self.phase
            && self.tree.held().next().is_some()
        {
            self.deadlines.insert((grace_ends_at, Deadline::Grace));
        }
    }
}
