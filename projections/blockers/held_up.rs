//! What a blocker holds up.

use planexe_ax_domain::TaskId;
use planexe_ax_domain::execution::tree::{Edge, Spot, Tree};
use planexe_ax_domain::execution::{Execution, TaskStatus};
use std::collections::BTreeSet;

/// How many open leaves can't go on because something stands on the task: those of its own, and
/// those that wait for it, directly or through others. On the whole execution: all open leaves.
pub(super) fn leaves_held_up(execution: &Execution, task_id: Option<&TaskId>) -> u32 {
    let tree = execution.tree();
    let Some(task_id) = task_id else { return tree.census().open() };
    let (gated, unfinished, next) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut search = Search { tree, gated, unfinished, next };
    tree.find(task_id).into_iter().for_each(|spot| search.gate(spot));
    while let Some(spot) = search.next.pop() {
        search.follow(spot);
    }
    let waits = |spot: &&Spot| {
        let node = tree.node(**spot);
        node.is_leaf() && matches!(node.status(), TaskStatus::Queued | TaskStatus::Blocked)
    };
    u32::try_from(search.gated.iter().filter(waits).count()).unwrap_or(u32::MAX)
}

/// A walk along the dependencies.
struct Search<'a> {
    tree: &'a Tree,
    /// What can't start.
    gated: BTreeSet<Spot>,
    /// What can't finish, although parts of it may go on.
    unfinished: BTreeSet<Spot>,
    /// What of either was not walked on from.
    next: Vec<Spot>,
}

impl Search<'_> {
    /// The node can't start, nor can anything below it.
    fn gate(&mut self, spot: Spot) {
        if self.gated.contains(&spot) {
            return;
        }
        let below = self.tree.below(spot).into_iter();
        for below in below.filter(|&below| !self.tree.node(below).is_finished) {
            if self.gated.insert(below) {
                self.next.push(below);
            }
        }
        self.hold(spot);
    }

    /// The node can't finish, nor can what it is part of.
    fn hold(&mut self, spot: Spot) {
        for step in self.tree.chain(spot) {
            if !self.unfinished.insert(step) {
                return;
            }
            self.next.push(step);
        }
    }

    fn follow(&mut self, spot: Spot) {
        let tree = self.tree;
        for edge in &tree.node(spot).holds_back {
            let is_open = |end: &Edge| end.other == spot && end.kind == edge.kind && !end.is_met;
            let waits = tree.node(edge.other).waits_for.iter().any(is_open);
            let may_start = edge.kind.needs_start_only() && !self.gated.contains(&spot);
            if !waits || may_start {
                continue;
            }
            if edge.kind.gates_start() {
                self.gate(edge.other);
            } else {
                self.hold(edge.other);
            }
        }
    }
}
