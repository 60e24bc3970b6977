//! An archive with an engine on it, a plan, and two agents that carry it out.

use crate::plan;
use anyhow::{Result, bail};
use planexe_ax::clock::Clock;
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::event::work::Remarks;
use planexe_ax::domain::execution::{ExecutionCommand, Report, ReportBody};
use planexe_ax::domain::plan::PlanCommand;
use planexe_ax::domain::{Actor, AgentId, ExecutionId, PlanId, StreamName, WorkspaceId};
use planexe_ax::engine::{
    Command, CreateRequest, Engine, EngineConfig, GrantedTask, Random, Request, Work, WorkRequest,
};
use planexe_ax::store::{Store, StoreConfig};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that the examples need.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    pub(crate) workspace: WorkspaceId,
    pub(crate) execution_id: ExecutionId,
    engine: Engine,
    agents: Vec<AgentId>,
    folder: Option<PathBuf>,
}

impl World {
    /// Opens the archive.
    pub(crate) async fn begin() -> Result<Self> {
        let (url, folder) = database()?;
        let config = StoreConfig::new(&url);
        let store = Store::open(&config).await?;
        let random = Random::from_system();
        let engine_config = EngineConfig::default();
        let engine = Engine::start(store.clone(), Clock::System, random, engine_config).await?;
        let workspace = WorkspaceId::parse("default")?;
        let run = Clock::System.now().unix_ms();
        let execution_id = ExecutionId::parse(&format!("exec_prospect_{run}"))?;
        let names = ["larry", "marie"].map(|name| AgentId::parse(&format!("agent_{name}_{run}")));
        let agents = names.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Self { store, config, workspace, execution_id, engine, agents, folder })
    }

    /// Registers the agents, imports the plan and starts it.
    pub(crate) async fn start(&self) -> Result<()> {
        let plan_id = &PlanId::parse(&self.execution_id.as_str().replace("exec", "plan"))?;
        let owner = Actor::user("mark")?;
        for agent_id in &self.agents {
            let (agent_id, profile) = (agent_id.clone(), plan::larry()?);
            let stream = StreamName::agent(&agent_id);
            let register = Command::Agent(AgentCommand::Register { agent_id, profile });
            self.send(stream, register, owner.clone()).await?;
        }
        let import = PlanCommand::Import(Box::new(plan::prospecting(plan_id)?));
        self.send(StreamName::plan(plan_id), Command::Plan(import), owner.clone()).await?;
        let create = CreateRequest::new(&self.workspace, plan_id, &self.execution_id, owner);
        self.engine.create_execution(&create).await?;
        Ok(())
    }

    async fn send(&self, stream: StreamName, command: Command, by: Actor) -> Result<()> {
        self.engine.execute(Request::new(&self.workspace, stream, command, by)).await?;
        Ok(())
    }

    /// Lets the agents carry out everything, a step at that pace.
    pub(crate) async fn carry_out(&self, pace: Duration) -> Result<()> {
        let [one, other] = self.agents.as_slice() else { bail!("there are two agents") };
        tokio::try_join!(self.work(one, pace), self.work(other, pace * 4 / 3))?;
        Ok(())
    }

    async fn work(&self, agent_id: &AgentId, pace: Duration) -> Result<()> {
        loop {
            let request = WorkRequest {
                workspace: self.workspace.clone(),
                agent_id: agent_id.clone(),
                tasks_max: 1,
                lease_ms: None,
                actions: None,
            };
            match self.engine.work(&request).await? {
                Work::Tasks(tasks) => {
                    for task in tasks {
                        self.carry_out_task(agent_id, &task, pace).await?;
                    }
                }
                Work::NotNow { status } => bail!("an agent gets nothing: it is {status}"),
                Work::Nothing if self.is_over().await? => return Ok(()),
                Work::Nothing => tokio::time::sleep(pace.max(Duration::from_millis(5))).await,
            }
        }
    }

    async fn carry_out_task(
        &self,
        agent_id: &AgentId,
        task: &GrantedTask,
        pace: Duration,
    ) -> Result<()> {
        let half = ReportBody::Progressed { progress_percent: Some(50), checkpoint: None };
        for body in [ReportBody::Started, half, ReportBody::Completed { output: None }] {
            tokio::time::sleep(pace).await;
            let report = Report {
                agent_id: agent_id.clone(),
                task_id: task.definition.task_id.clone(),
                lease: Some(task.lease.clone()),
                body,
                remarks: Remarks::default(),
            };
            let command = Command::Execution(ExecutionCommand::Report(Box::new(report)));
            let stream = StreamName::execution(&self.execution_id);
            self.send(stream, command, Actor::agent(agent_id)).await?;
        }
        Ok(())
    }

    async fn is_over(&self) -> Result<bool> {
        let status = |execution: &planexe_ax::domain::execution::Execution| {
            execution.phase().status().is_over()
        };
        let over = self.engine.ask(&self.workspace, &self.execution_id, status).await?;
        Ok(over.unwrap_or(true))
    }

    /// Closes everything, and leaves nothing behind but what was asked for.
    pub(crate) async fn end(self) -> Result<()> {
        self.engine.stop().await;
        self.store.close().await;
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
