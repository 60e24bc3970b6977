//! Forking: a new execution that begins with what another had achieved at some point.

use super::request::{Describe, EngineError, Metadata, Outcome, Request, RequestKey};
use super::{Engine, StreamKey, load};
use crate::domain::event::lifecycle::ForkOrigin;
use crate::domain::execution::{CreateExecution, ExecutionCommand, Start};
use crate::domain::{Actor, AgentId, ExecutionId, Json, Rejection, StreamName, WorkspaceId};
use crate::domain::{Command, State};
use crate::store::Version;

/// How an execution is forked.
#[derive(Debug, Clone)]
pub struct ForkRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The execution that is forked.
    pub origin: ExecutionId,
    /// The version that the new one begins with; none: the last.
    pub at_version: Option<Version>,
    /// The new execution.
    pub into: ExecutionId,
    /// The agent that carries it out; none: as before.
    pub agent_id: Option<AgentId>,
    /// What is set for it; none: as before.
    pub parameters: Option<Json>,
    /// Who forks it.
    pub actor: Actor,
    /// What makes the request recognisable.
    pub key: Option<RequestKey>,
    /// What the answer says of the new execution.
    pub describe: Option<Describe>,
    /// Whether it is only thought through.
    pub is_dry_run: bool,
}

impl Engine {
    /// Makes an execution that begins with what another had achieved, and notes it there.
    pub async fn fork(&self, fork: &ForkRequest) -> Result<Outcome, EngineError> {
        let key = StreamKey::execution(&fork.workspace, &fork.origin);
        let (state, version) = self.state_at(&key, fork.at_version).await?;
        let create = seed(fork, &state, version).ok_or_else(|| Rejection::NotFound {
            what: "execution",
            id: fork.origin.to_string(),
        })?;
        let command = Command::Execution(ExecutionCommand::Create(Box::new(create)));
        let stream = StreamName::execution(&fork.into);
        let mut request = Request::new(&fork.workspace, stream, command, fork.actor.clone());
        request.metadata = Metadata::by(fork.actor.clone());
        request.describe = fork.describe;
        if fork.is_dry_run {
            return self.dry_run(request).await;
        }
        request.key.clone_from(&fork.key);
        let made = self.execute(request).await?;
        let (into, at_version) = (fork.into.clone(), version.get());
        let noted = Command::Execution(ExecutionCommand::Fork { into, at_version });
        self.execute(Request::new(&fork.workspace, key.stream, noted, fork.actor.clone())).await?;
        Ok(made)
    }

    /// The state of a stream as it was at a version, folded from its start; or as it is.
    pub async fn state_at(
        &self,
        key: &StreamKey,
        version: Option<Version>,
    ) -> Result<(State, Version), EngineError> {
        let Some(version) = version else {
            return self.look(key, |state, version| (state.clone(), version)).await;
        };
        load::load_until(&self.inner, key, version).await
    }
}

fn seed(fork: &ForkRequest, state: &State, version: Version) -> Option<CreateExecution> {
    let execution = state.execution()?;
    let header = execution.header()?;
    let heritage = execution.heritage();
    let origin = ForkOrigin { execution_id: fork.origin.clone(), version: version.get() };
    Some(CreateExecution {
        execution_id: fork.into.clone(),
        plan_id: header.plan_id.clone(),
        plan_version: header.plan_version,
        title: header.title.clone(),
        goal: header.goal.clone(),
        agent_id: fork.agent_id.clone().or_else(|| header.agent_id.clone()),
        start: Some(Start::Now),
        parameters: fork.parameters.clone().or_else(|| header.parameters.clone()),
        budget: header.budget,
        labels: header.labels.clone(),
        priority: header.priority,
        policy: header.policy,
        tasks: heritage.tasks,
        dependencies: heritage.dependencies,
        awaiting_review: Vec::new(),
        fork: Some((origin, heritage.outcomes)),
    })
}
