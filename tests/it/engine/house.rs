//! An engine on a throwaway archive under a clock that stands still, and short words for what
//! persons and agents ask of it.

use crate::store::backend::Backend;
use anyhow::{Context, Result, bail};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::domain::agent::{Agent, AgentCommand};
use planexe_ax::domain::event::agent::{AgentKind, AgentProfile, Capability};
use planexe_ax::domain::event::work::{Remarks, TaskError};
use planexe_ax::domain::execution::{
    CreateExecution, Execution, ExecutionCommand, Report, ReportBody, Start,
};
use planexe_ax::domain::{
    ActionName, Actor, AgentId, Budget, ExecutionId, LeaseToken, PlanId, Policy, Priority,
    RetryPolicy, StreamName, TaskDefinition, TaskId, Text, Timestamp, Title, WorkspaceId,
};
use planexe_ax::engine::{
    Beat, BeatVerdict, Command, Engine, EngineConfig, EngineError, GrantedTask, Outcome, Random,
    Request, StreamKey, Work, WorkRequest,
};
use planexe_ax::store::Store;
use std::future::Future;
use std::sync::Arc;

/// When every test begins.
pub(super) const BEGIN_MS: i64 = 1_700_000_000_000;
pub(super) const MINUTE_MS: u64 = 60_000;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;

/// One engine and its surroundings.
#[derive(Clone)]
pub(super) struct House {
    pub(super) engine: Engine,
    pub(super) store: Store,
    pub(super) hands: Arc<SimulatedClock>,
}

/// A test does time and the log step by step.
pub(super) fn step_by_step() -> EngineConfig {
    EngineConfig { runs_by_itself: false, ..EngineConfig::default() }
}

impl House {
    pub(super) async fn on(store: Store, hands: &Arc<SimulatedClock>) -> Result<Self> {
        Self::with(store, hands, step_by_step()).await
    }

    pub(super) async fn with(
        store: Store,
        hands: &Arc<SimulatedClock>,
        config: EngineConfig,
    ) -> Result<Self> {
        Self::seeded(store, hands, config, Random::from_system()).await
    }

    pub(super) async fn seeded(
        store: Store,
        hands: &Arc<SimulatedClock>,
        config: EngineConfig,
        random: Random,
    ) -> Result<Self> {
        let clock = Clock::Simulated(Arc::clone(hands));
        let engine = Engine::start(store.clone(), clock, random, config).await?;
        Ok(Self { engine, store, hands: Arc::clone(hands) })
    }

    /// A new engine on a new handle of the same archive; SQLite has one at a time.
    pub(super) async fn again(self, backend: &Backend) -> Result<Self> {
        self.engine.stop().await;
        self.store.close().await;
        Self::on(backend.open().await?, &self.hands).await
    }

    pub(super) async fn close(self) -> Result<()> {
        self.engine.stop().await;
        self.store.close().await;
        Ok(())
    }

    pub(super) async fn execute(
        &self,
        stream: StreamName,
        command: Command,
        actor: Actor,
    ) -> Result<Outcome, EngineError> {
        self.engine.execute(Request::new(&workspace(), stream, command, actor)).await
    }

    /// A person commands an execution.
    pub(super) async fn command(
        &self,
        execution: &str,
        command: ExecutionCommand,
    ) -> Result<Outcome, EngineError> {
        self.engine.execute(request(execution, command)).await
    }

    /// A person commands an agent.
    pub(super) async fn agent(
        &self,
        agent: &str,
        command: AgentCommand,
    ) -> Result<Outcome, EngineError> {
        let stream = StreamName::agent(&agent_id(agent));
        self.execute(stream, Command::Agent(command), mark()).await
    }

    pub(super) async fn create(&self, create: CreateExecution) -> Result<Outcome> {
        let name = create.execution_id.to_string();
        Ok(self.command(&name, ExecutionCommand::Create(Box::new(create))).await?)
    }

    pub(super) async fn register(&self, agent: &str, tasks_max: u32) -> Result<()> {
        self.register_as(agent, profile(&["work"], tasks_max)).await
    }

    pub(super) async fn register_as(&self, agent: &str, profile: AgentProfile) -> Result<()> {
        let agent_id = agent_id(agent);
        self.agent(agent, AgentCommand::Register { agent_id, profile }).await?;
        Ok(())
    }

    pub(super) async fn poll(&self, agent: &str, tasks_max: u32) -> Result<Work, EngineError> {
        let (workspace, agent_id) = (workspace(), agent_id(agent));
        let request = WorkRequest { workspace, agent_id, tasks_max, lease_ms: None, actions: None };
        self.engine.work(&request).await
    }

    /// What the agent holds after a poll for so many tasks.
    pub(super) async fn tasks(&self, agent: &str, tasks_max: u32) -> Result<Vec<GrantedTask>> {
        match self.poll(agent, tasks_max).await? {
            Work::Tasks(tasks) => Ok(tasks),
            Work::Nothing => Ok(Vec::new()),
            Work::NotNow { status } => bail!("agent {agent} gets nothing: it is {status}"),
        }
    }

    /// The ids of what the agent holds after a poll for so many tasks.
    pub(super) async fn ids(&self, agent: &str, tasks_max: u32) -> Result<Vec<String>> {
        let tasks = self.tasks(agent, tasks_max).await?;
        Ok(tasks.iter().map(|task| task.definition.task_id.to_string()).collect())
    }

    /// The one task that the agent gets.
    pub(super) async fn task(&self, agent: &str) -> Result<GrantedTask> {
        self.tasks(agent, 1).await?.into_iter().next().with_context(|| format!("none for {agent}"))
    }

    pub(super) async fn report(
        &self,
        agent: &str,
        lease: &LeaseToken,
        body: ReportBody,
    ) -> Result<Outcome, EngineError> {
        self.engine.execute(report(agent, lease, body)).await
    }

    pub(super) async fn complete(&self, agent: &str, task: &GrantedTask) -> Result<Outcome> {
        Ok(self.report(agent, &task.lease, ReportBody::Completed { output: None }).await?)
    }

    pub(super) async fn beat(&self, agent: &str, lease: &LeaseToken) -> Result<BeatVerdict> {
        let beats = vec![Beat { lease: lease.clone(), progress_percent: None }];
        let verdicts = self.engine.heartbeat(&workspace(), &agent_id(agent), beats).await?;
        verdicts.into_iter().next().context("a verdict")
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        execution: &str,
        ask: impl FnOnce(&Execution) -> T + Send + 'static,
    ) -> Result<T> {
        let answer = self.engine.ask(&workspace(), &execution_id(execution), ask).await?;
        answer.with_context(|| format!("there is no execution {execution}"))
    }

    pub(super) async fn agent_state(&self, agent: &str) -> Result<Agent> {
        Ok(self.engine.agent(&workspace(), &agent_id(agent)).await?.0)
    }

    /// Lets time pass, and does what is due then.
    pub(super) async fn pass_ms(&self, ms: u64) -> Result<()> {
        self.hands.advance_ms(ms);
        self.engine.run_due().await?;
        Ok(())
    }
}

/// Runs a test on a fresh engine on each kind of archive; the log it leaves must be in order.
pub(super) async fn on_every<F: Future<Output = Result<()>>>(
    test: impl Fn(House, Arc<Backend>) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        let backend = Arc::new(backend);
        let house = House::on(backend.open().await?, &begin()).await?;
        let store = house.store.clone();
        test(house, Arc::clone(&backend)).await?;
        store.close().await;
        let store = backend.open().await?;
        super::log::check(&store).await?;
        store.close().await;
    }
    Ok(())
}

/// A clock that stands at the beginning.
pub(super) fn begin() -> Arc<SimulatedClock> {
    Arc::new(SimulatedClock::new(Timestamp::from_unix_ms(BEGIN_MS)))
}

pub(super) fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("it is an id")
}

pub(super) fn mark() -> Actor {
    Actor::user("mark").expect("it is a name")
}

pub(super) fn agent_id(agent: &str) -> AgentId {
    AgentId::parse(agent).expect("it is an id")
}

pub(super) fn execution_id(execution: &str) -> ExecutionId {
    ExecutionId::parse(execution).expect("it is an id")
}

pub(super) fn task_id(task: &str) -> TaskId {
    TaskId::parse(task).expect("it is an id")
}

pub(super) fn words(text: &str) -> Text {
    Text::parse(text).expect("it is a text")
}

pub(super) fn title(text: &str) -> Title {
    Title::parse(text).expect("it is a title")
}

pub(super) fn stream(execution: &str) -> StreamName {
    StreamName::execution(&execution_id(execution))
}

pub(super) fn key_of(execution: &str) -> StreamKey {
    StreamKey::execution(&workspace(), &execution_id(execution))
}

/// A person's command to an execution.
pub(super) fn request(execution: &str, command: ExecutionCommand) -> Request {
    Request::new(&workspace(), stream(execution), Command::Execution(command), mark())
}

/// A note on an execution: one event each time.
pub(super) fn note(execution: &str, text: &str) -> Request {
    request(execution, ExecutionCommand::AddNote { task_id: None, text: words(text) })
}

/// An agent's report.
pub(super) fn report(agent: &str, lease: &LeaseToken, body: ReportBody) -> Request {
    let report = Report {
        agent_id: agent_id(agent),
        task_id: lease.task_id.clone(),
        lease: Some(lease.clone()),
        body,
        remarks: Remarks::default(),
    };
    let command = Command::Execution(ExecutionCommand::Report(Box::new(report)));
    let actor = Actor::agent(&agent_id(agent));
    Request::new(&workspace(), StreamName::execution(&lease.execution_id), command, actor)
}

pub(super) fn failure() -> ReportBody {
    ReportBody::Failed {
        error: TaskError {
            error_type: words("api_error"),
            message: None,
            is_retryable: Some(true),
            needs_person: false,
            suggestions: Vec::new(),
            status_code: None,
            retry_after_ms: None,
        },
    }
}

pub(super) fn pause() -> ExecutionCommand {
    ExecutionCommand::Pause { reason: None }
}

pub(super) fn profile(actions: &[&str], tasks_max: u32) -> AgentProfile {
    let able = |action: &&str| Capability {
        action: ActionName::parse(action).expect("it is an action"),
        params: Vec::new(),
    };
    AgentProfile {
        name: title("An agent"),
        role: None,
        kind: AgentKind::default(),
        capabilities: actions.iter().map(able).collect(),
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: tasks_max,
    }
}

pub(super) fn leaf(task: &str) -> TaskDefinition {
    TaskDefinition::new(task_id(task), title(task))
}

/// A policy whose retries wait exactly one minute.
pub(super) fn policy() -> Policy {
    let retry = RetryPolicy {
        backoff: planexe_ax::domain::Backoff::Fixed,
        backoff_ms: MINUTE_MS,
        ..RetryPolicy::default()
    };
    Policy { retry, ..Policy::default() }
}

/// An execution of these tasks that starts at once.
pub(super) fn execution(name: &str, tasks: Vec<TaskDefinition>) -> CreateExecution {
    CreateExecution {
        execution_id: execution_id(name),
        plan_id: PlanId::parse("plan").expect("it is an id"),
        plan_version: 1,
        title: title(name),
        goal: None,
        agent_id: None,
        start: Some(Start::Now),
        parameters: None,
        budget: Budget::default(),
        labels: Vec::new(),
        priority: Priority::Normal,
        policy: policy(),
        tasks,
        dependencies: Vec::new(),
        awaiting_review: Vec::new(),
        fork: None,
    }
}

/// An execution of so many tasks `t1`, `t2` … that anybody may do.
pub(super) fn simple(name: &str, tasks: u32) -> CreateExecution {
    execution(name, (1..=tasks).map(|number| leaf(&format!("t{number}"))).collect())
}
