//! The task tree: nodes, who is part of whom, who waits for whom.

mod census;
mod few;
mod gates;
mod invariants;
mod node;
mod rehearsal;
mod shape;
mod shared;

pub use census::Census;
pub use few::Few;
pub use node::{
    Answer, Approval, Closing, Closure, Edge, History, LateReport, Leaf, Lease, Node, Stage,
};
pub use rehearsal::Rehearsal;
pub use shared::SharedDefinitions;

use crate::{Priority, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The deepest that a tree may be.
pub const DEPTH_MAX: usize = 10;
/// The most nodes that a tree may have.
pub const TASKS_MAX: usize = 50_000;

/// A node's place in the tree's memory; never leaves the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spot(u32);

impl Spot {
    fn of(index: usize) -> Self {
        Self(u32::try_from(index).expect("a tree has at most TASKS_MAX nodes"))
    }

    /// Its place among all nodes that ever were: parents come before their parts.
    pub fn ordinal(self) -> u32 {
        self.0
    }

    fn index(self) -> usize {
        usize::try_from(self.0).expect("an index fits a machine word")
    }
}

/// A leaf that could be given out, in the order in which leaves are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ready {
    priority: Reverse<Priority>,
    /// Since when.
    pub since: Timestamp,
    /// The leaf.
    pub spot: Spot,
}

/// The tasks of an execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    #[serde(deserialize_with = "exactly")]
    nodes: Vec<Node>,
    by_id: BTreeMap<TaskId, Spot>,
    roots: Vec<Spot>,
    census: Census,
    ready: BTreeSet<Ready>,
    held: BTreeSet<Spot>,
    finishing: BTreeSet<Spot>,
    resting: BTreeSet<Spot>,
    approvals_due: BTreeSet<Spot>,
    given_up: BTreeSet<Spot>,
    /// The epochs of tasks that were removed, should one of the same id come again.
    epochs_of_removed: BTreeMap<TaskId, u64>,
}

/// Reads a list into no more memory than it needs: thousands of executions are kept at once.
fn exactly<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Node>, D::Error> {
    let mut nodes = Vec::deserialize(deserializer)?;
    nodes.shrink_to_fit();
    Ok(nodes)
}

impl Tree {
    /// The node at that place.
    pub fn node(&self, spot: Spot) -> &Node {
        &self.nodes[spot.index()]
    }

    fn node_mut(&mut self, spot: Spot) -> &mut Node {
        &mut self.nodes[spot.index()]
    }

    /// Where a task stands.
    pub fn find(&self, task_id: &TaskId) -> Option<Spot> {
        self.by_id.get(task_id).copied()
    }

    /// All nodes that are there, parents before their parts.
    pub fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        (0..self.nodes.len()).map(Spot::of).filter(|&spot| !self.node(spot).is_removed)
    }

    /// All leaves that are there.
    pub fn leaves(&self) -> impl Iterator<Item = Spot> + '_ {
        self.spots().filter(|&spot| self.node(spot).is_leaf())
    }

    /// The nodes without a parent.
    pub fn roots(&self) -> &[Spot] {
        &self.roots
    }

    /// How many leaves have which status.
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// The leaves that could be given out, the next one first.
    pub fn ready(&self) -> impl Iterator<Item = Ready> + '_ {
        self.ready.iter().copied()
    }

    /// How many leaves could be given out.
    pub fn ready_total(&self) -> usize {
        self.ready.len()
    }

    /// The leaves that an agent holds.
    pub fn held(&self) -> impl Iterator<Item = Spot> + '_ {
        self.held.iter().copied()
    }

    /// The leaves that are done but may not finish yet.
    pub fn finishing(&self) -> impl Iterator<Item = Spot> + '_ {
        self.finishing.iter().copied()
    }

    /// The leaves that rest before another attempt.
    pub fn resting(&self) -> impl Iterator<Item = Spot> + '_ {
        self.resting.iter().copied()
    }

    /// The nodes that could start, were they approved, and for which nobody has been asked yet.
    pub fn approvals_due(&self) -> impl Iterator<Item = Spot> + '_ {
        self.approvals_due.iter().copied().filter(|&spot| !self.node(spot).status().is_over())
    }

    /// The first leaf that was given up for good.
    pub fn first_given_up(&self) -> Option<Spot> {
        self.given_up.first().copied()
    }

    /// A node and its ancestors, from the node up.
    pub fn chain(&self, spot: Spot) -> impl Iterator<Item = Spot> + '_ {
        std::iter::successors(Some(spot), |&at| self.node(at).parent)
    }

    /// The node and everything below it.
    pub fn below(&self, spot: Spot) -> Vec<Spot> {
        let mut found = vec![spot];
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            found.extend_from_slice(&self.node(at).children);
            next += 1;
        }
        found
    }

    /// The leaves at or below the node.
    pub fn leaves_below(&self, spot: Spot) -> Vec<Spot> {
        let mut all = self.below(spot);
        all.retain(|&at| self.node(at).is_leaf());
        all
    }

    /// How deep the node stands; a root is at 1.
    pub fn depth(&self, spot: Spot) -> usize {
        self.chain(spot).count()
    }

    /// Moves every moment that belongs to a task on by the time of a pause.
    pub fn shift(&mut self, paused_at: Timestamp, resumed_at: Timestamp) {
        for node in &mut self.nodes {
            node.leaf.shift(paused_at, resumed_at);
        }
    }
}
