//! What follows when agents go and come.

use super::{Decided, text};
use crate::event::record::{BlockerKind, RecordEvent, Resolution};
use crate::event::work::RevokeReason;
use crate::execution::tree::Spot;
use crate::execution::{Execution, ExecutionCommand};
use crate::{AgentId, Event, Moment, Timestamp};

impl Execution {
    pub(super) fn decide_presence(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        let header = self.made_header()?;
        if self.phase.status().is_over() {
            return Ok(Vec::new());
        }
        if let ExecutionCommand::AgentLost { agent_id, last_seen_at } = command {
            let mut blockers_raised = 0;
            let mut events =
                self.lose_leases(agent_id, *last_seen_at, &mut blockers_raised, moment);
            if header.agent_id.as_ref() == Some(agent_id) {
                events.extend(self.unreachable(agent_id, blockers_raised, moment));
            }
            return Ok(events);
        }
        if let ExecutionCommand::AgentReturned { agent_id } = command {
            if header.agent_id.as_ref() != Some(agent_id) {
                return Ok(Vec::new());
            }
            let waiting =
                self.blockers.values().filter(|b| b.kind == BlockerKind::AgentUnreachable);
            let gone = waiting.map(|b| super::resolve::gone(b, Resolution::CauseGone, moment));
            return Ok(gone.collect());
        }
        if let ExecutionCommand::AgentRetired { agent_id } = command {
            let held = self.held_by(agent_id).into_iter();
            let reason = RevokeReason::AgentRetired;
            let mut events: Vec<Event> =
                held.map(|spot| self.revoked(spot, reason, moment)).collect();
            if header.agent_id.as_ref() == Some(agent_id) {
                events.extend(self.unreachable(agent_id, 0, moment));
            }
            return Ok(events);
        }
        Ok(Vec::new())
    }

    fn held_by(&self, agent_id: &AgentId) -> Vec<Spot> {
        let is_theirs = |spot: &Spot| {
            self.tree.node(*spot).leaf.lease().is_some_and(|lease| &lease.agent_id == agent_id)
        };
        self.tree.held().filter(is_theirs).collect()
    }

    fn lose_leases(
        &self,
        agent_id: &AgentId,
        last_seen_at: Timestamp,
        blockers_raised: &mut u32,
        moment: &Moment,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for spot in self.held_by(agent_id) {
            if let Some(lease) = self.tree.node(spot).leaf.lease() {
                let seen = last_seen_at.max(lease.last_seen_at);
                events.extend(self.lost(spot, lease, seen, blockers_raised, moment));
            }
        }
        events
    }

    fn unreachable(&self, agent_id: &AgentId, place: u32, moment: &Moment) -> Option<Event> {
        let kind = BlockerKind::AgentUnreachable;
        if self.blockers.values().any(|blocker| blocker.kind == kind) {
            return None;
        }
        let message = text(&format!("agent {agent_id} is out of reach: wait, or reassign"));
        let mut blocker = self.new_blocker(place, None, kind, message, moment);
        blocker.limit_at = Some(moment.at.plus_ms(self.policy().agent_wait_ms));
        Some(RecordEvent::from(blocker).into())
    }
}
