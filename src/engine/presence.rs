//! Who was seen when: signs of life, kept in memory and written behind in batches. They stand
//! beside the log, not in it; only what follows from silence is an event.

use super::StreamKey;
use crate::domain::execution::SignOfLife;
use crate::domain::{AgentId, LeaseToken, StreamName, TaskId, Timestamp, WorkspaceId};
use crate::store::{AgentPresence, Renewal, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The epoch of a lease, and when its holder was last seen.
type Seen = (u64, Timestamp);

#[derive(Debug, Default)]
struct Maps {
    leases: BTreeMap<StreamKey, BTreeMap<TaskId, Seen>>,
    agents: BTreeMap<(WorkspaceId, AgentId), Timestamp>,
    renewals: Vec<Renewal>,
    signs: BTreeMap<(WorkspaceId, AgentId), Timestamp>,
}

/// Who was seen when.
#[derive(Debug, Default)]
pub struct Presence {
    maps: Mutex<Maps>,
}

impl Presence {
    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the archive remembers, on start.
    pub(super) async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let leases = store.all_lease_presence().await?;
        let agents = store.all_agent_presence().await?;
        for renewal in &leases {
            self.learn(renewal);
        }
        let mut maps = self.maps();
        for sign in agents {
            if let Ok(agent_id) = AgentId::parse(&sign.agent_id) {
                let seen = maps.agents.entry((sign.workspace, agent_id)).or_default();
                *seen = sign.last_seen_at.max(*seen);
            }
        }
        Ok(())
    }

    /// What other servers have written of one execution.
    pub(super) async fn refresh(&self, store: &Store, key: &StreamKey) -> Result<(), StoreError> {
        let renewals = store.lease_presence(&key.workspace, key.stream.id()).await?;
        renewals.iter().for_each(|renewal| self.learn(renewal));
        Ok(())
    }

    /// What other servers have written of the agents.
    pub(super) async fn refresh_agents(&self, store: &Store) -> Result<(), StoreError> {
        let signs = store.all_agent_presence().await?;
        let mut maps = self.maps();
        for sign in signs {
            if let Ok(agent_id) = AgentId::parse(&sign.agent_id) {
                let seen = maps.agents.entry((sign.workspace, agent_id)).or_default();
                *seen = sign.last_seen_at.max(*seen);
            }
        }
        Ok(())
    }

    fn learn(&self, renewal: &Renewal) {
        let stream = StreamName::parse(&format!("execution/{}", renewal.execution_id));
        let (Ok(stream), Ok(task_id)) = (stream, TaskId::parse(&renewal.task_id)) else {
            return;
        };
        let key = StreamKey { workspace: renewal.workspace.clone(), stream };
        let mut maps = self.maps();
        let seen = maps.leases.entry(key).or_default().entry(task_id).or_default();
        *seen = (*seen).max((renewal.epoch, renewal.seen_at));
    }

    /// Notes that an agent was heard of.
    pub(super) fn see(&self, workspace: &WorkspaceId, agent_id: &AgentId, at: Timestamp) {
        let mut maps = self.maps();
        let agent = (workspace.clone(), agent_id.clone());
        let seen = maps.agents.entry(agent.clone()).or_default();
        *seen = at.max(*seen);
        maps.signs.insert(agent, at);
    }

    /// Notes that an agent renewed a lease.
    pub(super) fn renew(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        lease: &LeaseToken,
        at: Timestamp,
        progress_percent: Option<u8>,
    ) {
        let renewal = Renewal {
            workspace: workspace.clone(),
            agent_id: agent_id.to_string(),
            execution_id: lease.execution_id.to_string(),
            task_id: lease.task_id.to_string(),
            epoch: lease.epoch,
            seen_at: at,
            progress_percent,
        };
        self.learn(&renewal);
        self.maps().renewals.push(renewal);
    }

    /// The signs of life of one execution's leases.
    pub(super) fn signs(&self, key: &StreamKey) -> Vec<SignOfLife> {
        let maps = self.maps();
        let leases = maps.leases.get(key).into_iter().flatten();
        leases
            .map(|(task_id, (epoch, seen_at))| SignOfLife {
                task_id: task_id.clone(),
                epoch: *epoch,
                seen_at: *seen_at,
            })
            .collect()
    }

    /// When an agent was last heard of.
    pub fn last_seen(&self, workspace: &WorkspaceId, agent_id: &AgentId) -> Option<Timestamp> {
        self.maps().agents.get(&(workspace.clone(), agent_id.clone())).copied()
    }

    /// The agents that were last heard of before that.
    pub(super) fn silent_since(&self, before: Timestamp) -> Vec<(WorkspaceId, AgentId, Timestamp)> {
        let maps = self.maps();
        let silent = maps.agents.iter().filter(|(_, seen)| **seen <= before);
        silent.map(|((workspace, agent), seen)| (workspace.clone(), agent.clone(), *seen)).collect()
    }

    /// Forgets the leases of an execution that is over.
    pub(super) fn forget(&self, key: &StreamKey) {
        self.maps().leases.remove(key);
    }

    /// Writes behind what was noted since the last time.
    pub(super) async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let (renewals, signs) = {
            let mut maps = self.maps();
            (std::mem::take(&mut maps.renewals), std::mem::take(&mut maps.signs))
        };
        let signs: Vec<AgentPresence> = signs
            .into_iter()
            .map(|((workspace, agent_id), last_seen_at)| AgentPresence {
                workspace,
                agent_id: agent_id.to_string(),
                last_seen_at,
            })
            .collect();
        let written = match store.see(&signs).await {
            Ok(()) => store.renew(&renewals).await,
            Err(error) => Err(error),
        };
        if written.is_err() {
            self.maps().renewals.splice(0..0, renewals);
        }
        written
    }
}
