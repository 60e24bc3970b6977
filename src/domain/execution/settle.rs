//! What follows from the state itself after any change: asking for approvals, finishing what was
//! held back, and the status of the whole.

use super::decide::text;
use super::tree::{Approval, Spot};
use super::{Execution, ExecutionStatus};
use crate::event::lifecycle::{
    ExecutionBlocked, ExecutionCompleted, ExecutionFailed, ExecutionUnblocked, LifecycleEvent,
};
use crate::event::record::{BlockerKind, RecordEvent};
use crate::event::work::{LeaseRevoked, RevokeReason, TaskCompleted, WorkEvent};
use crate::planted::is_planted;
use crate::{Event, Moment, OnBlocker, OnFailure, Timestamp};

impl Execution {
    /// The next events that follow from the state; none when it is settled.
    pub(super) fn consequences(&self, moment: &Moment) -> Vec<Event> {
        let status = self.phase.status();
        if !matches!(status, ExecutionStatus::Running | ExecutionStatus::Blocked) {
            return Vec::new();
        }
        let held_back = self.finished_at_last(moment.at);
        if !held_back.is_empty() {
            return held_back;
        }
        let asked = self.approvals_asked(moment);
        if !asked.is_empty() {
            return asked;
        }
        if let Some(over_budget) = self.over_budget(moment) {
            return vec![over_budget];
        }
        self.next_status(moment.at)
    }

    fn finished_at_last(&self, at: Timestamp) -> Vec<Event> {
        let free = self.tree.finishing().filter(|&s| self.tree.node(s).finishes_unmet == 0);
        let completed = free.map(|spot| {
            let node = self.tree.node(spot);
            let completed = TaskCompleted {
                task_id: node.definition.task_id.clone(),
                epoch: node.leaf.epoch,
                output: None,
                remarks: crate::event::work::Remarks::default(),
                at,
            };
            WorkEvent::from(completed).into()
        });
        completed.take(1).collect()
    }

    fn approvals_asked(&self, moment: &Moment) -> Vec<Event> {
        if is_planted("approval_not_checked") {
            return Vec::new();
        }
        let due: Vec<Spot> = self.tree.approvals_due().collect();
        let engine = Moment::of_engine(moment.at, moment.random);
        let asked = (0..).zip(due).map(|(place, spot)| {
            let definition = &self.tree.node(spot).definition;
            let title = definition.approval.as_ref().unwrap_or(&definition.title);
            let message = text(&format!("this needs approval: {title}"));
            let (task_id, kind) = (Some(&definition.task_id), BlockerKind::Approval);
            RecordEvent::from(self.new_blocker(place, task_id, kind, message, &engine)).into()
        });
        asked.collect()
    }

    fn over_budget(&self, moment: &Moment) -> Option<Event> {
        let kind = BlockerKind::BudgetExceeded;
        let stands = self.blockers.values().any(|blocker| blocker.kind == kind);
        let budget = self.header()?.budget;
        if stands || !budget.is_exceeded_by(self.usage) || self.is_done() {
            return None;
        }
        let message = text("the budget is used up: raise it, or cancel");
        let engine = Moment::of_engine(moment.at, moment.random);
        Some(RecordEvent::from(self.new_blocker(0, None, kind, message, &engine)).into())
    }

    fn is_done(&self) -> bool {
        let census = self.tree.census();
        census.finished() == census.total()
    }

    /// Whether any leaf is in hand, or could be, or will be without anybody's doing.
    pub(super) fn can_go_on(&self) -> bool {
        let is_in_hand = self.tree.held().next().is_some();
        let could_be =
            self.tree.ready_total() > 0 || self.tree.resting().any(|spot| self.will_be_ready(spot));
        is_in_hand || (self.whole_blocked == 0 && could_be)
    }

    fn will_be_ready(&self, spot: Spot) -> bool {
        self.tree.chain(spot).all(|step| {
            let node = self.tree.node(step);
            let is_approved = matches!(node.approval, Approval::NotNeeded | Approval::Given);
            node.blockers == 0 && !node.awaits_review && is_approved && node.starts_unmet == 0
        })
    }

    fn next_status(&self, at: Timestamp) -> Vec<Event> {
        let is_blocked = self.phase.status() == ExecutionStatus::Blocked;
        if self.is_done() {
            let completed = ExecutionCompleted { at }.into();
            return self.through_running(is_blocked, vec![completed], at);
        }
        if let Some(task) = self.fatal_task() {
            return self.fail_whole(is_blocked, task, at);
        }
        let can_go_on = self.can_go_on();
        let halts = self.policy().on_blocker == OnBlocker::Halt;
        let stands = !self.blockers.is_empty();
        let must_block = stands && (halts || !can_go_on);
        match (is_blocked, must_block) {
            (false, true) => vec![LifecycleEvent::from(ExecutionBlocked { at }).into()],
            (true, false) => vec![LifecycleEvent::from(ExecutionUnblocked { at }).into()],
            (false, false) if !can_go_on => self.fail_whole(false, self.tree.first_given_up(), at),
            (true, true) | (false, false) => Vec::new(),
        }
    }

    /// The task whose failure ends the execution at once, if the policy says so.
    pub(super) fn fatal_task(&self) -> Option<Option<Spot>> {
        let is_fatal = self.policy().on_failure == OnFailure::Fail;
        self.tree.first_given_up().filter(|_| is_fatal).map(Some)
    }

    fn fail_whole(&self, is_blocked: bool, task: Option<Spot>, at: Timestamp) -> Vec<Event> {
        let task_id = task.map(|spot| self.tree.node(spot).definition.task_id.clone());
        let reason = match &task_id {
            Some(task_id) => format!("task {task_id} failed for good"),
            None => "no task can go on".to_owned(),
        };
        let revoked = self.tree.held().map(|spot| {
            let node = self.tree.node(spot);
            let task_id = node.definition.task_id.clone();
            let (epoch, reason) = (node.leaf.epoch, RevokeReason::Failed);
            WorkEvent::from(LeaseRevoked { task_id, epoch, reason, at }).into()
        });
        let failed = ExecutionFailed { task_id, reason: text(&reason), at };
        let mut events: Vec<Event> = revoked.collect();
        events.extend(self.through_running(is_blocked, vec![failed.into()], at));
        events
    }

    /// A blocked execution whose fate is decided passes RUNNING first.
    fn through_running(
        &self,
        is_blocked: bool,
        events: Vec<LifecycleEvent>,
        at: Timestamp,
    ) -> Vec<Event> {
        let first = is_blocked.then(|| ExecutionUnblocked { at }.into());
        first.into_iter().chain(events).map(Event::from).collect()
    }
}
