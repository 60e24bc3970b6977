//! What follows from the passing of time.

use super::{Decided, is_due, text};
use crate::event::record::{BlockerEscalated, BlockerKind, RecordEvent};
use crate::event::work::{
    LeaseExpired, RetryCameDue, RevokeReason, TaskError, TaskFailed, WorkEvent,
};
use crate::execution::tree::{Lease, Spot};
use crate::execution::{Deadline, Execution, SignOfLife};
use crate::planted::is_planted;
use crate::{AgentId, Event, Moment, Timestamp};

impl Execution {
    pub(super) fn decide_deadlines(&self, signs: &[SignOfLife], moment: &Moment) -> Decided {
        self.made_header()?;
        let mut events = Vec::new();
        let mut blockers_raised = 0;
        let mut ended: Vec<Spot> = Vec::new();
        for deadline in self.due(moment.at) {
            match deadline {
                Deadline::Timeout(spot) if !ended.contains(&spot) => {
                    ended.push(spot);
                    events.extend(self.timed_out(spot, &mut blockers_raised, moment));
                }
                Deadline::Silence(spot) if !ended.contains(&spot) => {
                    let expired = self.expired(spot, signs, &mut blockers_raised, moment);
                    if !expired.is_empty() {
                        ended.push(spot);
                    }
                    events.extend(expired);
                }
                Deadline::Timeout(_) | Deadline::Silence(_) => {}
                Deadline::Retry(spot) => {
                    let task_id = self.tree.node(spot).definition.task_id.clone();
                    let due = RetryCameDue { task_id, at: moment.at };
                    events.push(WorkEvent::from(due).into());
                }
                Deadline::Blocker(blocker_id) => {
                    let escalated = BlockerEscalated { blocker_id, at: moment.at };
                    events.push(RecordEvent::from(escalated).into());
                }
                Deadline::Age => events.extend(self.too_old(&mut blockers_raised, moment)),
                Deadline::Grace => {
                    let reason = RevokeReason::Cancelled;
                    events.extend(self.tree.held().map(|s| self.revoked(s, reason, moment)));
                }
            }
        }
        Ok(events)
    }

    /// When the holder of the task was last seen, in the log or beside it.
    pub fn last_seen(&self, spot: Spot, signs: &[SignOfLife]) -> Option<Timestamp> {
        let node = self.tree.node(spot);
        let lease = node.leaf.lease()?;
        let beside = signs.iter().filter(|sign| {
            sign.task_id == node.definition.task_id && sign.epoch == node.leaf.epoch
        });
        beside.map(|sign| sign.seen_at).chain([lease.last_seen_at]).max()
    }

    fn expired(
        &self,
        spot: Spot,
        signs: &[SignOfLife],
        blockers_raised: &mut u32,
        moment: &Moment,
    ) -> Vec<Event> {
        let lease = self.tree.node(spot).leaf.lease();
        let (Some(lease), Some(last_seen_at)) = (lease, self.last_seen(spot, signs)) else {
            return Vec::new();
        };
        let is_over = is_due(last_seen_at.plus_ms(lease.lease_ms), moment.at);
        if !is_over || is_planted("leases_never_expire") {
            return Vec::new();
        }
        self.lost(spot, lease, last_seen_at, blockers_raised, moment)
    }

    /// The agent is gone; after too many losses in a row a person looks at the task.
    pub(super) fn lost(
        &self,
        spot: Spot,
        lease: &Lease,
        last_seen_at: Timestamp,
        blockers_raised: &mut u32,
        moment: &Moment,
    ) -> Vec<Event> {
        let node = self.tree.node(spot);
        let losses = node.leaf.losses + 1;
        let task_id = node.definition.task_id.clone();
        let expired = LeaseExpired {
            task_id: task_id.clone(),
            epoch: node.leaf.epoch,
            agent_id: lease.agent_id.clone(),
            last_seen_at,
            losses,
            at: moment.at,
        };
        let mut events: Vec<Event> = vec![WorkEvent::from(expired).into()];
        if losses >= self.policy().losses_max && !self.phase.status().is_over() {
            let message = text("agents fell silent over this task again and again");
            let (place, kind) = (*blockers_raised, BlockerKind::Quarantined);
            let blocker = self.new_blocker(place, Some(&task_id), kind, message, moment);
            *blockers_raised += 1;
            events.push(RecordEvent::from(blocker).into());
        }
        events
    }

    fn timed_out(&self, spot: Spot, blockers_raised: &mut u32, moment: &Moment) -> Vec<Event> {
        let node = self.tree.node(spot);
        let Some(agent_id) = node.leaf.lease().map(|lease| lease.agent_id.clone()) else {
            return Vec::new();
        };
        let error = TaskError {
            error_type: text("timeout"),
            message: Some(text("the attempt took longer than it may")),
            is_retryable: None,
            needs_person: false,
            suggestions: Vec::new(),
            status_code: None,
            retry_after_ms: None,
        };
        let attempt = node.leaf.attempts_failed + 1;
        let failed = self.timeout_failure(spot, agent_id, attempt, &error, moment);
        let mut events = vec![failed];
        for follows in self.after_failure(spot, attempt, &error, moment) {
            events.push(self.renumbered(follows, blockers_raised));
        }
        events
    }

    fn timeout_failure(
        &self,
        spot: Spot,
        agent_id: AgentId,
        attempt: u32,
        error: &TaskError,
        moment: &Moment,
    ) -> Event {
        let node = self.tree.node(spot);
        let failed = TaskFailed {
            task_id: node.definition.task_id.clone(),
            epoch: node.leaf.epoch,
            agent_id,
            attempt,
            error: error.clone(),
            remarks: crate::event::work::Remarks::default(),
            at: moment.at,
        };
        WorkEvent::from(failed).into()
    }

    /// Gives a blocker the next id, where several are raised at once.
    fn renumbered(&self, event: Event, blockers_raised: &mut u32) -> Event {
        let Event::Record(RecordEvent::BlockerRaised(mut blocker)) = event else {
            return event;
        };
        let number = self.blockers_total + 1 + *blockers_raised;
        blocker.blocker_id =
            crate::BlockerId::parse(&format!("blk_{number}")).expect("this is an id");
        *blockers_raised += 1;
        RecordEvent::from(blocker).into()
    }

    fn too_old(&self, blockers_raised: &mut u32, moment: &Moment) -> Vec<Event> {
        let kind = BlockerKind::ExecutionTimeout;
        if self.is_known_to_be_old() {
            return Vec::new();
        }
        let message = text("the execution is older than it may be: extend or cancel it");
        let blocker = self.new_blocker(*blockers_raised, None, kind, message, moment);
        *blockers_raised += 1;
        let blocker_id = blocker.blocker_id.clone();
        let escalated = BlockerEscalated { blocker_id, at: moment.at };
        vec![RecordEvent::from(blocker).into(), RecordEvent::from(escalated).into()]
    }
}
