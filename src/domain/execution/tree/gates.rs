//! What may start and what may finish: kept up to date with every change, never searched for.

use super::{Approval, Ready, Spot, Stage, Tree};
use crate::execution::TaskStatus;
use crate::{DependencyType, Timestamp};
use std::cmp::Reverse;
use std::sync::Arc;

impl Tree {
    /// Changes a leaf, and keeps counts, sets and dependents in step.
    pub(in crate::execution) fn change_leaf(
        &mut self,
        spot: Spot,
        at: Timestamp,
        change: impl FnOnce(&mut super::Node),
    ) {
        self.count_out(spot);
        change(self.node_mut(spot));
        self.count_in(spot);
        self.refile(spot);
        self.refresh_ready(spot, at);
        self.refresh_begun(spot, at);
        self.refresh_finished(spot, at);
    }

    /// Changes what gates a node, and keeps everything below in step.
    pub(in crate::execution) fn change_gate(
        &mut self,
        spot: Spot,
        at: Timestamp,
        change: impl FnOnce(&mut super::Node),
    ) {
        let was_leaf = self.node(spot).is_leaf();
        if was_leaf {
            self.count_out(spot);
        }
        change(self.node_mut(spot));
        if was_leaf {
            self.count_in(spot);
        }
        self.refresh_below(spot, at);
    }

    /// Changes a node in a way that gates nothing.
    pub(in crate::execution) fn note(&mut self, spot: Spot, change: impl FnOnce(&mut super::Node)) {
        change(self.node_mut(spot));
    }

    fn refile(&mut self, spot: Spot) {
        let node = &self.nodes[spot.index()];
        let is_there = node.is_leaf() && !node.is_removed;
        let stage = &node.leaf.stage;
        let put = |set: &mut std::collections::BTreeSet<Spot>, belongs: bool| {
            if belongs && is_there {
                set.insert(spot)
            } else {
                set.remove(&spot)
            };
        };
        put(&mut self.held, matches!(stage, Stage::Held(_)));
        put(&mut self.finishing, matches!(stage, Stage::Finishing));
        put(&mut self.resting, matches!(stage, Stage::Resting { .. }));
        put(&mut self.given_up, matches!(stage, Stage::GivenUp));
    }

    /// Brings everything at and below the node in step with its gates.
    pub(super) fn refresh_below(&mut self, spot: Spot, at: Timestamp) {
        for below in self.below(spot) {
            self.refresh_ready(below, at);
        }
    }

    /// Whether nothing on the node or an ancestor holds it back, but perhaps its own approval.
    fn is_free(&self, spot: Spot, except_own_approval: bool) -> bool {
        self.chain(spot).all(|step| {
            let node = self.node(step);
            if except_own_approval && step == spot {
                return node.starts_unmet == 0 && node.blockers == 0 && !node.awaits_review;
            }
            !node.is_gated()
        })
    }

    fn refresh_ready(&mut self, spot: Spot, at: Timestamp) {
        let node = self.node(spot);
        let asks = node.approval == Approval::Needed && !node.is_removed && !node.is_finished;
        if asks && self.is_free(spot, true) {
            self.approvals_due.insert(spot);
        } else {
            self.approvals_due.remove(&spot);
        }
        let node = self.node(spot);
        let could = node.is_leaf() && !node.is_removed && node.leaf.stage == Stage::Waiting;
        let is_ready = could && self.is_free(spot, false);
        match (self.node(spot).leaf.ready_since, is_ready) {
            (None, true) => {
                self.node_mut(spot).leaf.ready_since = Some(at);
                let ready = self.ready_key(spot, at);
                self.ready.insert(ready);
            }
            (Some(_), false) => self.unready(spot),
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Takes the leaf out of what is ready.
    pub(super) fn unready(&mut self, spot: Spot) {
        if let Some(since) = self.node_mut(spot).leaf.ready_since.take() {
            let ready = self.ready_key(spot, since);
            self.ready.remove(&ready);
        }
    }

    pub(super) fn ready_key(&self, spot: Spot, since: Timestamp) -> Ready {
        Ready { priority: Reverse(self.node(spot).definition.priority), since, spot }
    }

    /// Gives a leaf another priority.
    pub(in crate::execution) fn set_priority(&mut self, spot: Spot, priority: crate::Priority) {
        let since = self.node(spot).leaf.ready_since;
        if let Some(since) = since {
            let ready = self.ready_key(spot, since);
            self.ready.remove(&ready);
        }
        Arc::make_mut(&mut self.node_mut(spot).definition).priority = priority;
        if let Some(since) = since {
            let ready = self.ready_key(spot, since);
            self.ready.insert(ready);
        }
    }

    /// Spreads that work on the leaf has begun, once.
    fn refresh_begun(&mut self, spot: Spot, at: Timestamp) {
        if !self.node(spot).has_begun {
            return;
        }
        for step in self.chain(spot).collect::<Vec<_>>() {
            let node = self.node_mut(step);
            if node.times.started_at.is_some() {
                return;
            }
            node.has_begun = true;
            node.times.started_at = Some(at);
            self.meet(step, at, true);
        }
    }

    /// Spreads that the node is finished, once, up the tree.
    pub(super) fn refresh_finished(&mut self, spot: Spot, at: Timestamp) {
        for step in self.chain(spot).collect::<Vec<_>>() {
            let node = self.node(step);
            let is_held_back = node.finishes_unmet > 0 && !self.is_left_out(step);
            if node.is_finished || !self.is_done(step) || is_held_back {
                return;
            }
            let node = self.node_mut(step);
            node.is_finished = true;
            node.times.ended_at = Some(at);
            self.meet(step, at, false);
        }
    }

    /// Whether the leaf is complete or skipped, or every part of the node is finished.
    pub(super) fn is_done(&self, spot: Spot) -> bool {
        let node = self.node(spot);
        match &node.census {
            Some(census) => {
                let is_finished = |&part: &Spot| self.node(part).is_finished;
                census.finished() == census.total() && node.children.iter().all(is_finished)
            }
            None => matches!(node.leaf.stage, Stage::Complete | Stage::Skipped),
        }
    }

    /// Whether every leaf at or below the node is skipped: then nothing holds back its finish.
    pub(super) fn is_left_out(&self, spot: Spot) -> bool {
        let node = self.node(spot);
        match &node.census {
            Some(census) => census.of(TaskStatus::Skipped) == census.total(),
            None => node.leaf.stage == Stage::Skipped,
        }
    }

    /// Marks the dependencies that are met by the start, or by the finish, of the node.
    fn meet(&mut self, spot: Spot, at: Timestamp, by_start: bool) {
        let met: Vec<_> = self
            .node(spot)
            .holds_back
            .iter()
            .filter(|edge| edge.kind.needs_start_only() == by_start || !by_start)
            .map(|edge| (edge.other, edge.kind))
            .collect();
        for (waiting, kind) in met {
            self.meet_edge(spot, waiting, kind, at);
        }
    }

    fn meet_edge(&mut self, from: Spot, to: Spot, kind: DependencyType, at: Timestamp) {
        let node = self.node_mut(to);
        let is_it =
            |edge: &&mut super::Edge| edge.other == from && edge.kind == kind && !edge.is_met;
        let Some(edge) = node.waits_for.iter_mut().find(is_it) else {
            return;
        };
        edge.is_met = true;
        self.drop_unmet(to, kind, at);
    }

    /// One dependency less holds the node back.
    pub(super) fn drop_unmet(&mut self, to: Spot, kind: DependencyType, at: Timestamp) {
        let node = self.node_mut(to);
        if kind.gates_start() {
            node.starts_unmet -= 1;
            if node.starts_unmet == 0 {
                self.refresh_below(to, at);
            }
        } else {
            node.finishes_unmet -= 1;
            if node.finishes_unmet == 0 {
                self.refresh_finished(to, at);
            }
        }
    }

    /// Whether a dependency from that node is met already.
    pub(super) fn is_met(&self, from: Spot, kind: DependencyType) -> bool {
        let node = self.node(from);
        node.is_finished || (kind.needs_start_only() && node.has_begun)
    }
}
