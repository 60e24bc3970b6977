//! `/api/agents/{agent_id}/work` and beside: an agent gets tasks, and drains.

use super::App;
use super::agents;
use super::asking::Query;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::schemas::{AnyObject, Id};
use super::terms::Terms;
use super::work_shown::{more_shown, task_shown};
use crate::domain::agent::AgentCommand;
use crate::domain::execution::Verdict;
use crate::domain::{ActionName, AgentId, ExecutionId, PlanId};
use crate::engine::{Engine, GrantedTask, Work, WorkRequest};
use crate::telemetry::metrics::PARKED_POLLS;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

/// How long a poll may be parked.
const WAIT_MS_MAX: u64 = 60_000;
/// How many parked polls ask at once.
const POLLS_AT_ONCE: usize = 4;
/// How many tasks one poll may bring.
const TASKS_MAX: u32 = 100;

/// How an agent asks for work.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Poll {
    /// Only tasks with one of these actions, with commas between.
    supported_actions: Option<String>,
    /// How long to wait for work, such as 25s; 60s at most.
    #[param(pattern = "^[0-9]{1,2}s$")]
    wait: Option<String>,
    /// How many tasks at most.
    #[param(minimum = 1, maximum = 100)]
    max: Option<u32>,
    /// How long the lease is to last without a sign of life.
    lease_seconds: Option<u64>,
}

/// Work for an agent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkShown<'a> {
    work_available: bool,
    #[schema(value_type = Id)]
    execution_id: &'a ExecutionId,
    #[schema(value_type = Id)]
    plan_id: &'a PlanId,
    #[schema(value_type = AnyObject)]
    next_task: Value,
    #[schema(value_type = Vec<AnyObject>)]
    more_tasks: Vec<Value>,
    force_pause: bool,
    force_cancel: bool,
    poll_after_seconds: u64,
}

/// Gives the agent what it holds already, or something new; waits for it when asked to.
#[utoipa::path(get, path = "/api/agents/{agent_id}/work", operation_id = "get_work", tag = "work",
    security(("key" = ["work"])), params(Poll),
    responses((status = 200, description = "There is work.", body = WorkShown),
        (status = 204, description = "There is none now.")))]
pub(super) async fn work(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(agent_id): Path<String>,
    Query(poll): Query<Poll>,
) -> Result<Response, Problem> {
    let agent_id = agents::known_id(&agent_id)?;
    let caller = caller.as_agent(&agent_id)?;
    let wait_ms = poll.wait.as_deref().map(wait_ms).transpose()?;
    let actions = poll.supported_actions.as_deref().map(actions).transpose()?;
    let request = WorkRequest {
        workspace: caller.workspace.clone(),
        agent_id,
        tasks_max: poll.max.unwrap_or(1).clamp(1, TASKS_MAX),
        lease_ms: poll.lease_seconds.map(|seconds| seconds.saturating_mul(1_000)),
        actions,
    };
    let found = match wait_ms {
        None => app.engine.work(&request).await?,
        Some(wait_ms) => app.parked(&request, wait_ms).await?,
    };
    app.answer(&request, found).await
}

impl App {
    /// Asks until there is something, the time is over, or the server stops. Safe to cancel: what
    /// was granted meanwhile is what the next poll brings.
    async fn parked(&self, request: &WorkRequest, wait_ms: u64) -> Result<Work, Problem> {
        let mut changed = self.engine.index().changed();
        let mut stopping = self.stopping.clone();
        let is_off = !self.config.is_execution_enabled || self.engine.is_paused();
        let mut over = pin!(tokio::time::sleep(Duration::from_millis(wait_ms)));
        let _parked = PARKED_POLLS.held();
        changed.borrow_and_update();
        let mut work = self.engine.work(request).await?;
        while matches!(work, Work::Nothing) && !is_off && !*stopping.borrow_and_update() {
            tokio::select! {
                moved = changed.changed() => if moved.is_err() { break },
                stopped = stopping.changed() => if stopped.is_err() { break },
                () = &mut over => break,
            }
            work = self.polls.ask_again(&self.engine, request).await?;
        }
        Ok(work)
    }

    /// What a poll would bring now; null when there is nothing.
    pub(super) async fn next_work(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
    ) -> Result<Value, Problem> {
        let request = WorkRequest {
            workspace: caller.workspace.clone(),
            agent_id: agent_id.clone(),
            tasks_max: 1,
            lease_ms: None,
            actions: None,
        };
        let Work::Tasks(tasks) = self.engine.work(&request).await? else { return Ok(Value::Null) };
        let shown = self.work_shown(&request, &tasks).await?;
        Ok(shown.map_or(Value::Null, |shown| json!(shown)))
    }

    async fn answer(&self, request: &WorkRequest, work: Work) -> Result<Response, Problem> {
        match work {
            Work::Tasks(tasks) => match self.work_shown(request, &tasks).await? {
                Some(shown) => Ok(Answer(shown).into_response()),
                None => Ok(StatusCode::NO_CONTENT.into_response()),
            },
            Work::Nothing if !self.config.is_execution_enabled => {
                let problem = super::executions::not_carried_out();
                Err(problem.after_seconds(self.config.poll_interval_seconds))
            }
            Work::Nothing if self.engine.is_paused() => {
                let problem = super::operators::restore::paused();
                Err(problem.after_seconds(self.config.poll_interval_seconds))
            }
            Work::Nothing => Ok(StatusCode::NO_CONTENT.into_response()),
            Work::NotNow { status: "absent" } => Err(agents::no_such_agent()),
            Work::NotNow { .. } => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }

    async fn work_shown<'a>(
        &self,
        request: &WorkRequest,
        tasks: &'a [GrantedTask],
    ) -> Result<Option<WorkShown<'a>>, Problem> {
        let Some((first, more)) = tasks.split_first() else { return Ok(None) };
        let (task, lease) = (first.clone(), first.lease.clone());
        let seen =
            self.engine.ask_known(&request.workspace, &first.execution_id, move |execution| {
                (task_shown(execution, &task), execution.verdict(&lease))
            });
        let (next_task, verdict) = seen.await?.ok_or_else(super::executions::no_such_execution)?;
        Ok(Some(WorkShown {
            work_available: true,
            execution_id: &first.execution_id,
            plan_id: &first.plan_id,
            next_task,
            more_tasks: more.iter().map(more_shown).collect(),
            force_pause: verdict == Verdict::Pause,
            force_cancel: matches!(verdict, Verdict::Cancel { .. }),
            poll_after_seconds: self.config.poll_interval_seconds,
        }))
    }
}

/// Those that wait for work.
#[derive(Debug)]
pub struct Polls {
    turns: Semaphore,
}

impl Default for Polls {
    fn default() -> Self {
        Self { turns: Semaphore::new(POLLS_AT_ONCE) }
    }
}

impl Polls {
    /// Asks again for one that waits, when there may be something: a few at a time, so that one
    /// task that becomes ready is not fought over by all that could do it.
    async fn ask_again(&self, engine: &Engine, request: &WorkRequest) -> Result<Work, Problem> {
        if !engine.may_have_work(request).await? {
            return Ok(Work::Nothing);
        }
        let turn = self.turns.acquire().await;
        let work = match engine.may_have_work(request).await? {
            true => engine.work(request).await?,
            false => Work::Nothing,
        };
        drop(turn);
        Ok(work)
    }
}

/// A time as people write it: `25s`, `500ms`, `1m`, or seconds alone.
fn wait_ms(wait: &str) -> Result<u64, Problem> {
    let digits = wait.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let unit = match &wait[digits.len()..] {
        "ms" => Some(1),
        "" | "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let ms = digits.parse::<u64>().ok().zip(unit).map(|(count, unit)| count.saturating_mul(unit));
    let wrong = || Problem::new(Code::BadRequest, "wait is a time such as 25s, 60s at most");
    ms.filter(|ms| *ms <= WAIT_MS_MAX).ok_or_else(wrong)
}

fn actions(list: &str) -> Result<Vec<ActionName>, Problem> {
    let actions = list.split(',').map(|action| ActionName::parse(action.trim()));
    actions
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::new(Code::BadRequest, format!("supported_actions: {error}")))
}

/// Gives the agent no more tasks; its parked polls are answered.
#[utoipa::path(post, path = "/api/agents/{agent_id}/drain", operation_id = "drain_agent",
    tag = "work", security(("key" = ["work"])), params(Terms),
    responses((status = 200, description = "It gets no more.", body = agents::AgentAfter)))]
pub(super) async fn drain(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(agent_id): Path<String>,
) -> Result<Response, Problem> {
    let agent_id = agents::known_id(&agent_id)?;
    let caller = caller.as_agent(&agent_id)?;
    app.registered(&caller, &agent_id).await?;
    let done = app.order_agent(&caller, &terms, b"", &agent_id, AgentCommand::Drain).await?;
    Ok(done.answer(StatusCode::OK))
}

impl App {
    pub(super) async fn registered(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
    ) -> Result<(), Problem> {
        let (agent, _) = self.engine.agent(&caller.workspace, agent_id).await?;
        agent.profile().map(|_| ()).ok_or_else(agents::no_such_agent)
    }
}
