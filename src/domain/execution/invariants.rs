//! What always holds of an execution, whatever happened to it.

use super::tree::{Approval, Spot, Stage};
use super::{Execution, ExecutionStatus};
use crate::event::record::BlockerKind;

/// Whether a claim holds; if not, what is wrong.
type Holds = Result<(), String>;

fn claim(holds: bool, words: impl FnOnce() -> String) -> Holds {
    if holds { Ok(()) } else { Err(words()) }
}

impl Execution {
    /// Counts everything that is kept up to date again from scratch; for tests and sweepers.
    #[doc(hidden)]
    pub fn check_invariants(&self) -> Result<(), String> {
        self.tree.check_invariants()?;
        self.every_blocker_is_counted_where_it_stands()?;
        self.every_deadline_follows_from_the_state()?;
        self.what_is_over_leaves_nothing_open()?;
        self.whoever_waits_for_a_person_has_a_blocker()?;
        self.nothing_is_silently_stuck()?;
        self.its_own_status_and_step_follow_from_its_steps()?;
        self.every_task_that_waits_says_why()
    }

    fn every_blocker_is_counted_where_it_stands(&self) -> Holds {
        let standing_on = |spot: Option<Spot>| {
            let is_there = |id: &crate::TaskId| self.tree.find(id) == spot;
            let stands = |b: &&super::Blocker| b.task_id.as_ref().map_or(spot.is_none(), is_there);
            u32::try_from(self.blockers.values().filter(stands).count()).unwrap_or(u32::MAX)
        };
        for spot in self.tree.spots() {
            let node = self.tree.node(spot);
            let task_id = &node.definition.task_id;
            let is_right = node.blockers == standing_on(Some(spot));
            claim(is_right, || format!("{task_id}: its blockers are miscounted"))?;
        }
        let named = |b: &super::Blocker| b.task_id.as_ref().is_none_or(|id| self.has_task(id));
        claim(self.blockers.values().all(named), || "a blocker stands on no task".to_owned())?;
        let whole = self.blockers.values().filter(|b| b.task_id.is_none()).count();
        let is_right = u32::try_from(whole) == Ok(self.whole_blocked);
        claim(is_right, || "the blockers of the whole are miscounted".to_owned())
    }

    fn its_own_status_and_step_follow_from_its_steps(&self) -> Holds {
        let (current, total) = (self.current_step(), self.steps_total());
        let is_there = (1..=total).contains(&current) || total == 0;
        claim(is_there, || format!("step {current} of {total} is none"))?;
        let is_open = |(_, node): (u32, &super::tree::Node)| !super::own::is_done(node);
        let is_done = !self.steps().any(is_open);
        let is_completed = self.own_status() == super::OwnStatus::Completed;
        claim(!is_completed || (is_done && current == total), || {
            format!("completed at step {current} of {total}")
        })?;
        let is_pending = self.own_status() == super::OwnStatus::Pending;
        claim(!is_pending || self.tree.held().next().is_none(), || {
            "a step is at work, and yet it is pending".to_owned()
        })
    }

    fn has_task(&self, task_id: &crate::TaskId) -> bool {
        self.tree.find(task_id).is_some()
    }

    fn every_deadline_follows_from_the_state(&self) -> Holds {
        let mut anew = self.clone();
        anew.redate();
        claim(anew.deadlines == self.deadlines, || {
            format!("deadlines: kept {:?}, derived {:?}", self.deadlines, anew.deadlines)
        })
    }

    fn what_is_over_leaves_nothing_open(&self) -> Holds {
        if !self.phase.status().is_over() {
            return Ok(());
        }
        claim(self.blockers.is_empty(), || "a blocker outlives its execution".to_owned())?;
        let is_cancelled = self.phase.status() == ExecutionStatus::Cancelled;
        let may_be = |stage: &Stage| match stage {
            Stage::Held(_) => is_cancelled,
            Stage::Waiting | Stage::Resting { .. } | Stage::Finishing => false,
            Stage::Complete | Stage::Skipped | Stage::GivenUp | Stage::Cancelled => true,
        };
        let is_closed = self.tree.leaves().all(|s| may_be(&self.tree.node(s).leaf.stage));
        claim(is_closed, || "a task is open in an execution that is over".to_owned())
    }

    fn whoever_waits_for_a_person_has_a_blocker(&self) -> Holds {
        if self.phase.status().is_over() {
            return Ok(());
        }
        for spot in self.tree.spots() {
            let node = self.tree.node(spot);
            if node.status().is_over() {
                continue;
            }
            let has = |kind| {
                let task_id = Some(&node.definition.task_id);
                self.blockers.values().any(|b| b.kind == kind && b.task_id.as_ref() == task_id)
            };
            let is_asked = node.approval != Approval::Asked || has(BlockerKind::Approval);
            let is_shown = !node.awaits_review || has(BlockerKind::DecompositionReview);
            let id = &node.definition.task_id;
            claim(is_asked, || format!("{id}: approval was asked of nobody"))?;
            claim(is_shown, || format!("{id}: its review was asked of nobody"))?;
        }
        Ok(())
    }

    fn nothing_is_silently_stuck(&self) -> Holds {
        let (can_go_on, stands) = (self.can_go_on(), !self.blockers.is_empty());
        match self.phase.status() {
            ExecutionStatus::Running => {
                claim(can_go_on, || "it runs, and nothing can go on".to_owned())?;
                let is_asked = self.tree.approvals_due().next().is_none();
                claim(is_asked, || "an approval is due that nobody was asked for".to_owned())
            }
            ExecutionStatus::Blocked => claim(stands, || "blocked by nothing".to_owned()),
            ExecutionStatus::Created
            | ExecutionStatus::Queued
            | ExecutionStatus::Paused
            | ExecutionStatus::Completed
            | ExecutionStatus::Failed
            | ExecutionStatus::Cancelled => Ok(()),
        }
    }

    fn every_task_that_waits_says_why(&self) -> Holds {
        for spot in self.tree.spots() {
            let task_id = &self.tree.node(spot).definition.task_id;
            let reasons = self.why(task_id).unwrap_or_default();
            claim(!reasons.is_empty(), || format!("{task_id}: nobody can say why it waits"))?;
        }
        Ok(())
    }
}
