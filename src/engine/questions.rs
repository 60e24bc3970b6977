//! Asking a stream's state something.

use super::cell::{Job, Newness};
use super::request::EngineError;
use super::{Engine, StreamKey, answer};
use crate::domain::agent::Agent;
use crate::domain::execution::Execution;
use crate::domain::{AgentId, ExecutionId, State, StreamName, WorkspaceId};
use crate::store::Version;
use tokio::sync::oneshot;

impl Engine {
    /// Asks a stream's newest state something.
    pub async fn look<T: Send + 'static>(
        &self,
        key: &StreamKey,
        ask: impl FnOnce(&State, Version) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        self.look_at(key, Newness::Newest, ask).await
    }

    /// Asks a stream something, as far as this engine has followed it.
    pub(super) async fn look_at<T: Send + 'static>(
        &self,
        key: &StreamKey,
        newness: Newness,
        ask: impl FnOnce(&State, Version) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let (failed, failure) = oneshot::channel();
        let look = Box::new(move |state: &State, version: Version| {
            answer::discard(reply.send(ask(state, version)));
        });
        self.push(key, Job::Look { look, failed, newness })?;
        match answer.await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(failure.await.unwrap_or(EngineError::Stopping)),
        }
    }

    /// Asks an execution something; none when there is no such execution.
    pub async fn ask<T: Send + 'static>(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        ask: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<Option<T>, EngineError> {
        self.ask_at(workspace, execution_id, Newness::Newest, ask).await
    }

    /// Asks an execution something of which this engine itself wrote what matters.
    pub async fn ask_known<T: Send + 'static>(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        ask: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<Option<T>, EngineError> {
        self.ask_at(workspace, execution_id, Newness::Followed, ask).await
    }

    async fn ask_at<T: Send + 'static>(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        newness: Newness,
        ask: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<Option<T>, EngineError> {
        let key = StreamKey::execution(workspace, execution_id);
        let made = |state: &State| state.execution().is_some_and(|e| e.header().is_some());
        let ask = move |state: &State, _| state.execution().filter(|_| made(state)).map(ask);
        self.look_at(&key, newness, ask).await
    }

    /// An agent as it is now, and the version of its stream.
    pub async fn agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<(Agent, Version), EngineError> {
        self.agent_at(workspace, agent_id, Newness::Newest).await
    }

    pub(super) async fn agent_at(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        newness: Newness,
    ) -> Result<(Agent, Version), EngineError> {
        let stream = StreamName::agent(agent_id);
        let key = StreamKey { workspace: workspace.clone(), stream };
        let ask = |state: &State, version| (state.agent().cloned().unwrap_or_default(), version);
        self.look_at(&key, newness, ask).await
    }
}
