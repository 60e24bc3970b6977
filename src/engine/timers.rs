//! What the passing of time leads to. Deadlines are derived from the state; here the engine only
//! wakes, and asks the law what is due.

use super::request::{EngineError, Request};
use super::state::Command;
use super::{Engine, StreamKey};
use crate::domain::agent::AgentCommand;
use crate::domain::execution::ExecutionCommand;
use crate::domain::{Actor, AgentId, StreamName, Timestamp, WorkspaceId};

/// How often signs of life are written behind, and silent agents are looked for.
const PRESENCE_MS: u64 = 250;
/// How long to wait after a failure.
const RETRY_MS: u64 = 500;
/// How often due executions are looked at again when they were due at once after a look.
const ROUNDS_MAX: u32 = 10_000;

impl Engine {
    /// Does everything that is due by now; says how many executions and agents were looked at.
    pub async fn run_due(&self) -> Result<u32, EngineError> {
        let mut looked_at = self.check_agents().await?;
        for _ in 0..ROUNDS_MAX {
            let due = self.inner.index.due(self.inner.clock.now());
            if due.is_empty() {
                break;
            }
            for key in due {
                self.check_deadlines(&key).await?;
                looked_at += 1;
            }
        }
        Ok(looked_at)
    }

    async fn check_deadlines(&self, key: &StreamKey) -> Result<(), EngineError> {
        if self.inner.is_shared {
            self.inner.presence.flush(&self.inner.store).await?;
            self.inner.presence.refresh(&self.inner.store, key).await?;
        }
        let signs_of_life = self.inner.presence.signs(key);
        let command = Command::Execution(ExecutionCommand::CheckDeadlines { signs_of_life });
        let request = Request::new(&key.workspace, key.stream.clone(), command, Actor::system());
        match self.execute(request).await {
            Ok(_) | Err(EngineError::Rejected(_)) => Ok(()),
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
        for (workspace, agent_id, last_seen_at) in self.inner.presence.silent_since(before) {
            looked_at += u32::from(self.check_agent(&workspace, &agent_id, last_seen_at).await?);
        }
        Ok(looked_at)
    }

    /// Says whether the agent was declared lost.
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
        match self.execute(request).await {
            Ok(outcome) if !outcome.events.is_empty() => {
                let agent_id = agent_id.clone();
                let lost = ExecutionCommand::AgentLost { agent_id, last_seen_at };
                self.pass_on(workspace, &lost).await?;
                Ok(true)
            }
            Ok(_) | Err(EngineError::Rejected(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes that an agent was heard of; one that was lost is back.
    pub async fn see_agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<(), EngineError> {
        self.inner.presence.see(workspace, agent_id, self.inner.clock.now());
        let (agent, _) = self.agent(workspace, agent_id).await?;
        if agent.status() != crate::domain::agent::AgentStatus::Lost {
            return Ok(());
        }
        let (stream, command) = (StreamName::agent(agent_id), AgentCommand::SignOfLife);
        let actor = Actor::agent(agent_id);
        self.execute(Request::new(workspace, stream, Command::Agent(command), actor)).await?;
        let agent_id = agent_id.clone();
        self.pass_on(workspace, &ExecutionCommand::AgentReturned { agent_id }).await
    }

    /// Wakes when something is due, until the engine stops. Safe to cancel: whatever is due is
    /// found again.
    pub(super) async fn keep_time(&self) {
        let mut first = self.inner.index.first_deadline();
        loop {
            let next = *first.borrow_and_update();
            let presence_at = self.inner.clock.now().plus_ms(PRESENCE_MS);
            let wake_at = next.map_or(presence_at, |next| next.min(presence_at));
            tokio::select! {
                biased;
                changed = first.changed() => if changed.is_err() { return },
                () = self.inner.clock.sleep_until(wake_at) => {}
            }
            let flushed = self.inner.presence.flush(&self.inner.store).await;
            let ran = match flushed {
                Ok(()) => self.run_due().await.map(|_| ()),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = ran {
                tracing::warn!(%error, "what is due could not be done; it is tried again");
                self.inner.clock.sleep_ms(RETRY_MS).await;
            }
        }
    }
}
