//! Starting, pausing, cancelling: what a person asks of the whole execution.

use super::Decided;
use crate::event::lifecycle::{
    BudgetChanged, ExecutionCancelled, ExecutionForked, ExecutionPaused, ExecutionPriorityChanged,
    ExecutionQueued, ExecutionReassigned, ExecutionResumed, ExecutionStarted, LabelsChanged,
    LifecycleEvent, PolicyChanged,
};
use crate::event::record::{BlockerKind, Resolution};
use crate::event::work::{LeaseRevoked, RevokeReason, WorkEvent};
use crate::execution::tree::Spot;
use crate::execution::{Execution, ExecutionCommand, ExecutionStatus, Phase, Start};
use crate::{AgentId, Budget, Event, Moment, Rejection, Text};

impl Execution {
    pub(super) fn decide_start(&self, start: Start, moment: &Moment) -> Decided {
        self.made_header()?;
        let (at, by) = (moment.at, moment.by.clone());
        let started = || LifecycleEvent::from(ExecutionStarted { at }).into();
        match (&self.phase, start) {
            (Phase::Created, Start::Now) => {
                Ok(vec![LifecycleEvent::from(ExecutionQueued { at, by }).into(), started()])
            }
            (Phase::Created, Start::WhenAgentComes) => {
                Ok(vec![LifecycleEvent::from(ExecutionQueued { at, by }).into()])
            }
            (Phase::Queued { .. }, Start::Now) => Ok(vec![started()]),
            (Phase::Queued { .. }, Start::WhenAgentComes)
            | (Phase::Running | Phase::Blocked { .. }, _) => Ok(Vec::new()),
            (
                Phase::Paused { .. }
                | Phase::Completed
                | Phase::Failed { .. }
                | Phase::Cancelled { .. },
                _,
            ) => Err(self.illegal(ExecutionStatus::Running)),
        }
    }

    pub(super) fn decide_pause(&self, reason: Option<&Text>, moment: &Moment) -> Decided {
        self.made_header()?;
        match self.phase.status() {
            ExecutionStatus::Paused => Ok(Vec::new()),
            status if status.can_become(ExecutionStatus::Paused) => {
                let (at, by) = (moment.at, moment.by.clone());
                let paused = ExecutionPaused { reason: reason.cloned(), at, by };
                Ok(vec![LifecycleEvent::from(paused).into()])
            }
            ExecutionStatus::Created
            | ExecutionStatus::Queued
            | ExecutionStatus::Running
            | ExecutionStatus::Blocked
            | ExecutionStatus::Completed
            | ExecutionStatus::Failed
            | ExecutionStatus::Cancelled => Err(self.illegal(ExecutionStatus::Paused)),
        }
    }

    pub(super) fn decide_resume(&self, moment: &Moment) -> Decided {
        self.made_header()?;
        match &self.phase {
            Phase::Paused { since, .. } => {
                let (at, by) = (moment.at, moment.by.clone());
                let paused_ms = at.ms_since(*since);
                Ok(vec![LifecycleEvent::from(ExecutionResumed { paused_ms, at, by }).into()])
            }
            Phase::Created | Phase::Queued { .. } => self.decide_start(Start::Now, moment),
            Phase::Running | Phase::Blocked { .. } => Ok(Vec::new()),
            Phase::Completed | Phase::Failed { .. } | Phase::Cancelled { .. } => {
                Err(self.illegal(ExecutionStatus::Running))
            }
        }
    }

    pub(super) fn decide_cancel(&self, reason: Option<&Text>, moment: &Moment) -> Decided {
        self.made_header()?;
        if matches!(self.phase, Phase::Cancelled { .. }) {
            return Ok(Vec::new());
        }
        if !self.phase.status().can_become(ExecutionStatus::Cancelled) {
            return Err(self.illegal(ExecutionStatus::Cancelled));
        }
        let (at, by) = (moment.at, moment.by.clone());
        let grace_ends_at = at.plus_ms(self.policy().cancel_grace_ms);
        let cancelled = ExecutionCancelled { reason: reason.cloned(), grace_ends_at, at, by };
        Ok(vec![LifecycleEvent::from(cancelled).into()])
    }

    pub(super) fn decide_reassign(
        &self,
        agent_id: Option<&AgentId>,
        reason: Option<&Text>,
        moment: &Moment,
    ) -> Decided {
        let header = self.refuse_when_over()?;
        if header.agent_id.as_ref() == agent_id {
            return Ok(Vec::new());
        }
        let (at, by) = (moment.at, moment.by.clone());
        let others = |spot: &Spot| {
            let lease = self.tree.node(*spot).leaf.lease();
            let is_other =
                lease.is_some_and(|lease| agent_id.is_some_and(|agent| agent != &lease.agent_id));
            is_other && self.agent_of_task(*spot).is_none()
        };
        let taken = self.tree.held().filter(others);
        let mut events: Vec<Event> =
            taken.map(|spot| self.revoked(spot, RevokeReason::Reassigned, moment)).collect();
        let (agent_id, reason) = (agent_id.cloned(), reason.cloned());
        events.push(LifecycleEvent::from(ExecutionReassigned { agent_id, reason, at, by }).into());
        let unreachable =
            self.blockers.values().filter(|b| b.kind == BlockerKind::AgentUnreachable);
        events.extend(unreachable.map(|b| super::resolve::gone(b, Resolution::Reassign, moment)));
        Ok(events)
    }

    pub(super) fn revoked(&self, spot: Spot, reason: RevokeReason, moment: &Moment) -> Event {
        let node = self.tree.node(spot);
        let revoked = LeaseRevoked {
            task_id: node.definition.task_id.clone(),
            epoch: node.leaf.epoch,
            reason,
            at: moment.at,
        };
        WorkEvent::from(revoked).into()
    }

    fn budget_changed(&self, budget: Budget, moment: &Moment) -> Vec<Event> {
        if self.header().is_none_or(|header| header.budget == budget) {
            return Vec::new();
        }
        let (at, by) = (moment.at, moment.by.clone());
        let mut events = vec![LifecycleEvent::from(BudgetChanged { budget, at, by }).into()];
        if !budget.is_exceeded_by(self.usage) {
            let over = self.blockers.values().filter(|b| b.kind == BlockerKind::BudgetExceeded);
            events.extend(over.map(|b| super::resolve::gone(b, Resolution::CauseGone, moment)));
        }
        events
    }

    pub(super) fn decide_setting(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        let header = self.made_header()?;
        let (at, by) = (moment.at, moment.by.clone());
        let mut events: Vec<LifecycleEvent> = Vec::new();
        if let ExecutionCommand::ChangePolicy(policy) = command {
            self.refuse_when_over()?;
            if let Some(fault) = policy.fault() {
                return Err(Rejection::invalid("/policy", fault));
            }
            if policy != &header.policy {
                events.push(PolicyChanged { policy: *policy, at, by: by.clone() }.into());
            }
        }
        if let ExecutionCommand::ChangePriority(priority) = command {
            self.refuse_when_over()?;
            if *priority != header.priority {
                let priority = *priority;
                events.push(ExecutionPriorityChanged { priority, at, by: by.clone() }.into());
            }
        }
        if let ExecutionCommand::ChangeLabels(labels) = command
            && labels != &header.labels
        {
            events.push(LabelsChanged { labels: labels.clone(), at, by: by.clone() }.into());
        }
        if let ExecutionCommand::ChangeBudget(budget) = command {
            self.refuse_when_over()?;
            return Ok(self.budget_changed(*budget, moment));
        }
        if let ExecutionCommand::Fork { into, at_version } = command
            && !self.forks.contains(into)
        {
            let (into, at_version) = (into.clone(), *at_version);
            events.push(ExecutionForked { into, at_version, at, by }.into());
        }
        Ok(events.into_iter().map(Event::from).collect())
    }
}
