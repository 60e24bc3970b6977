//! What always holds of a tree: everything that is kept up to date is counted again from scratch.

use super::{Census, Edge, Spot, Stage, Tree};
use crate::execution::TaskStatus;
use std::collections::BTreeSet;

/// Whether a claim holds; if not, what is wrong.
type Holds = Result<(), String>;

fn claim(holds: bool, words: impl FnOnce() -> String) -> Holds {
    if holds { Ok(()) } else { Err(words()) }
}

impl Tree {
    pub(in crate::execution) fn check_invariants(&self) -> Holds {
        self.every_task_is_found_by_its_id()?;
        self.parents_and_parts_know_each_other()?;
        self.every_census_counts_the_leaves()?;
        self.every_leaf_is_filed_by_its_stage()?;
        self.every_dependency_has_two_ends()?;
        self.every_unmet_dependency_is_counted()?;
        self.what_is_done_is_finished()?;
        self.exactly_what_can_start_is_ready()
    }

    fn words(&self, spot: Spot, what: &str) -> String {
        format!("{}: {what}", self.node(spot).definition.task_id)
    }

    fn every_task_is_found_by_its_id(&self) -> Holds {
        for spot in self.spots() {
            let found = self.find(&self.node(spot).definition.task_id);
            claim(found == Some(spot), || self.words(spot, "not found by its id"))?;
        }
        claim(self.by_id.len() == self.spots().count(), || "an id leads nowhere".to_owned())
    }

    fn parents_and_parts_know_each_other(&self) -> Holds {
        for spot in self.spots() {
            let node = self.node(spot);
            let siblings =
                node.parent.map_or(&self.roots[..], |parent| &self.node(parent).children);
            let times = siblings.iter().filter(|&&s| s == spot).count();
            claim(times == 1, || self.words(spot, "not once among the parts of its parent"))?;
            claim(self.depth(spot) <= super::DEPTH_MAX, || self.words(spot, "too deep"))?;
            let is_there = node.children.iter().all(|&child| !self.node(child).is_removed);
            claim(is_there, || self.words(spot, "has a part that was removed"))?;
        }
        Ok(())
    }

    fn every_census_counts_the_leaves(&self) -> Holds {
        let census_of = |leaves: &mut dyn Iterator<Item = Spot>| -> Vec<u32> {
            let statuses: Vec<TaskStatus> = leaves.map(|s| self.node(s).leaf_status()).collect();
            let count = |wanted: &TaskStatus| statuses.iter().filter(|s| *s == wanted).count();
            TaskStatus::ALL.iter().map(|s| u32::try_from(count(s)).unwrap_or(0)).collect()
        };
        let kept = |census: &Census| -> Vec<u32> {
            TaskStatus::ALL.iter().map(|&status| census.of(status)).collect()
        };
        let whole = census_of(&mut self.leaves());
        claim(kept(&self.census) == whole, || "the census of the whole is wrong".to_owned())?;
        for spot in self.spots() {
            let node = self.node(spot);
            claim(node.census.is_none() == node.is_leaf(), || self.words(spot, "odd census"))?;
            if let Some(census) = &node.census {
                let below = census_of(&mut self.leaves_below(spot).into_iter());
                claim(kept(census) == below, || self.words(spot, "its census is wrong"))?;
            }
        }
        Ok(())
    }

    fn every_leaf_is_filed_by_its_stage(&self) -> Holds {
        let filed = |is_of: fn(&Stage) -> bool| -> BTreeSet<Spot> {
            self.leaves().filter(|&spot| is_of(&self.node(spot).leaf.stage)).collect()
        };
        let kept = [
            ("held", &self.held, filed(|stage| matches!(stage, Stage::Held(_)))),
            ("finishing", &self.finishing, filed(|stage| matches!(stage, Stage::Finishing))),
            ("resting", &self.resting, filed(|stage| matches!(stage, Stage::Resting { .. }))),
            ("given up", &self.given_up, filed(|stage| matches!(stage, Stage::GivenUp))),
        ];
        for (name, set, counted) in kept {
            claim(*set == counted, || format!("what is {name}: kept {set:?}, found {counted:?}"))?;
        }
        Ok(())
    }

    fn every_dependency_has_two_ends(&self) -> Holds {
        for spot in self.spots() {
            for edge in &self.node(spot).waits_for {
                let other = self.node(edge.other);
                let is_it = |e: &&Edge| e.other == spot && e.kind == edge.kind;
                let ends = other.holds_back.iter().filter(is_it).count();
                claim(ends == 1 && !other.is_removed, || self.words(spot, "a loose dependency"))?;
                let is_met = self.is_met(edge.other, edge.kind);
                claim(edge.is_met == is_met, || self.words(spot, "a dependency is met or not"))?;
            }
            let holds = self.node(spot).holds_back.iter();
            let is_loose = |edge: &Edge| {
                let waits = &self.node(edge.other).waits_for;
                !waits.iter().any(|e| e.other == spot && e.kind == edge.kind)
            };
            claim(holds.clone().all(|e| !is_loose(e)), || self.words(spot, "holds back nobody"))?;
        }
        Ok(())
    }

    fn every_unmet_dependency_is_counted(&self) -> Holds {
        for spot in self.spots() {
            let node = self.node(spot);
            let unmet = |of_start: bool| {
                let is_it = |e: &&Edge| !e.is_met && e.kind.gates_start() == of_start;
                u32::try_from(node.waits_for.iter().filter(is_it).count()).unwrap_or(u32::MAX)
            };
            let is_right = node.starts_unmet == unmet(true) && node.finishes_unmet == unmet(false);
            claim(is_right, || self.words(spot, "its unmet dependencies are miscounted"))?;
        }
        Ok(())
    }

    fn what_is_done_is_finished(&self) -> Holds {
        for spot in self.spots() {
            let node = self.node(spot);
            let is_done = self.is_done(spot);
            claim(is_done || !node.is_finished, || self.words(spot, "finished, yet not done"))?;
            let must = is_done && (node.finishes_unmet == 0 || self.is_left_out(spot));
            claim(!must || node.is_finished, || self.words(spot, "done, yet not finished"))?;
            let parent_knows = node.parent.is_none_or(|parent| self.node(parent).has_begun);
            claim(!node.has_begun || parent_knows, || self.words(spot, "began unnoticed"))?;
        }
        Ok(())
    }

    fn exactly_what_can_start_is_ready(&self) -> Holds {
        let mut ready = BTreeSet::new();
        for spot in self.leaves() {
            let leaf = &self.node(spot).leaf;
            let can_start =
                leaf.stage == Stage::Waiting && self.chain(spot).all(|s| !self.node(s).is_gated());
            claim(can_start == leaf.ready_since.is_some(), || {
                self.words(spot, if can_start { "not ready, yet free" } else { "ready, not free" })
            })?;
            ready.extend(leaf.ready_since.map(|since| self.ready_key(spot, since)));
        }
        claim(self.ready == ready, || "what is ready is filed wrongly".to_owned())
    }
}
