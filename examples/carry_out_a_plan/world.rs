//! The world of the story: an engine, a clock that is moved by hand, Larry, and the owner.

use crate::plan;
use anyhow::{Context, Result, bail};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::event::record::Resolution;
use planexe_ax::domain::event::work::Remarks;
use planexe_ax::domain::execution::{
    ExecutionCommand, Report, ReportBody, ResolveBlocker, Verdict,
};
use planexe_ax::domain::plan::PlanCommand;
use planexe_ax::domain::{
    Actor, AgentId, ExecutionId, Json, PlanId, StreamName, Timestamp, WorkspaceId,
};
use planexe_ax::engine::{
    Beat, Command, CreateRequest, Engine, EngineConfig, GrantedTask, Random, Request, Work,
    WorkRequest,
};
use planexe_ax::store::{RecordedEvent, Store, StoreConfig, Version};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that the story needs.
pub(crate) struct World {
    engine: Engine,
    hands: Arc<SimulatedClock>,
    workspace: WorkspaceId,
    agent_id: AgentId,
    execution_id: ExecutionId,
    owner: Actor,
    happened: Mutex<BTreeSet<&'static str>>,
    folder: Option<PathBuf>,
    database: String,
}

impl World {
    /// Opens the archive, registers Larry, imports the plan and starts it.
    pub(crate) async fn begin() -> Result<Self> {
        let (url, folder) = database()?;
        let store = Store::open(&StoreConfig::new(&url)).await?;
        let (clock, hands) = Clock::simulated(Clock::System.now());
        let config = EngineConfig { runs_by_itself: false, ..EngineConfig::default() };
        let engine = Engine::start(store, clock, Random::from_system(), config).await?;
        let run = engine.clock().now().unix_ms();
        let world = Self {
            engine,
            hands,
            workspace: WorkspaceId::parse("default")?,
            agent_id: AgentId::parse(&format!("agent_larry_{run}"))?,
            execution_id: ExecutionId::parse(&format!("exec_larry_prospect_{run}"))?,
            owner: Actor::user("mark")?,
            happened: Mutex::default(),
            database: if folder.is_some() { "SQLite" } else { "PostgreSQL" }.to_owned(),
            folder,
        };
        world.prepare(&PlanId::parse(&format!("plan_prospect_{run}"))?).await?;
        Ok(world)
    }

    async fn prepare(&self, plan_id: &PlanId) -> Result<()> {
        let (agent_id, profile) = (self.agent_id.clone(), plan::larry()?);
        let register = Command::Agent(AgentCommand::Register { agent_id, profile });
        self.send(StreamName::agent(&self.agent_id), register).await?;
        let import = PlanCommand::Import(Box::new(plan::prospecting(plan_id)?));
        self.send(StreamName::plan(plan_id), Command::Plan(import)).await?;
        let owner = self.owner.clone();
        let mut create = CreateRequest::new(&self.workspace, plan_id, &self.execution_id, owner);
        create.agent_id = Some(self.agent_id.clone());
        self.engine.create_execution(&create).await?;
        Ok(())
    }

    async fn send(&self, stream: StreamName, command: Command) -> Result<()> {
        let request = Request::new(&self.workspace, stream, command, self.owner.clone());
        self.engine.execute(request).await?;
        Ok(())
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// What Larry gets when he asks for work; none when the execution is over.
    pub(crate) async fn next_task(&self) -> Result<Option<GrantedTask>> {
        let request = WorkRequest {
            workspace: self.workspace.clone(),
            agent_id: self.agent_id.clone(),
            tasks_max: 1,
            lease_ms: None,
            actions: None,
        };
        match self.engine.work(&request).await? {
            Work::Tasks(tasks) => Ok(tasks.into_iter().next()),
            Work::NotNow { status } => bail!("Larry gets nothing: he is {status}"),
            Work::Nothing => {
                let status = self.ask(|execution| execution.phase().status()).await?;
                if status.is_over() {
                    return Ok(None);
                }
                bail!("nothing is ready, and the execution is {status}")
            }
        }
    }

    /// Larry reports on a task.
    pub(crate) async fn report(&self, task: &GrantedTask, body: ReportBody) -> Result<()> {
        let report = Report {
            agent_id: self.agent_id.clone(),
            task_id: task.definition.task_id.clone(),
            lease: Some(task.lease.clone()),
            body,
            remarks: Remarks::default(),
        };
        let command = Command::Execution(ExecutionCommand::Report(Box::new(report)));
        let stream = StreamName::execution(&self.execution_id);
        let actor = Actor::agent(&self.agent_id);
        self.engine.execute(Request::new(&self.workspace, stream, command, actor)).await?;
        Ok(())
    }

    /// The owner gives a command.
    pub(crate) async fn command(&self, command: ExecutionCommand) -> Result<()> {
        let stream = StreamName::execution(&self.execution_id);
        self.send(stream, Command::Execution(command)).await
    }

    /// The owner resolves the blocker that stands, with what was missing.
    pub(crate) async fn resolve_with_input(&self, input: &str) -> Result<()> {
        let standing =
            self.ask(|execution| execution.blockers().next().map(|b| b.blocker_id.clone())).await?;
        let resolve = ResolveBlocker {
            blocker_id: standing.context("a blocker stands")?,
            resolution: Resolution::ProvideInput,
            option: None,
            input: Some(Json::parse(input)?),
            agent_id: None,
            note: None,
        };
        self.command(ExecutionCommand::Resolve(Box::new(resolve))).await
    }

    /// Larry's heartbeat, and what it is answered.
    pub(crate) async fn heartbeat(&self, task: &GrantedTask) -> Result<Verdict> {
        let beat = Beat { lease: task.lease.clone(), progress_percent: None };
        let verdicts = self.engine.heartbeat(&self.workspace, &self.agent_id, vec![beat]).await?;
        Ok(verdicts.first().context("one beat, one verdict")?.verdict)
    }

    /// Time passes.
    pub(crate) fn pass(&self, ms: u64) {
        self.hands.advance_ms(ms);
    }

    /// Time passes until the engine has something to do, and it does it.
    pub(crate) async fn pass_until_something_is_due(&self) -> Result<()> {
        let due = self.ask(|execution| execution.next_deadline()).await?;
        let due: Timestamp = due.context("something becomes due")?;
        self.hands.set(due);
        self.run_due().await
    }

    /// The engine does what is due.
    pub(crate) async fn run_due(&self) -> Result<()> {
        self.engine.run_due().await?;
        Ok(())
    }

    /// Whether this is the first time that this happens.
    pub(crate) fn is_first_time(&self, what: &'static str) -> bool {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).insert(what)
    }

    /// Asks the execution something.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&planexe_ax::domain::execution::Execution) -> T + Send + 'static,
    ) -> Result<T> {
        let answer = self.engine.ask(&self.workspace, &self.execution_id, ask).await?;
        answer.context("the execution is there")
    }

    /// The execution's stream, from its start.
    pub(crate) async fn log(&self) -> Result<Vec<RecordedEvent>> {
        let stream = StreamName::execution(&self.execution_id);
        let store = self.engine.store();
        Ok(store.read_stream(&self.workspace, &stream, Version::ZERO, 5_000).await?)
    }

    /// Closes everything, and leaves nothing behind but what was asked for.
    pub(crate) async fn end(self) -> Result<()> {
        let verified = self.engine.store().verify().await?;
        let (events, batches) = (verified.events, verified.batches);
        println!(
            "\nthe log verifies: {events} events in {batches} batches, as they were committed"
        );
        self.engine.stop().await;
        self.engine.store().close().await;
        if let Some(folder) = self.folder {
            std::fs::remove_dir_all(folder)?;
        }
        Ok(())
    }
}

/// The database of the environment, or a file of its own in a folder of its own.
fn database() -> Result<(String, Option<PathBuf>)> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Ok((url, None));
    }
    let folder = std::env::temp_dir().join(format!("ax-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok((format!("sqlite:{}", folder.join("ax.db").display()), Some(folder)))
}
