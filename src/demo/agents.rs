//! The simulated agents: each does what is meant for it, in the time that the plan says.

use super::world::{execution_id, is_under_way, workspace};
use crate::domain::event::agent::{AgentKind, AgentProfile, Capability};
use crate::domain::event::work::{Remarks, TaskError};
use crate::domain::execution::{ExecutionCommand, Report, ReportBody};
use crate::domain::{ActionName, Actor, AgentId, Command, Json, StreamName, Text, Title};
use crate::engine::{Engine, EngineError, GrantedTask, Request, Work, WorkRequest};
use serde::Deserialize;
use std::ops::ControlFlow;
use tokio::sync::watch;

/// How long an agent rests when there is nothing for it to do.
const REST_MS: u64 = 1_000;
/// How often it says how far it is.
const STEP_MS: u64 = 1_500;
/// What takes long when the plan does not say.
const USUAL_SECONDS: u64 = 5;
/// The task that goes wrong once, and is tried again.
const FAILS_ONCE: &str = "task_1_2_c";
/// How long until then.
const RETRY_AFTER_MS: u64 = 6_000;
/// The task over which the visitor is asked.
const ASKS: &str = "task_2_2_b";

/// Who works in the demonstration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agent {
    id: &'static str,
    name: &'static str,
    role: &'static str,
    actions: &'static [&'static str],
}

/// All of them.
pub(super) fn all() -> [Agent; 3] {
    [
        Agent {
            id: "demo_larry",
            name: "Larry (simulated)",
            role: "Business development",
            actions: &["search_google_maps", "manage_csv", "send_email", "make_phone_call"],
        },
        Agent {
            id: "demo_ada",
            name: "Ada (simulated)",
            role: "Web designer",
            actions: &["read_website", "rate_leads", "draft_document"],
        },
        Agent {
            id: "demo_nora",
            name: "Nora (simulated)",
            role: "Business analyst",
            actions: &["read_website", "review_document", "draft_document", "calculate_price"],
        },
    ]
}

/// What the plan says of how a task is simulated.
#[derive(Deserialize, Default)]
struct Play {
    seconds: Option<u64>,
    result: Option<String>,
}

impl Agent {
    pub(super) fn agent_id(self) -> AgentId {
        AgentId::parse(self.id).expect("it is an id")
    }

    pub(super) fn role(self) -> Title {
        Title::parse(self.role).expect("it is short")
    }

    pub(super) fn profile(self) -> AgentProfile {
        let capability = |action: &&str| Capability {
            action: ActionName::parse(action).expect("it is a name"),
            params: Vec::new(),
        };
        AgentProfile {
            name: Title::parse(self.name).expect("it is short"),
            role: Some(self.role()),
            kind: AgentKind::Agent,
            capabilities: self.actions.iter().map(capability).collect(),
            integration_endpoints: None,
            webhook_url: None,
            concurrent_tasks_max: 1,
        }
    }

    /// Works until the demonstration is over, or the server stops.
    pub(super) async fn work(self, engine: Engine, stopped: watch::Receiver<bool>, pace: u64) {
        let mut day = Day { agent: self, engine, stopped, pace: pace.max(1) };
        loop {
            let gone_on = match day.next_task().await {
                Ok(Some(task)) => day.carry_out(&task).await,
                Ok(None) if day.is_over().await => return,
                Ok(None) => day.pass(REST_MS).await,
                Err(error) => Err(error),
            };
            match gone_on {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) | Err(EngineError::Stopping) => return,
                Err(error) => {
                    tracing::debug!(%error, agent.id = self.id, "a simulated agent stumbled");
                    if !matches!(day.pass(REST_MS).await, Ok(ControlFlow::Continue(()))) {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether the agent goes on.
type GoesOn = Result<ControlFlow<()>, EngineError>;

/// An agent at work.
struct Day {
    agent: Agent,
    engine: Engine,
    stopped: watch::Receiver<bool>,
    /// How many times as fast as the plan says.
    pace: u64,
}

impl Day {
    async fn next_task(&self) -> Result<Option<GrantedTask>, EngineError> {
        let request = WorkRequest {
            workspace: workspace(),
            agent_id: self.agent.agent_id(),
            tasks_max: 1,
            lease_ms: None,
            actions: None,
        };
        Ok(match self.engine.work(&request).await? {
            Work::Tasks(tasks) => {
                tasks.into_iter().find(|task| task.execution_id == execution_id())
            }
            Work::Nothing | Work::NotNow { .. } => None,
        })
    }

    async fn is_over(&self) -> bool {
        matches!(is_under_way(&self.engine).await, Ok(false))
    }

    /// Waits; says whether the agent goes on then.
    async fn pass(&mut self, ms: u64) -> GoesOn {
        let clock = self.engine.clock().clone();
        tokio::select! {
            () = clock.sleep_ms(ms / self.pace) => {}
            _ = self.stopped.wait_for(|stopped| *stopped) => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn report(
        &self,
        task: &GrantedTask,
        body: ReportBody,
        message: &str,
    ) -> Result<(), EngineError> {
        let agent_id = self.agent.agent_id();
        let actor = Actor::agent(&agent_id);
        let message = Text::parse(message).ok().filter(|_| !message.is_empty());
        let report = Report {
            agent_id,
            task_id: task.definition.task_id.clone(),
            lease: Some(task.lease.clone()),
            body,
            remarks: Remarks { message, ..Remarks::default() },
        };
        let command = Command::Execution(ExecutionCommand::Report(Box::new(report)));
        let stream = StreamName::execution(&task.execution_id);
        let request = Request::new(&workspace(), stream, command, actor);
        self.engine.execute(request).await.map(|_| ())
    }

    async fn carry_out(&mut self, task: &GrantedTask) -> GoesOn {
        let task_id = task.definition.task_id.as_str();
        let params = task.definition.params.as_ref();
        let play: Play =
            params.and_then(|it| serde_json::from_str(it.as_str()).ok()).unwrap_or_default();
        self.report(task, ReportBody::Started, "").await?;
        let all_ms = play.seconds.unwrap_or(USUAL_SECONDS) * 1_000;
        let mut passed_ms = 0;
        while passed_ms + STEP_MS < all_ms {
            if self.pass(STEP_MS).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            passed_ms += STEP_MS;
            let progress_percent = u8::try_from(passed_ms * 100 / all_ms).ok();
            let far = ReportBody::Progressed { progress_percent, checkpoint: None };
            self.report(task, far, "").await?;
            let is_half = passed_ms * 2 >= all_ms;
            if is_half && task_id == FAILS_ONCE && task.attempt == 1 {
                return self.fail(task).await.map(ControlFlow::Continue);
            }
            if is_half && task_id == ASKS && task.checkpoint.is_none() {
                return self.ask(task).await.map(ControlFlow::Continue);
            }
        }
        if self.pass(all_ms - passed_ms).await?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let result = play.result.unwrap_or_default();
        let output = Json::from_value(&serde_json::json!({"result": result})).ok();
        self.report(task, ReportBody::Completed { output }, &result).await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn fail(&self, task: &GrantedTask) -> Result<(), EngineError> {
        let text = |text| Text::parse(text).expect("it is short");
        let error = TaskError {
            error_type: text("timeout"),
            message: Some(text("the website of Marie's Yorkies does not answer")),
            is_retryable: Some(true),
            needs_person: false,
            suggestions: Vec::new(),
            status_code: Some(504),
            retry_after_ms: Some(RETRY_AFTER_MS / self.pace),
        };
        self.report(task, ReportBody::Failed { error }, "").await
    }

    /// Nobody answers the phone: the visitor is asked. What the agent did is kept for the next
    /// attempt, which does not ask again.
    async fn ask(&self, task: &GrantedTask) -> Result<(), EngineError> {
        let text = |text| Text::parse(text).expect("it is short");
        let checkpoint = Json::parse(r#"{"asked":true}"#).ok();
        let far = ReportBody::Progressed { progress_percent: Some(50), checkpoint };
        self.report(task, far, "").await?;
        let blocked = ReportBody::Blocked {
            message: text("Carol's number is out of service. How should I reach her?"),
            suggestions: vec![
                text("Look the number up on the map listing"),
                text("Write to her instead, and ask for a number"),
            ],
            wait_ms: None,
        };
        self.report(task, blocked, "").await
    }
}
