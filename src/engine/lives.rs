//! Agents come and go: whoever is heard of is noted, and the executions that an agent has to do
//! with are told when it is lost, back, or gone for good.

use super::cell::Newness;
use super::request::{EngineError, Request};
use super::{Engine, StreamKey, encode};
use crate::domain::agent::{Agent, AgentCommand, AgentStatus};
use crate::domain::execution::ExecutionCommand;
use crate::domain::{Actor, ActorKind, AgentId, Command, State, StreamName, TaskId, WorkspaceId};
use crate::store::{StreamCondition, Version};

/// Whose report it is, and on what.
pub(super) struct Reported {
    key: StreamKey,
    agent_id: AgentId,
    task_id: TaskId,
    epoch: Option<u64>,
    is_by_itself: bool,
}

impl Reported {
    /// None when the command is no report.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let Command::Execution(ExecutionCommand::Report(report)) = &request.command else {
            return None;
        };
        let (workspace, stream) = (request.workspace.clone(), request.stream.clone());
        let (agent_id, task_id) = (report.agent_id.clone(), report.task_id.clone());
        let actor = &request.metadata.actor;
        Some(Self {
            key: StreamKey { workspace, stream },
            is_by_itself: actor.kind() == ActorKind::Agent && actor.id() == agent_id.as_str(),
            agent_id,
            task_id,
            epoch: report.lease.as_ref().map(|lease| lease.epoch),
        })
    }
}

/// How often an execution is told anew when the agent turned meanwhile.
const TELL_RETRIES_MAX: u32 = 8;

impl Engine {
    /// Notes that an agent was heard of; one that was lost is back.
    pub async fn see_agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<(), EngineError> {
        self.seen_agent(workspace, agent_id, Newness::Newest).await.map(|_| ())
    }

    /// The same; the agent as it is then, and the version of its stream.
    pub(super) async fn seen_agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        newness: Newness,
    ) -> Result<(Agent, Version), EngineError> {
        let (agent, version) = self.agent_at(workspace, agent_id, newness).await?;
        let presence = &self.inner.presence;
        match agent.status() {
            AgentStatus::Absent | AgentStatus::Retired => return Ok((agent, version)),
            AgentStatus::Active | AgentStatus::Paused | AgentStatus::Draining => {
                presence.see(workspace, agent_id, self.inner.clock.now());
                presence.settle(workspace, agent_id, false);
                return Ok((agent, version));
            }
            AgentStatus::Lost => {}
        }
        presence.see(workspace, agent_id, self.inner.clock.now());
        let (stream, command) = (StreamName::agent(agent_id), AgentCommand::SignOfLife);
        let actor = Actor::agent(agent_id);
        self.carry_out(Request::new(workspace, stream, Command::Agent(command), actor)).await?;
        presence.settle(workspace, agent_id, false);
        self.pass_on(workspace, agent_id).await?;
        self.agent(workspace, agent_id).await
    }

    /// An agent as it is now, when all that it was granted by then, by whichever server, is in the
    /// index: a grant from then on moves its stream, so that one built on less is not stored. None
    /// when it moved while the log was followed.
    pub(super) async fn followed_agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<Option<(Agent, Version)>, EngineError> {
        let seen = self.seen_agent(workspace, agent_id, Newness::Followed).await?;
        self.catch_up().await?;
        let now = self.agent_at(workspace, agent_id, Newness::Followed).await?;
        Ok((now.1 == seen.1).then_some(seen))
    }

    /// An agent that commands is alive.
    pub(super) async fn note_actor(&self, request: &Request) -> Result<(), EngineError> {
        let (actor, now) = (&request.metadata.actor, self.inner.clock.now());
        if actor.kind() != ActorKind::Agent {
            return Ok(());
        }
        let Ok(agent_id) = AgentId::parse(actor.id()) else {
            return Ok(());
        };
        if self.inner.presence.see_again(&request.workspace, &agent_id, now) {
            return Ok(());
        }
        self.see_agent(&request.workspace, &agent_id).await
    }

    /// A report that was taken is a sign of life. One that led to no event renews its lease here:
    /// the log does not tell of it. The report is stored, whatever becomes of this.
    pub(super) async fn note_report(&self, reported: Reported, is_silent: bool) {
        let (workspace, agent_id) = (&reported.key.workspace, &reported.agent_id);
        let now = self.inner.clock.now();
        if !reported.is_by_itself
            && !self.inner.presence.see_again(workspace, agent_id, now)
            && let Err(error) = self.see_agent(workspace, agent_id).await
        {
            tracing::warn!(%error, agent.id = %agent_id, "agent {agent_id} was not noted");
        }
        if is_silent && let Err(error) = self.renew_reported(&reported).await {
            tracing::warn!(%error, agent.id = %agent_id, "a lease of {agent_id} was not renewed");
        }
    }

    async fn renew_reported(&self, reported: &Reported) -> Result<(), EngineError> {
        let Reported { key, agent_id, task_id, epoch, .. } = reported;
        let (theirs, task_id, named) = (agent_id.clone(), task_id.clone(), *epoch);
        let held = move |state: &State, _| {
            let execution = state.execution()?;
            let leaf = &execution.tree().node(execution.tree().find(&task_id)?).leaf;
            let is_theirs = leaf.lease()?.agent_id == theirs;
            let is_named = named.is_none_or(|epoch| epoch == leaf.epoch);
            if is_theirs && is_named { execution.lease_of(&task_id) } else { None }
        };
        if let Some(lease) = self.look(key, held).await? {
            let now = self.inner.clock.now();
            self.inner.presence.renew(&key.workspace, agent_id, &lease, now, None);
        }
        Ok(())
    }

    /// Tells the executions concerned whether an agent is lost, gone or there.
    pub(super) async fn pass_on(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<(), EngineError> {
        for key in self.inner.index.concerned(workspace, agent_id) {
            match self.tell(&key, agent_id).await {
                Ok(()) | Err(EngineError::BrokenStream { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells one execution: what is stored there holds as long as the agent did not turn meanwhile.
    async fn tell(&self, key: &StreamKey, agent_id: &AgentId) -> Result<(), EngineError> {
        let workspace = &key.workspace;
        for _ in 0..TELL_RETRIES_MAX {
            let (agent, version) = self.agent(workspace, agent_id).await?;
            let Some(turn) = self.turn(workspace, agent_id, agent.status()) else {
                return Ok(());
            };
            let command = Command::Execution(turn);
            let mut request = Request::new(workspace, key.stream.clone(), command, Actor::system());
            let (stream, expected) = (StreamName::agent(agent_id), encode::expected(version));
            request.conditions.push(StreamCondition { stream, expected });
            match self.carry_out(request).await {
                Ok(_) | Err(EngineError::Rejected(_)) => return Ok(()),
                Err(EngineError::Contended { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Contended { attempts: TELL_RETRIES_MAX })
    }

    fn turn(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        status: AgentStatus,
    ) -> Option<ExecutionCommand> {
        let seen = self.inner.presence.last_seen(workspace, agent_id);
        let agent_id = agent_id.clone();
        match status {
            AgentStatus::Absent => None,
            AgentStatus::Lost => Some(ExecutionCommand::AgentLost {
                agent_id,
                last_seen_at: seen.unwrap_or_else(|| self.inner.clock.now()),
            }),
            AgentStatus::Retired => Some(ExecutionCommand::AgentRetired { agent_id }),
            AgentStatus::Active | AgentStatus::Paused | AgentStatus::Draining => {
                Some(ExecutionCommand::AgentReturned { agent_id })
            }
        }
    }
}
