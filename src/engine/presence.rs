//! Who was seen when: signs of life, kept in memory and written behind in batches. They stand
//! beside the log, not in it; only what follows from silence is an event.

use super::StreamKey;
use crate::domain::execution::{Execution, SignOfLife};
use crate::domain::{AgentId, LeaseToken, StreamName, TaskId, Timestamp, WorkspaceId};
use crate::store::{AgentPresence, EndedLease, Renewal, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The epoch of a lease, and when its holder was last seen.
type Seen = (u64, Timestamp);
/// An agent of a workspace.
type AgentKey = (WorkspaceId, AgentId);
/// A task, as the archive names it.
type TaskKey = (WorkspaceId, String, String);

/// What is known of an agent's life.
#[derive(Debug, Clone, Copy, Default)]
struct Life {
    last_seen_at: Timestamp,
    /// Whether further silence changes nothing: it counts as lost, or is gone.
    is_settled: bool,
}

#[derive(Debug, Default)]
struct Maps {
    leases: BTreeMap<StreamKey, BTreeMap<TaskId, Seen>>,
    agents: BTreeMap<AgentKey, Life>,
    renewals: BTreeMap<TaskKey, Renewal>,
    signs: BTreeMap<AgentKey, Timestamp>,
    ended: BTreeMap<TaskKey, EndedLease>,
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
        leases.iter().for_each(|renewal| self.learn(renewal));
        self.refresh_agents(store).await
    }

    /// What other servers have written of one execution.
    pub(super) async fn refresh(&self, store: &Store, key: &StreamKey) -> Result<(), StoreError> {
        let renewals = store.lease_presence(&key.workspace, key.stream.id()).await?;
        renewals.iter().for_each(|renewal| self.learn(renewal));
        Ok(())
    }

    /// What other servers have written of the agents.
    pub(super) async fn refresh_agents(&self, store: &Store) -> Result<(), StoreError> {
        for sign in store.all_agent_presence().await? {
            if let Ok(agent_id) = AgentId::parse(&sign.agent_id) {
                self.learn_of(&sign.workspace, &agent_id, sign.last_seen_at);
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

    /// Takes over when an agent was seen, from the archive or the log.
    pub(super) fn learn_of(&self, workspace: &WorkspaceId, agent_id: &AgentId, at: Timestamp) {
        let mut maps = self.maps();
        let life = maps.agents.entry((workspace.clone(), agent_id.clone())).or_default();
        life.last_seen_at = at.max(life.last_seen_at);
    }

    /// Takes over when the agents that hold tasks were seen, as far as they are known.
    pub(super) fn learn_holders(&self, workspace: &WorkspaceId, execution: &Execution) {
        let tree = execution.tree();
        let mut maps = self.maps();
        for lease in tree.held().filter_map(|spot| tree.node(spot).leaf.lease()) {
            let agent = (workspace.clone(), lease.agent_id.clone());
            if let Some(life) = maps.agents.get_mut(&agent) {
                life.last_seen_at = life.last_seen_at.max(lease.last_seen_at);
            }
        }
    }

    /// Notes that an agent was heard of.
    pub(super) fn see(&self, workspace: &WorkspaceId, agent_id: &AgentId, at: Timestamp) {
        self.learn_of(workspace, agent_id, at);
        self.maps().signs.insert((workspace.clone(), agent_id.clone()), at);
    }

    /// Notes that an agent was heard of, when it is known and not lost; says whether it is so.
    pub(super) fn see_again(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        at: Timestamp,
    ) -> bool {
        let agent = (workspace.clone(), agent_id.clone());
        let is_awake = self.maps().agents.get(&agent).is_some_and(|life| !life.is_settled);
        if is_awake {
            self.see(workspace, agent_id, at);
        }
        is_awake
    }

    /// Notes whether further silence of an agent still matters.
    pub(super) fn settle(&self, workspace: &WorkspaceId, agent_id: &AgentId, is_settled: bool) {
        let agent = (workspace.clone(), agent_id.clone());
        if let Some(life) = self.maps().agents.get_mut(&agent) {
            life.is_settled = is_settled;
        }
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
        let task = (workspace.clone(), renewal.execution_id.clone(), renewal.task_id.clone());
        self.maps().renewals.insert(task, renewal);
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
        let agent = (workspace.clone(), agent_id.clone());
        self.maps().agents.get(&agent).map(|life| life.last_seen_at)
    }

    /// The agents that were last heard of by then, and whose silence still matters.
    pub(super) fn silent_since(&self, before: Timestamp) -> Vec<(WorkspaceId, AgentId, Timestamp)> {
        let maps = self.maps();
        let is_silent = |life: &Life| life.last_seen_at <= before && !life.is_settled;
        let silent = maps.agents.iter().filter(|(_, life)| is_silent(life));
        silent
            .map(|((workspace, agent), life)| (workspace.clone(), agent.clone(), life.last_seen_at))
            .collect()
    }

    /// Forgets the leases of an execution that have ended; those of a grant that is not known yet
    /// stay.
    pub(super) fn forget_ended(&self, key: &StreamKey, execution: &Execution) {
        let tree = execution.tree();
        let has_ended = |task_id: &TaskId, epoch: u64| {
            tree.find(task_id).is_none_or(|spot| {
                let leaf = &tree.node(spot).leaf;
                epoch < leaf.epoch || (epoch == leaf.epoch && leaf.lease().is_none())
            })
        };
        let mut maps = self.maps();
        let Some(leases) = maps.leases.get_mut(key) else {
            return;
        };
        let ended: Vec<(TaskId, Seen)> =
            leases.extract_if(.., |task_id, seen| has_ended(task_id, seen.0)).collect();
        if leases.is_empty() {
            maps.leases.remove(key);
        }
        for (task_id, (epoch, _)) in ended {
            let (workspace, execution_id) = (key.workspace.clone(), key.stream.id().to_owned());
            let task = (workspace.clone(), execution_id.clone(), task_id.to_string());
            maps.renewals.remove(&task);
            let task_id = task_id.to_string();
            maps.ended.insert(task, EndedLease { workspace, execution_id, task_id, epoch });
        }
    }

    /// How many leases and agents are remembered here.
    #[doc(hidden)]
    pub fn totals(&self) -> (usize, usize) {
        let maps = self.maps();
        (maps.leases.values().map(BTreeMap::len).sum(), maps.agents.len())
    }

    /// Writes behind what was noted since the last time; what could not be written stays noted.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let (renewals, signs, ended) = {
            let mut maps = self.maps();
            let renewals = std::mem::take(&mut maps.renewals);
            (renewals, std::mem::take(&mut maps.signs), std::mem::take(&mut maps.ended))
        };
        let written = write(store, &renewals, &signs, &ended).await;
        if written.is_err() {
            let mut maps = self.maps();
            for (task, renewal) in renewals {
                maps.renewals.entry(task).or_insert(renewal);
            }
            for (agent, at) in signs {
                maps.signs.entry(agent).or_insert(at);
            }
            for (task, lease) in ended {
                maps.ended.entry(task).or_insert(lease);
            }
        }
        written
    }
}

async fn write(
    store: &Store,
    renewals: &BTreeMap<TaskKey, Renewal>,
    signs: &BTreeMap<AgentKey, Timestamp>,
    ended: &BTreeMap<TaskKey, EndedLease>,
) -> Result<(), StoreError> {
    let sign = |((workspace, agent_id), at): (&AgentKey, &Timestamp)| AgentPresence {
        workspace: workspace.clone(),
        agent_id: agent_id.to_string(),
        last_seen_at: *at,
    };
    store.see(&signs.iter().map(sign).collect::<Vec<_>>()).await?;
    store.renew(&renewals.values().cloned().collect::<Vec<_>>()).await?;
    store.forget(&ended.values().cloned().collect::<Vec<_>>()).await
}
