//! What the passing of time leads to. Deadlines are derived from the state; here the engine only
//! wakes, and asks the law what is due.

use super::request::{EngineError, Request};
use super::{Engine, StreamKey};
use crate::domain::Command;
use crate::domain::agent::AgentCommand;
use crate::domain::execution::ExecutionCommand;
use crate::domain::{Actor, AgentId, StreamName, Timestamp, WorkspaceId};
use crate::planted::is_planted;
use std::collections::BTreeSet;

/// How often signs of life are written behind, and silent agents are looked for.
const PRESENCE_MS: u64 = 250;
/// How long to wait after a failure.
const RETRY_MS: u64 = 500;

impl Engine {
    /// Does everything that is due by now; says how many executions and agents were looked at.
    /// What fails holds up nothing else. After a restore, nothing is due until work goes on.
    pub async fn run_due(&self) -> Result<u32, EngineError> {
        if self.inner.waits().await? {
            return Ok(0);
        }
        let checked = self.check_agents().await;
        let mut looked_at = checked.as_ref().copied().unwrap_or(0);
        let mut failed = checked.err();
        let mut settled: BTreeSet<StreamKey> = BTreeSet::new();
        loop {
            let mut due = self.inner.index.due(self.inner.clock.now());
            due.retain(|key| !settled.contains(key));
            if due.is_empty() {
                return failed.map_or(Ok(looked_at), Err);
            }
            for key in due {
                looked_at += 1;
                match self.check_deadlines(&key).await {
                    Ok(true) => {}
                    Ok(false) => drop(settled.insert(key)),
                    Err(error) => {
                        failed = Some(error);
                        settled.insert(key);
                    }
                }
            }
        }
    }

    /// Says whether anything was due indeed.
    async fn check_deadlines(&self, key: &StreamKey) -> Result<bool, EngineError> {
        if self.inner.is_shared && !is_planted("skip_presence_before_expiry") {
            self.inner.presence.flush(&self.inner.store).await?;
            self.inner.presence.refresh(&self.inner.store, key).await?;
        }
        let signs_of_life = self.inner.presence.signs(key);
        let command = Command::Execution(ExecutionCommand::CheckDeadlines { signs_of_life });
        let request = Request::new(&key.workspace, key.stream.clone(), command, Actor::system());
        match self.carry_out(request).await {
            Ok(outcome) => Ok(!outcome.events.is_empty()),
            Err(EngineError::Rejected(_)) => Ok(false),
            Err(EngineError::BrokenStream { stream, why }) => {
                tracing::error!(%stream, why, "{stream} cannot be folded; its time stands still");
                self.inner.index.drop_broken(key);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds agents that have been silent for too long.
    async fn check_agents(&self) -> Result<u32, EngineError> {
        let silence_ms = self.inner.config.policy.agent_silence_ms;
        let now = self.inner.clock.now();
        let Some(before) = now.unix_ms().checked_sub_unsigned(silence_ms) else {
            return Ok(0);
        };
        let before = Timestamp::from_unix_ms(before);
        if self.inner.presence.silent_since(before).is_empty() {
            return Ok(0);
        }
        if self.inner.is_shared {
            self.inner.presence.flush(&self.inner.store).await?;
            self.inner.presence.refresh_agents(&self.inner.store).await?;
        }
        let mut looked_at = 0;
        let mut failed = None;
        for (workspace, agent_id, last_seen_at) in self.inner.presence.silent_since(before) {
            match self.check_agent(&workspace, &agent_id, last_seen_at).await {
                Ok(is_lost) => looked_at += u32::from(is_lost),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(looked_at), Err)
    }

    /// Says whether the agent was declared lost. Once it counts as lost, or is gone, and those
    /// concerned were told, its silence is not looked at any more.
    async fn check_agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        last_seen_at: Timestamp,
    ) -> Result<bool, EngineError> {
        let silence_ms = self.inner.config.policy.agent_silence_ms;
        let command = AgentCommand::CheckPresence { last_seen_at, silence_ms };
        let stream = StreamName::agent(agent_id);
        let request = Request::new(workspace, stream, Command::Agent(command), Actor::system());
        let is_lost = match self.carry_out(request).await {
            Ok(outcome) => !outcome.events.is_empty(),
            Err(EngineError::Rejected(_) | EngineError::BrokenStream { .. }) => false,
            Err(error) => return Err(error),
        };
        self.pass_on(workspace, agent_id).await?;
        self.inner.presence.settle(workspace, agent_id, true);
        Ok(is_lost)
    }

    /// Wakes when something is due, until the engine stops. Safe to cancel: whatever is due is
    /// found again.
    pub(super) async fn keep_time(&self) {
        let mut first = self.inner.index.first_deadline();
        loop {
            let now = self.inner.clock.now();
            let next = *first.borrow_and_update();
            let presence_at = now.plus_ms(PRESENCE_MS);
            // What is overdue was tried a moment ago.
            let next = next.filter(|next| *next > now);
            let wake_at = next.map_or(presence_at, |next| next.min(presence_at));
            tokio::select! {
                biased;
                changed = first.changed() => if changed.is_err() { return },
                () = self.inner.clock.sleep_until(wake_at) => {}
            }
            let flushed = self.inner.presence.flush(&self.inner.store).await;
            let ran = self.run_due().await.map(|_| ());
            if let Err(error) = flushed.map_err(EngineError::from).and(ran) {
                tracing::warn!(%error, "what is due could not be done; it is tried again");
                self.inner.clock.sleep_ms(RETRY_MS).await;
            }
        }
    }
}
