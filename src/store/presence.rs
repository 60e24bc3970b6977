//! Who was seen when: renewals of leases and signs of life, kept beside the log and not in it.

use crate::domain::{Timestamp, WorkspaceId};
use std::collections::BTreeMap;

/// A lease that was renewed; also how it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The agent that holds the lease.
    pub agent_id: String,
    /// The execution.
    pub execution_id: String,
    /// The task that was granted.
    pub task_id: String,
    /// The fence of the lease.
    pub epoch: u64,
    /// When the agent was heard of.
    pub seen_at: Timestamp,
    /// How far it says that it is.
    pub progress_percent: Option<u8>,
}

/// A lease that ended: its presence, and that of earlier epochs, is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLease {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The execution.
    pub execution_id: String,
    /// The task.
    pub task_id: String,
    /// The fence of the lease.
    pub epoch: u64,
}

/// When an agent was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPresence {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The agent.
    pub agent_id: String,
    /// When it was last heard of.
    pub last_seen_at: Timestamp,
}

/// The newest renewal of each task: a statement may not touch one row twice.
pub(super) fn newest_renewals(renewals: &[Renewal]) -> Vec<&Renewal> {
    let mut newest: BTreeMap<_, &Renewal> = BTreeMap::new();
    for renewal in renewals {
        let task = (&renewal.workspace, &renewal.execution_id, &renewal.task_id);
        let kept = newest.entry(task).or_insert(renewal);
        if (renewal.epoch, renewal.seen_at) >= (kept.epoch, kept.seen_at) {
            *kept = renewal;
        }
    }
    newest.into_values().collect()
}

/// The newest sign of life of each agent.
pub(super) fn newest_signs(signs: &[AgentPresence]) -> Vec<&AgentPresence> {
    let mut newest: BTreeMap<_, &AgentPresence> = BTreeMap::new();
    for sign in signs {
        let kept = newest.entry((&sign.workspace, &sign.agent_id)).or_insert(sign);
        if sign.last_seen_at > kept.last_seen_at {
            *kept = sign;
        }
    }
    newest.into_values().collect()
}

/// What renewals say of the agents themselves.
pub(super) fn signs_of(renewals: &[Renewal]) -> Vec<AgentPresence> {
    let sign = |renewal: &Renewal| AgentPresence {
        workspace: renewal.workspace.clone(),
        agent_id: renewal.agent_id.clone(),
        last_seen_at: renewal.seen_at,
    };
    renewals.iter().map(sign).collect()
}
