//! Can everything be carried out? A rehearsal on a copy of the tree, by the same rules that hold
//! in earnest, so that what is called a circle and what would really wait for ever never differ.

use super::{Approval, Edge, Spot, Stage, Tree};
use crate::{Dependency, TaskId, Timestamp};
use std::collections::BTreeMap;

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// A circle of tasks, each waiting for the one before it.
    pub circle: Option<Vec<TaskId>>,
    /// Implied dependencies that would have closed a circle.
    pub left_out: Vec<Dependency>,
}

impl Tree {
    /// Finishes everything, on a copy, as if all went well; where it gets stuck, implied
    /// dependencies give way, and a circle of explicit ones is named.
    pub fn rehearse(&self) -> Rehearsal {
        let mut stage = self.clone();
        stage.clear_the_way();
        let mut left_out = Vec::new();
        loop {
            stage.play_on();
            let Some(stuck) = stage.first_stuck() else {
                return Rehearsal { circle: None, left_out };
            };
            let circle = stage.circle_from(stuck);
            let implied = circle.iter().find(|step| step.is_implied);
            let Some(step) = implied.cloned() else {
                return Rehearsal { circle: Some(stage.named_circle(&circle)), left_out };
            };
            stage.untie(&step, Timestamp::default());
            left_out.push(step);
        }
    }

    /// Blockers, reviews and approvals are thought away: they are not dependencies.
    fn clear_the_way(&mut self) {
        let at = Timestamp::default();
        for spot in self.spots().collect::<Vec<_>>() {
            self.change_gate(spot, at, |node| {
                node.blockers = 0;
                node.awaits_review = false;
                node.approval = Approval::NotNeeded;
            });
            if !self.node(spot).is_leaf() {
                continue;
            }
            match self.node(spot).leaf.stage {
                Stage::Resting { .. } | Stage::Held(_) => {
                    self.change_leaf(spot, at, |node| node.leaf.stage = Stage::Waiting);
                }
                Stage::GivenUp | Stage::Cancelled => {
                    self.change_leaf(spot, at, |node| node.leaf.stage = Stage::Skipped);
                }
                Stage::Waiting | Stage::Finishing | Stage::Complete | Stage::Skipped => {}
            }
        }
    }

    fn play(&mut self, spot: Spot) {
        self.change_leaf(spot, Timestamp::default(), |node| {
            node.has_begun = true;
            node.leaf.stage =
                if node.finishes_unmet == 0 { Stage::Complete } else { Stage::Finishing };
        });
    }

    fn play_on(&mut self) {
        loop {
            let next = self.ready.first().map(|ready| ready.spot);
            let finished = || self.finishing().find(|&s| self.node(s).finishes_unmet == 0);
            let Some(spot) = next.or_else(finished) else {
                return;
            };
            self.play(spot);
        }
    }

    /// A leaf that is not finished, or else a parent whose finish waits for itself.
    fn first_stuck(&self) -> Option<Spot> {
        let leaf = self.leaves().find(|&spot| !self.node(spot).is_finished);
        leaf.or_else(|| self.spots().find(|&spot| !self.node(spot).is_finished))
    }

    /// The tasks of a circle, the one that stands first in the plan first; where it goes through
    /// a parent and its part, both are named.
    fn named_circle(&self, circle: &[Dependency]) -> Vec<TaskId> {
        let mut named: Vec<TaskId> = Vec::new();
        for (place, step) in circle.iter().enumerate() {
            named.push(step.from.clone());
            let next = circle.get(place + 1).or(circle.first());
            if next.is_some_and(|next| next.from != step.to) {
                named.push(step.to.clone());
            }
        }
        let first = (0..named.len()).min_by_key(|&place| self.find(&named[place]));
        named.rotate_left(first.unwrap_or(0));
        named
    }

    /// Follows what each stuck task waits for until a task comes again.
    fn circle_from(&self, first: Spot) -> Vec<Dependency> {
        let mut path: Vec<Dependency> = Vec::new();
        let mut places: BTreeMap<Spot, usize> = BTreeMap::new();
        let mut at = first;
        loop {
            if let Some(&start) = places.get(&at) {
                let mut circle = path.split_off(start);
                circle.reverse();
                return circle;
            }
            let (step, edge) = self.what_holds(at);
            places.insert(at, path.len());
            path.push(self.named(step, edge));
            at = edge.other;
        }
    }

    /// The dependency that a stuck task waits for, with the task that it is tied to.
    fn what_holds(&self, spot: Spot) -> (Spot, Edge) {
        let open = self.leaves_below(spot).into_iter().find(|&l| !self.node(l).is_finished);
        let is_done =
            |leaf: Spot| matches!(self.node(leaf).leaf.stage, Stage::Finishing | Stage::Complete);
        let held = match open {
            Some(leaf) if is_done(leaf) => self.unmet(leaf, false),
            Some(leaf) => self.chain(leaf).find_map(|step| self.unmet(step, true)),
            None => self.below(spot).into_iter().find_map(|step| self.unmet(step, false)),
        };
        held.expect("a task that is stuck waits for a dependency")
    }

    fn unmet(&self, spot: Spot, of_start: bool) -> Option<(Spot, Edge)> {
        let holds = |edge: &&Edge| !edge.is_met && edge.kind.gates_start() == of_start;
        self.node(spot).waits_for.iter().find(holds).map(|edge| (spot, *edge))
    }

    fn named(&self, to: Spot, edge: Edge) -> Dependency {
        let id = |spot: Spot| self.node(spot).definition.task_id.clone();
        Dependency {
            from: id(edge.other),
            to: id(to),
            kind: edge.kind,
            is_implied: edge.is_implied,
        }
    }
}
