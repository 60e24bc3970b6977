//! Giving a task to an agent.

use super::Decided;
use crate::event::lifecycle::{ExecutionStarted, LifecycleEvent};
use crate::event::work::{TaskGranted, WorkEvent};
use crate::execution::tree::Spot;
use crate::execution::{Execution, ExecutionStatus, Phase};
use crate::planted::is_planted;
use crate::{AgentId, Event, LEASE_MS_MIN, Moment, Rejection, TaskId};

impl Execution {
    pub(super) fn decide_grant(
        &self,
        agent_id: &AgentId,
        task_id: &TaskId,
        lease_ms: Option<u64>,
        moment: &Moment,
    ) -> Decided {
        self.made_header()?;
        let (spot, node) = self.find_task(task_id)?;
        if node.leaf.lease().is_some_and(|lease| &lease.agent_id == agent_id) {
            return Ok(Vec::new());
        }
        if lease_ms.is_some_and(|asked| asked < LEASE_MS_MIN) {
            return Err(Rejection::invalid("/lease_ms", "a lease lasts 10 seconds at least"));
        }
        let is_running = self.phase.status() == ExecutionStatus::Running;
        if !is_running && !self.begins_with(spot, agent_id) {
            return Err(self.wrong_state());
        }
        self.given_out(spot, agent_id, lease_ms, moment)
    }

    /// Whether the execution waits for that agent, and for nothing else, to begin. It does not
    /// begin only to fail at once, and to take the lease back with that.
    pub(super) fn begins_with(&self, spot: Spot, agent_id: &AgentId) -> bool {
        let waits = matches!(self.phase, Phase::Queued { .. });
        waits && self.is_tied_to(spot, agent_id) && self.fatal_task().is_none()
    }

    /// The grant; before it the start, where the execution waited for the agent.
    pub(super) fn given_out(
        &self,
        spot: Spot,
        agent_id: &AgentId,
        lease_ms: Option<u64>,
        moment: &Moment,
    ) -> Decided {
        self.check_grantable(spot, agent_id)?;
        let started = ExecutionStarted { at: moment.at };
        let first = self.begins_with(spot, agent_id).then(|| LifecycleEvent::from(started).into());
        let granted = self.granted(spot, agent_id, lease_ms, moment);
        Ok(first.into_iter().chain([granted]).collect())
    }

    /// Whether the task, or its execution, is for that agent and no other.
    pub(super) fn is_tied_to(&self, spot: Spot, agent_id: &AgentId) -> bool {
        self.tied_agent(spot) == Some(agent_id)
    }

    fn check_grantable(&self, spot: Spot, agent_id: &AgentId) -> Result<(), Rejection> {
        let node = self.tree.node(spot);
        let refuse = |why: String| {
            let task_id = node.definition.task_id.clone();
            Err(Rejection::NotGrantable { task_id, why })
        };
        if let Some(tied) = self.tied_agent(spot).filter(|tied| *tied != agent_id) {
            return refuse(format!("it is for agent {tied}"));
        }
        if !node.is_leaf() {
            return refuse("it has parts, which are given out one by one".to_owned());
        }
        if self.whole_blocked > 0 {
            return refuse("a blocker stands on the whole execution".to_owned());
        }
        if node.leaf.ready_since.is_none() {
            let reasons = self.why(&node.definition.task_id).unwrap_or_default();
            let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            return refuse(words.join("; "));
        }
        Ok(())
    }

    fn granted(
        &self,
        spot: Spot,
        agent_id: &AgentId,
        lease_ms: Option<u64>,
        moment: &Moment,
    ) -> Event {
        let policy = self.policy();
        let node = self.tree.node(spot);
        let is_repeated = is_planted("epoch_repeats") && node.leaf.epoch > 0;
        let timeout_ms = node.definition.timeout_ms.unwrap_or(policy.timeout_ms);
        let granted = TaskGranted {
            task_id: node.definition.task_id.clone(),
            agent_id: agent_id.clone(),
            epoch: node.leaf.epoch + u64::from(!is_repeated),
            attempt: node.leaf.attempts_failed + 1,
            nonce: moment.random_for(node.leaf.epoch),
            lease_ms: lease_ms.map_or(policy.lease_ms, |asked| asked.min(policy.lease_ms)),
            times_out_at: moment.at.plus_ms(timeout_ms),
            at: moment.at,
        };
        WorkEvent::from(granted).into()
    }
}
