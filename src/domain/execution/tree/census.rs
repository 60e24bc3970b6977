//! How many leaves have which status, for the whole tree and for each parent.

use super::{Spot, Tree};
use crate::execution::TaskStatus;
use serde::{Deserialize, Serialize};

/// How many leaves have which status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census([u32; 7]);

impl Census {
    /// How many leaves have that status.
    pub fn of(&self, status: TaskStatus) -> u32 {
        self.0[slot(status)]
    }

    /// All leaves.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }

    /// The leaves that are complete or skipped.
    pub fn finished(&self) -> u32 {
        self.of(TaskStatus::Complete) + self.of(TaskStatus::Skipped)
    }

    /// The leaves that an agent has.
    pub fn running(&self) -> u32 {
        self.of(TaskStatus::Running)
    }

    /// The leaves that are not over.
    pub fn open(&self) -> u32 {
        TaskStatus::ALL.iter().filter(|status| !status.is_over()).map(|&s| self.of(s)).sum()
    }

    /// Whether every leaf is over.
    pub fn is_over(&self) -> bool {
        self.open() == 0
    }

    /// The status of a parent of these leaves.
    pub fn derived_status(&self) -> TaskStatus {
        let has = |status| self.of(status) > 0;
        if has(TaskStatus::Running) {
            return TaskStatus::Running;
        }
        if !self.is_over() {
            let is_under_way = self.finished() > 0 || has(TaskStatus::Error);
            return match (has(TaskStatus::Blocked), is_under_way) {
                (true, _) => TaskStatus::Blocked,
                (false, true) => TaskStatus::Running,
                (false, false) => TaskStatus::Queued,
            };
        }
        let order = [TaskStatus::Error, TaskStatus::Cancelled, TaskStatus::Complete];
        order.into_iter().find(|&status| has(status)).unwrap_or(TaskStatus::Skipped)
    }

    fn add(&mut self, status: TaskStatus) {
        self.0[slot(status)] += 1;
    }

    fn take(&mut self, status: TaskStatus) {
        self.0[slot(status)] -= 1;
    }
}

fn slot(status: TaskStatus) -> usize {
    match status {
        TaskStatus::Queued => 0,
        TaskStatus::Running => 1,
        TaskStatus::Blocked => 2,
        TaskStatus::Complete => 3,
        TaskStatus::Error => 4,
        TaskStatus::Skipped => 5,
        TaskStatus::Cancelled => 6,
    }
}

impl Tree {
    /// Counts the leaf in, with the status that it has, at all its ancestors.
    pub(super) fn count_in(&mut self, spot: Spot) {
        let status = self.node(spot).leaf_status();
        self.census.add(status);
        self.for_each_ancestor(spot, |census| census.add(status));
    }

    /// Counts the leaf out again.
    pub(super) fn count_out(&mut self, spot: Spot) {
        let status = self.node(spot).leaf_status();
        self.census.take(status);
        self.for_each_ancestor(spot, |census| census.take(status));
    }

    fn for_each_ancestor(&mut self, spot: Spot, mut change: impl FnMut(&mut Census)) {
        let mut at = self.node(spot).parent;
        while let Some(ancestor) = at {
            let node = self.node_mut(ancestor);
            change(node.census.get_or_insert_default());
            at = node.parent;
        }
    }
}
