//! Heartbeats: one call for all leases that an agent holds, answered with a verdict for each.

use super::cell::Newness;
use super::request::EngineError;
use super::{Engine, StreamKey};
use crate::domain::execution::Verdict;
use crate::domain::{AgentId, LeaseToken, WorkspaceId};

/// A sign of life for one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// The lease.
    pub lease: LeaseToken,
    /// How much is done, 0 to 100.
    pub progress_percent: Option<u8>,
}

/// What is said of one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatVerdict {
    /// The lease.
    pub lease: LeaseToken,
    /// What its holder should do.
    pub verdict: Verdict,
}

impl Engine {
    /// Renews leases, and says of each what its holder should do. Stores nothing in the log.
    pub async fn heartbeat(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        beats: Vec<Beat>,
    ) -> Result<Vec<BeatVerdict>, EngineError> {
        self.seen_agent(workspace, agent_id, Newness::Followed).await?;
        let now = self.inner.clock.now();
        let mut verdicts = Vec::new();
        for Beat { lease, progress_percent } in beats {
            let (asked, theirs) = (lease.clone(), agent_id.clone());
            let key = StreamKey::execution(workspace, &lease.execution_id);
            let verdict = self
                .look(&key, move |state, _| {
                    let execution = state.execution()?;
                    let node = execution.tree().node(execution.tree().find(&asked.task_id)?);
                    let holder = node.leaf.lease().map(|held| &held.agent_id);
                    let is_theirs = holder.is_none_or(|holder| *holder == theirs);
                    is_theirs.then(|| execution.verdict(&asked))
                })
                .await?
                .unwrap_or(Verdict::Lost);
            if !matches!(verdict, Verdict::Lost | Verdict::Reset) {
                self.inner.presence.renew(workspace, agent_id, &lease, now, progress_percent);
            }
            verdicts.push(BeatVerdict { lease, verdict });
        }
        Ok(verdicts)
    }
}
