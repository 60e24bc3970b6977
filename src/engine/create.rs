//! Making an execution of a plan.

use super::request::{Describe, EngineError, Outcome, Request, RequestKey};
use super::{Engine, StreamKey};
use crate::domain::Command;
use crate::domain::execution::{CreateExecution, ExecutionCommand, Start};
use crate::domain::plan::Plan;
use crate::domain::{
    Actor, AgentId, Budget, ExecutionId, Json, Label, PlanId, Policy, Priority, Rejection,
    StreamName, WorkspaceId,
};
use crate::store::Version;

/// How a plan is to be carried out.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The plan.
    pub plan_id: PlanId,
    /// The new execution.
    pub execution_id: ExecutionId,
    /// The one agent that carries it out; none: whoever the plan is meant for, or anybody.
    pub agent_id: Option<AgentId>,
    /// Whether it starts at once.
    pub start: bool,
    /// What is set for it.
    pub parameters: Option<Json>,
    /// What it may use up.
    pub budget: Budget,
    /// Labels to find it by.
    pub labels: Vec<Label>,
    /// What goes first among executions.
    pub priority: Priority,
    /// The rules; none: those that the engine was started with.
    pub policy: Option<Policy>,
    /// Who makes it.
    pub actor: Actor,
    /// What makes the request recognisable.
    pub key: Option<RequestKey>,
    /// What to answer when it is repeated.
    pub describe: Option<Describe>,
    /// Whether it is only rehearsed.
    pub is_dry_run: bool,
}

impl CreateRequest {
    /// An execution that starts at once, with nothing else said.
    pub fn new(
        workspace: &WorkspaceId,
        plan_id: &PlanId,
        execution_id: &ExecutionId,
        actor: Actor,
    ) -> Self {
        Self {
            workspace: workspace.clone(),
            plan_id: plan_id.clone(),
            execution_id: execution_id.clone(),
            agent_id: None,
            start: true,
            parameters: None,
            budget: Budget::default(),
            labels: Vec::new(),
            priority: Priority::Normal,
            policy: None,
            actor,
            key: None,
            describe: None,
            is_dry_run: false,
        }
    }
}

impl Engine {
    /// Makes an execution of a plan: its tasks are taken over as they are now.
    pub async fn create_execution(&self, request: &CreateRequest) -> Result<Outcome, EngineError> {
        let stream = StreamName::plan(&request.plan_id);
        let key = StreamKey { workspace: request.workspace.clone(), stream };
        let (plan, version) = self
            .look(&key, |state, version| (state.plan().cloned().unwrap_or_default(), version))
            .await?;
        if !plan.is_ready() {
            return Err(not_ready(&request.plan_id, &plan).into());
        }
        let agent_id = request.agent_id.clone().or_else(|| plan.assigned_to().cloned());
        let start = self.start_of(request, agent_id.as_ref()).await?;
        let policy = self.policy_of(request).await?;
        let create = taken_over(request, &plan, version, agent_id, start, policy);
        let command = Command::Execution(ExecutionCommand::Create(Box::new(create)));
        let stream = StreamName::execution(&request.execution_id);
        let mut made = Request::new(&request.workspace, stream, command, request.actor.clone());
        made.describe = request.describe;
        if request.is_dry_run {
            return self.dry_run(made).await;
        }
        made.key.clone_from(&request.key);
        self.execute(made).await
    }

    /// The rules: the caller's, else the workspace's, else the server's.
    async fn policy_of(&self, request: &CreateRequest) -> Result<Policy, EngineError> {
        match request.policy {
            Some(policy) => Ok(policy),
            None => self.policy(&request.workspace).await,
        }
    }

    /// The rules of a workspace: its own, else the server's.
    pub async fn policy(&self, workspace: &WorkspaceId) -> Result<Policy, EngineError> {
        let workspace = workspace.clone();
        let stream = StreamName::workspace(&workspace);
        let key = StreamKey { workspace, stream };
        let own = self.look(&key, |state, _| state.workspace().and_then(|it| it.policy().copied()));
        Ok(own.await?.unwrap_or(self.inner.config.policy))
    }

    /// Starts now, or when the agent that it is tied to comes; not at all when nobody asked.
    async fn start_of(
        &self,
        request: &CreateRequest,
        agent_id: Option<&AgentId>,
    ) -> Result<Option<Start>, EngineError> {
        if !request.start {
            return Ok(None);
        }
        let Some(agent_id) = agent_id else {
            return Ok(Some(Start::Now));
        };
        let (agent, _) = self.agent(&request.workspace, agent_id).await?;
        let is_there = agent.may_take_work();
        Ok(Some(if is_there { Start::Now } else { Start::WhenAgentComes }))
    }
}

fn not_ready(plan_id: &PlanId, plan: &Plan) -> Rejection {
    let id = plan_id.to_string();
    match plan.status() {
        "absent" | "deleted" => Rejection::NotFound { what: "plan", id },
        state => Rejection::WrongState { what: "plan", id, state },
    }
}

fn taken_over(
    request: &CreateRequest,
    plan: &Plan,
    version: Version,
    agent_id: Option<AgentId>,
    start: Option<Start>,
    policy: Policy,
) -> CreateExecution {
    let title = plan.title().cloned();
    CreateExecution {
        execution_id: request.execution_id.clone(),
        plan_id: request.plan_id.clone(),
        plan_version: version.get(),
        title: title.expect("a plan that is ready has a title"),
        goal: plan.goal().cloned(),
        agent_id,
        start,
        parameters: request.parameters.clone(),
        budget: request.budget,
        labels: request.labels.clone(),
        priority: request.priority,
        policy,
        tasks: plan.tasks().cloned().collect(),
        dependencies: plan.dependencies().cloned().collect(),
        awaiting_review: plan.pending_reviews().cloned().collect(),
        fork: None,
    }
}
