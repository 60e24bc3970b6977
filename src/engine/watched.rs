//! Agents that somebody watches: told when something happens to an execution in which they hold a
//! task.

use crate::domain::{AgentId, WorkspaceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How many there are before those that nobody watches any more are looked for.
const WATCHED_MIN: usize = 64;

type Senders = BTreeMap<(WorkspaceId, AgentId), watch::Sender<u64>>;

/// The agents that somebody watches.
#[derive(Debug, Default)]
pub(super) struct Watched(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    senders: Senders,
    swept_at: usize,
}

impl Watched {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches an agent.
    pub(super) fn watch(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> watch::Receiver<u64> {
        let mut state = self.state();
        if state.senders.len() >= state.swept_at.max(WATCHED_MIN) {
            state.senders.retain(|_, sender| sender.receiver_count() > 0);
            state.swept_at = state.senders.len() * 2;
        }
        let agent = (workspace.clone(), agent_id.clone());
        state.senders.entry(agent).or_default().subscribe()
    }

    /// Whether anybody watches any agent.
    pub(super) fn has_any(&self) -> bool {
        !self.state().senders.is_empty()
    }

    /// Something happened that may concern these agents.
    pub(super) fn tell(&self, workspace: &WorkspaceId, agents: &BTreeSet<AgentId>) {
        let state = self.state();
        for agent_id in agents {
            if let Some(sender) = state.senders.get(&(workspace.clone(), agent_id.clone())) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }
}
