//! Plans that agents bring and carry out themselves: a plan and its execution, made and taken out
//! of sight in one append, so that nobody ever sees the one without the other.

use super::request::{Beside, Describe, EngineError, Metadata, Outcome, Request, RequestKey};
use super::{Engine, StreamKey};
use crate::domain::execution::{CreateExecution, ExecutionCommand, OwnPlan, Start};
use crate::domain::plan::{ImportPlan, Plan, PlanCommand};
use crate::domain::{
    AgentId, Budget, Command, ExecutionId, OnBlocker, OnFailure, PlanId, Policy, Priority,
    Sequencing, State, StreamKind, StreamName, Text, WorkspaceId,
};
use crate::store::Version;

/// How long a step may go without a sign of life at least: its agent alone carries it out, and need
/// not be asked for it back.
const STEP_LEASE_MS_MIN: u64 = 24 * 3_600_000;
/// How often a deletion is tried anew when the plan was changed meanwhile.
const DELETE_RETRIES_MAX: u32 = 8;

/// A plan that an agent brings.
#[derive(Debug, Clone)]
pub struct AgentPlanRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The plan; its id is that of the execution too.
    pub import: ImportPlan,
    /// The agent that carries it out.
    pub agent_id: AgentId,
    /// What is said of it beside its steps.
    pub own: OwnPlan,
    /// Who, why, and after what.
    pub metadata: Metadata,
    /// What makes the request recognisable.
    pub key: Option<RequestKey>,
    /// What to answer, also when it is repeated.
    pub describe: Option<Describe>,
    /// Whether it is only rehearsed.
    pub is_dry_run: bool,
}

/// An agent's own plan is to go.
#[derive(Debug, Clone)]
pub struct DeleteAgentPlan {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The plan.
    pub plan_id: PlanId,
    /// Why.
    pub reason: Option<Text>,
    /// Who, why, and after what.
    pub metadata: Metadata,
    /// What makes the request recognisable.
    pub key: Option<RequestKey>,
    /// The version that the caller has seen, when it must still be the last.
    pub expected: Option<Version>,
    /// What to answer, also when it is repeated.
    pub describe: Option<Describe>,
    /// Whether it is only rehearsed.
    pub is_dry_run: bool,
}

/// The execution of an agent's own plan has the plan's id.
fn execution_of(plan_id: &PlanId) -> ExecutionId {
    ExecutionId::parse(plan_id.as_str()).expect("ids of all kinds have the same form")
}

impl Engine {
    /// Makes an agent's own plan: the plan, and the execution that waits for its agent.
    pub async fn create_agent_plan(
        &self,
        request: &AgentPlanRequest,
    ) -> Result<Outcome, EngineError> {
        let policy = own_rules(self.policy(&request.workspace).await?);
        let import = &request.import;
        let execution_id = execution_of(&import.plan_id);
        let planned = PlanCommand::Import(Box::new(import.clone()));
        let moment = self.inner.moment(&request.metadata.actor);
        let plan_version = Plan::default().decide(&planned, &moment)?.len();
        let create = begun(request, &execution_id, plan_version, policy);
        let own = Box::new(request.own.clone());
        let command = ExecutionCommand::CreateOwn(Box::new(create), own);
        let stream = StreamName::execution(&execution_id);
        let (metadata, command) = (request.metadata.clone(), Command::Execution(command));
        let mut made = Request::new(&request.workspace, stream, command, metadata.actor.clone());
        made.metadata = metadata;
        made.describe = request.describe;
        made.beside.push(Beside {
            stream: StreamName::plan(&import.plan_id),
            state: State::new(StreamKind::Plan),
            version: Version::ZERO,
            command: Command::Plan(planned),
        });
        if request.is_dry_run {
            return self.dry_run(made).await;
        }
        made.key.clone_from(&request.key);
        self.execute(made).await
    }

    /// Takes an agent's own plan out of sight: the plan, and what its execution logged and
    /// remembered. What is still under way is cancelled.
    pub async fn delete_agent_plan(
        &self,
        request: &DeleteAgentPlan,
    ) -> Result<Outcome, EngineError> {
        for _ in 1..DELETE_RETRIES_MAX {
            match self.try_delete(request).await {
                Err(EngineError::Contended { .. }) => {}
                other => return other,
            }
        }
        self.try_delete(request).await
    }

    async fn try_delete(&self, request: &DeleteAgentPlan) -> Result<Outcome, EngineError> {
        let workspace = &request.workspace;
        let stream = StreamName::plan(&request.plan_id);
        let key = StreamKey { workspace: workspace.clone(), stream: stream.clone() };
        let (state, version) = self.look(&key, |state, version| (state.clone(), version)).await?;
        let reason = request.reason.clone();
        let command = Command::Execution(ExecutionCommand::DeleteOwn { reason });
        let own = StreamName::execution(&execution_of(&request.plan_id));
        let metadata = request.metadata.clone();
        let mut gone = Request::new(workspace, own, command, metadata.actor.clone());
        gone.metadata = metadata;
        gone.describe = request.describe;
        gone.expected = request.expected;
        if version != Version::ZERO {
            let command = Command::Plan(PlanCommand::Delete);
            gone.beside.push(Beside { stream, state, version, command });
        }
        if request.is_dry_run {
            return self.dry_run(gone).await;
        }
        gone.key.clone_from(&request.key);
        self.execute(gone).await
    }
}

/// The rules of the workspace, but where an agent that works for itself needs others: nobody takes
/// a step from it, what it says is blocked is blocked, and what it says failed has failed.
fn own_rules(rules: Policy) -> Policy {
    Policy {
        lease_ms: rules.lease_ms.max(STEP_LEASE_MS_MIN),
        timeout_ms: rules.timeout_ms.max(STEP_LEASE_MS_MIN),
        on_failure: OnFailure::Fail,
        on_blocker: OnBlocker::Halt,
        sequencing: Sequencing::Explicit,
        ..rules
    }
}

fn begun(
    request: &AgentPlanRequest,
    execution_id: &ExecutionId,
    plan_version: usize,
    policy: Policy,
) -> CreateExecution {
    let import = &request.import;
    CreateExecution {
        execution_id: execution_id.clone(),
        plan_id: import.plan_id.clone(),
        plan_version: u64::try_from(plan_version).unwrap_or(u64::MAX),
        title: import.title.clone(),
        goal: import.goal.clone(),
        agent_id: Some(request.agent_id.clone()),
        start: Some(Start::WhenAgentComes),
        parameters: None,
        budget: Budget::default(),
        labels: Vec::new(),
        priority: Priority::Normal,
        policy,
        tasks: import.tasks.clone(),
        dependencies: import.dependencies.clone(),
        awaiting_review: Vec::new(),
        fork: None,
    }
}
