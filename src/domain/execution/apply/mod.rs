//! How events change an execution: the only mutation, the same live, in replay and in tests.

mod lifecycle;
mod record;
mod shape;
mod work;

use super::tree::{Lease, Node, Spot, Stage};
use super::{Execution, Header, Phase};
use crate::{Event, IllegalTransition, TaskId, Timestamp};

/// What applying an event says.
type Applied = Result<(), IllegalTransition>;

impl Execution {
    /// Takes in what happened.
    pub fn apply(&mut self, event: &Event) -> Applied {
        match event {
            Event::Lifecycle(event) => self.apply_lifecycle(event),
            Event::Work(event) => self.apply_work(event),
            Event::Record(event) => self.apply_record(event),
            Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => {
                Err(IllegalTransition::WrongStream { kind: event.kind() })
            }
        }
    }

    fn header_mut(&mut self, kind: &'static str) -> Result<&mut Header, IllegalTransition> {
        let why = "nothing was made yet";
        self.header.as_deref_mut().ok_or(IllegalTransition::OutOfPlace { kind, why })
    }

    fn made(&self, kind: &'static str) -> Applied {
        let why = "nothing was made yet";
        self.header.as_ref().map(|_| ()).ok_or(IllegalTransition::OutOfPlace { kind, why })
    }

    /// Moves to another phase, if the table of legal moves has it.
    fn move_to(&mut self, kind: &'static str, phase: Phase) -> Applied {
        self.made(kind)?;
        let (from, to) = (self.phase.status(), phase.status());
        if !from.can_become(to) {
            return Err(IllegalTransition::IllegalMove { kind, from, to });
        }
        self.phase = phase;
        self.redate();
        Ok(())
    }

    fn spot(&self, kind: &'static str, task_id: &TaskId) -> Result<Spot, IllegalTransition> {
        let unknown = || IllegalTransition::Unknown { kind, what: "task", id: task_id.to_string() };
        self.tree.find(task_id).ok_or_else(unknown)
    }

    fn leaf_spot(&self, kind: &'static str, task_id: &TaskId) -> Result<Spot, IllegalTransition> {
        let spot = self.spot(kind, task_id)?;
        if self.tree.node(spot).is_leaf() {
            Ok(spot)
        } else {
            Err(bad(kind, task_id, "it has parts"))
        }
    }

    /// The leaf, when an agent holds it under that epoch.
    fn held(
        &self,
        kind: &'static str,
        task_id: &TaskId,
        epoch: u64,
    ) -> Result<(Spot, &Lease), IllegalTransition> {
        let spot = self.leaf_spot(kind, task_id)?;
        let leaf = &self.tree.node(spot).leaf;
        let lease = leaf.lease().ok_or_else(|| bad(kind, task_id, "no agent holds it"))?;
        if leaf.epoch != epoch {
            return Err(bad(kind, task_id, "the epoch is not that of the lease"));
        }
        Ok((spot, lease))
    }

    /// Changes a leaf, and keeps its deadlines in step.
    fn change_leaf(&mut self, spot: Spot, at: Timestamp, change: impl FnOnce(&mut Node)) {
        self.undate_leaf(spot);
        self.tree.change_leaf(spot, at, change);
        self.date_leaf(spot);
    }

    /// Where a leaf goes that is given back: open again, or gone with its execution.
    fn reopened(&self) -> Stage {
        if self.phase.status().is_over() { Stage::Cancelled } else { Stage::Waiting }
    }

    /// Takes every blocker away, with what it held up.
    fn clear_blockers(&mut self, at: Timestamp) {
        let blocked = std::mem::take(&mut self.blockers);
        self.whole_blocked = 0;
        for task_id in blocked.into_values().filter_map(|blocker| blocker.task_id) {
            if let Some(spot) = self.tree.find(&task_id) {
                self.tree.change_gate(spot, at, |node| node.blockers = 0);
            }
        }
    }

    /// Gives up every leaf that is neither over nor in an agent's hands.
    fn cancel_open_leaves(&mut self, at: Timestamp) {
        let is_open = |stage: &Stage| {
            matches!(stage, Stage::Waiting | Stage::Resting { .. } | Stage::Finishing)
        };
        let tree = &self.tree;
        let open: Vec<Spot> =
            tree.leaves().filter(|&spot| is_open(&tree.node(spot).leaf.stage)).collect();
        for spot in open {
            self.change_leaf(spot, at, |node| {
                node.leaf.stage = Stage::Cancelled;
                node.times.ended_at = Some(at);
            });
        }
    }
}

fn bad(kind: &'static str, task_id: &TaskId, why: &'static str) -> IllegalTransition {
    IllegalTransition::Task { kind, task_id: task_id.clone(), why }
}
