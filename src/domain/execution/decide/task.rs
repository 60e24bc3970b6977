//! What follows when a task can't be done, and what persons do about single tasks.

use super::{Decided, only_a_person, text};
use crate::event::record::{BlockerKind, RecordEvent, Resolution};
use crate::event::work::{
    LateReportAdopted, RetryScheduled, RevokeReason, TaskError, TaskGivenUp, TaskPriorityChanged,
    TaskReassigned, TaskSkipped, WorkEvent,
};
use crate::execution::tree::{Spot, Stage};
use crate::execution::{Blocker, Execution, ExecutionCommand};
use crate::{Event, Moment, OnFailure, Rejection, TaskId, Text};

impl Execution {
    /// What follows on an attempt that failed.
    pub(super) fn after_failure(
        &self,
        spot: Spot,
        attempt: u32,
        error: &TaskError,
        moment: &Moment,
    ) -> Vec<Event> {
        if self.phase.status().is_over() {
            return Vec::new();
        }
        let node = self.tree.node(spot);
        let policy = self.policy();
        let retry = node.definition.retry.unwrap_or(policy.retry);
        let task_id = node.definition.task_id.clone();
        let person = match error.error_type.as_str() {
            "decomposition_failed" => Some(BlockerKind::DecompositionReview),
            _ if error.needs_person => Some(BlockerKind::HumanReview),
            "external_dependency_blocked" => Some(BlockerKind::ExternalDependency),
            _ => None,
        };
        if let Some(kind) = person {
            return vec![self.incident(&task_id, kind, error, moment)];
        }
        if error.is_retryable != Some(false) && attempt < retry.attempts_max {
            let spread = retry.wait_ms(attempt, moment.random_for(u64::from(attempt)));
            let wait_ms = spread.max(error.retry_after_ms.unwrap_or(0));
            let retry_at = moment.at.plus_ms(wait_ms);
            return vec![one(RetryScheduled { task_id, retry_at, at: moment.at })];
        }
        match policy.on_failure {
            OnFailure::Incident => {
                vec![self.incident(&task_id, BlockerKind::Incident, error, moment)]
            }
            OnFailure::Fail => {
                let reason = error.message.clone().unwrap_or_else(|| error.error_type.clone());
                vec![one(TaskGivenUp { task_id, reason, at: moment.at })]
            }
            OnFailure::Skip => {
                let reason = Some(text("it failed, and the policy says to go on without it"));
                let by = crate::Actor::system();
                vec![one(TaskSkipped { task_id, reason, at: moment.at, by })]
            }
        }
    }

    fn incident(
        &self,
        task_id: &TaskId,
        kind: BlockerKind,
        error: &TaskError,
        moment: &Moment,
    ) -> Event {
        let message = error.message.clone().unwrap_or_else(|| error.error_type.clone());
        let mut blocker = self.new_blocker(0, Some(task_id), kind, message, moment);
        blocker.suggestions.clone_from(&error.suggestions);
        RecordEvent::from(blocker).into()
    }

    pub(super) fn decide_task(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        self.made_header()?;
        let (at, by) = (moment.at, moment.by.clone());
        if let ExecutionCommand::Raise { task_id, kind, message } = command {
            return self.decide_raise(task_id.as_ref(), *kind, message, moment);
        }
        if let ExecutionCommand::SkipTask { task_id, reason } = command {
            return self.decide_skip(task_id, reason.as_ref(), moment);
        }
        if let ExecutionCommand::ReassignTask { task_id, agent_id } = command {
            self.refuse_when_over()?;
            let (spot, node) = self.find_task(task_id)?;
            if &node.definition.agent_id == agent_id {
                return Ok(Vec::new());
            }
            let agent_id = agent_id.clone();
            let task_id = task_id.clone();
            let mut events = self.revoke_below(spot, RevokeReason::Reassigned, moment);
            events.push(one(TaskReassigned { task_id, agent_id, at, by }));
            return Ok(events);
        }
        if let ExecutionCommand::ChangeTaskPriority { task_id, priority } = command {
            self.refuse_when_over()?;
            let (_, node) = self.find_task(task_id)?;
            if node.definition.priority == *priority {
                return Ok(Vec::new());
            }
            let (task_id, priority) = (task_id.clone(), *priority);
            return Ok(vec![one(TaskPriorityChanged { task_id, priority, at, by })]);
        }
        if let ExecutionCommand::AdoptLateReport { task_id, late_report } = command {
            return self.decide_adopt_late(task_id, *late_report, moment);
        }
        Ok(Vec::new())
    }

    fn decide_raise(
        &self,
        task_id: Option<&TaskId>,
        kind: BlockerKind,
        message: &Text,
        moment: &Moment,
    ) -> Decided {
        self.refuse_when_over()?;
        if let Some(task_id) = task_id {
            self.refuse_when_task_over(task_id)?;
        }
        let is_same =
            |b: &&Blocker| b.task_id.as_ref() == task_id && b.kind == kind && &b.message == message;
        if self.blockers.values().any(|blocker| is_same(&blocker)) {
            return Ok(Vec::new());
        }
        if kind == BlockerKind::Approval && task_id.is_none() {
            return Err(Rejection::invalid("/task_id", "an approval stands on a task"));
        }
        match kind {
            BlockerKind::AgentUnreachable
            | BlockerKind::ExecutionTimeout
            | BlockerKind::BudgetExceeded => {
                return Err(Rejection::invalid("/kind", "the engine alone finds this out"));
            }
            BlockerKind::Incident
            | BlockerKind::HumanReview
            | BlockerKind::ExternalDependency
            | BlockerKind::Approval
            | BlockerKind::DecompositionReview
            | BlockerKind::Quarantined => {}
        }
        let blocker = self.new_blocker(0, task_id, kind, message.clone(), moment);
        Ok(vec![RecordEvent::from(blocker).into()])
    }

    pub(super) fn decide_skip(
        &self,
        task_id: &TaskId,
        reason: Option<&Text>,
        moment: &Moment,
    ) -> Decided {
        self.refuse_when_over()?;
        let (spot, node) = self.find_task(task_id)?;
        if node.status().is_over() {
            return self.refuse_task_over(task_id, spot);
        }
        let mut events = self.revoke_below(spot, RevokeReason::Overruled, moment);
        events.extend(self.resolve_below(spot, Resolution::SkipTask, moment));
        let (task_id, reason) = (task_id.clone(), reason.cloned());
        let (at, by) = (moment.at, moment.by.clone());
        events.push(one(TaskSkipped { task_id, reason, at, by }));
        Ok(events)
    }

    /// Nothing stands in the way of a task that is over.
    pub(super) fn refuse_when_task_over(&self, task_id: &TaskId) -> Result<(), Rejection> {
        let status = self.find_task(task_id)?.1.status();
        if status.is_over() {
            let id = task_id.to_string();
            return Err(Rejection::WrongState { what: "task", id, state: status.as_str() });
        }
        Ok(())
    }

    fn refuse_task_over(&self, task_id: &TaskId, spot: Spot) -> Decided {
        let status = self.tree.node(spot).status();
        if status == crate::execution::TaskStatus::Skipped {
            return Ok(Vec::new());
        }
        let id = task_id.to_string();
        Err(Rejection::WrongState { what: "task", id, state: status.as_str() })
    }

    /// Takes back every lease at or below the task.
    pub(super) fn revoke_below(
        &self,
        spot: Spot,
        reason: RevokeReason,
        moment: &Moment,
    ) -> Vec<Event> {
        let is_held = |leaf: &Spot| self.tree.node(*leaf).leaf.lease().is_some();
        let held = self.tree.leaves_below(spot).into_iter().filter(is_held);
        held.map(|leaf| self.revoked(leaf, reason, moment)).collect()
    }

    /// Resolves every blocker that stands at or below the task.
    pub(super) fn resolve_below(
        &self,
        spot: Spot,
        resolution: Resolution,
        moment: &Moment,
    ) -> Vec<Event> {
        let standing = self.blockers_below(spot);
        standing.map(|b| super::resolve::gone(b, resolution, moment)).collect()
    }

    /// The blockers that stand at or below the task.
    pub(super) fn blockers_below(&self, spot: Spot) -> impl Iterator<Item = &Blocker> {
        let is_below = move |task_id: &TaskId| {
            self.tree.find(task_id).is_some_and(|at| self.tree.chain(at).any(|step| step == spot))
        };
        self.blockers.values().filter(move |b| b.task_id.as_ref().is_some_and(is_below))
    }

    fn decide_adopt_late(&self, task_id: &TaskId, late_report: u32, moment: &Moment) -> Decided {
        only_a_person(moment, "adopt a late report")?;
        self.refuse_when_over()?;
        let (spot, node) = self.find_task(task_id)?;
        if !node.is_leaf() {
            let id = task_id.to_string();
            return Err(Rejection::WrongState { what: "task", id, state: "broken down" });
        }
        let place = usize::try_from(late_report).unwrap_or(usize::MAX);
        let late = node.history.as_ref().and_then(|history| history.late_reports.get(place));
        let Some(late) = late else {
            return Err(Rejection::NotFound { what: "late report", id: late_report.to_string() });
        };
        if late.report != crate::event::work::ReportKind::Completed {
            let message = "only the report of a completed task can be adopted";
            return Err(Rejection::invalid("/late_report", message));
        }
        match node.leaf.stage {
            Stage::Complete if node.output == late.output => return Ok(Vec::new()),
            Stage::Skipped | Stage::GivenUp | Stage::Cancelled | Stage::Finishing => {
                let (id, state) = (task_id.to_string(), node.status().as_str());
                return Err(Rejection::WrongState { what: "task", id, state });
            }
            Stage::Waiting | Stage::Resting { .. } | Stage::Held(_) | Stage::Complete => {}
        }
        let mut events = self.revoke_below(spot, RevokeReason::Overruled, moment);
        events.extend(self.resolve_below(spot, Resolution::CauseGone, moment));
        let (task_id, at, by) = (task_id.clone(), moment.at, moment.by.clone());
        events.push(one(LateReportAdopted { task_id, late_report, at, by }));
        Ok(events)
    }
}

fn one(event: impl Into<WorkEvent>) -> Event {
    event.into().into()
}
