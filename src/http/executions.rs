//! `/api/executions`: plans that are carried out, and what people want of them.

use super::App;
use super::asking::{Query, aged, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::shown::{describe_execution, execution_shown};
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::execution::{ExecutionCommand, ExecutionStatus, Start};
use crate::domain::{
    AgentId, Budget, Command, ExecutionId, Json, Label, PlanId, Policy, Priority, StreamName, Text,
};
use crate::engine::{CreateRequest, RequestKey};
use crate::reading::ExecutionFilter;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// A plan is to be carried out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Creation {
    plan_id: PlanId,
    execution_id: Option<ExecutionId>,
    agent_id: Option<AgentId>,
    #[serde(default = "yes")]
    start: bool,
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    budget: Budget,
    policy: Option<Policy>,
    #[serde(default)]
    labels: Vec<Label>,
    #[serde(default)]
    priority: Priority,
}

fn yes() -> bool {
    true
}

/// Makes an execution of a plan.
pub(super) async fn create(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<Creation>,
) -> Result<Response, Problem> {
    let parameters = value.parameters.map(|it| Json::from_value(&Value::Object(it))).transpose();
    let request = CreateRequest {
        workspace: caller.workspace.clone(),
        plan_id: value.plan_id,
        execution_id: value.execution_id.unwrap_or_else(new_id),
        agent_id: value.agent_id,
        start: value.start,
        parameters: parameters
            .map_err(|error| Problem::at(Code::Invalid, "/parameters", error.to_string()))?,
        budget: value.budget,
        labels: value.labels,
        priority: value.priority,
        policy: value.policy,
        actor: caller.actor,
        key: terms.key.clone().map(|key| RequestKey { key, request_hash: terms.hash_of(&bytes) }),
        describe: Some(describe_execution),
        is_dry_run: terms.is_dry_run,
    };
    let outcome = app.engine.create_execution(&request).await?;
    let status = if outcome.is_repeat { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Done::of(outcome, terms.is_dry_run).answer(status))
}

fn new_id() -> ExecutionId {
    ExecutionId::parse(&format!("exec_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// Which executions are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    plan_id: Option<PlanId>,
    status: Option<String>,
    agent_id: Option<AgentId>,
    label: Option<Label>,
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
    min_position: Option<u64>,
}

/// The executions, the newest first.
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    app.wait_for("progress", wish.min_position).await?;
    let statuses = wish.status.iter().flat_map(|it| it.split(','));
    let filter = ExecutionFilter {
        plan_id: wish.plan_id,
        statuses: statuses.map(str::to_owned).collect(),
        agent_id: wish.agent_id,
        label: wish.label,
        search: wish.q,
    };
    let wanted = page(wish.limit, wish.cursor)?;
    let found = app.reader.executions(&caller.workspace, &filter, &wanted).await?;
    let executions: Vec<_> = found.rows.iter().map(|it| execution_shown(&it.row)).collect();
    let answer = json!({"executions": executions, "next_cursor": found.next_cursor});
    Ok(aged(found.age, Answer(answer)))
}

/// How new an answer must be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Freshness {
    min_position: Option<u64>,
}

/// One execution.
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<Freshness>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    app.wait_for("progress", wish.min_position).await?;
    let found = app.reader.execution(&caller.workspace, &execution_id).await?;
    let row = found.rows.first().ok_or_else(no_such_execution)?;
    Ok(aged(found.age, Answer(execution_shown(&row.row))))
}

/// What an agent asks before each task.
pub(super) async fn status(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Answer<Value>, Problem> {
    let status = app.status_of(&caller, &known_id(&execution_id)?).await?;
    Ok(Answer(json!({
        "status": status.as_str(),
        "pause_requested": status == ExecutionStatus::Paused,
        "cancel_requested": status == ExecutionStatus::Cancelled,
    })))
}

/// What a person wants of an execution, one thing at a time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecutionPatch {
    status: Option<WantedStatus>,
    reason: Option<Text>,
    #[serde(default, with = "said")]
    agent_id: Option<Option<AgentId>>,
    policy: Option<Policy>,
    priority: Option<Priority>,
    labels: Option<Vec<Label>>,
    budget: Option<Budget>,
}

/// Tells `null` from nothing said.
mod said {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum WantedStatus {
    Paused,
    Running,
    Cancelled,
}

/// Pauses an execution, lets it go on, gives it up, or changes what rules it.
pub(super) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(execution_id): Path<String>,
    Body { value, bytes }: Body<ExecutionPatch>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let status = app.status_of(&caller, &execution_id).await?;
    let command = Command::Execution(value.command(status)?);
    let stream = StreamName::execution(&execution_id);
    let (caller, terms, body) = (&caller, &terms, &*bytes);
    let write = Write { caller, terms, body, stream, command, describe: describe_execution };
    Ok(app.write(write).await?.answer(StatusCode::OK))
}

impl ExecutionPatch {
    fn command(self, now: ExecutionStatus) -> Result<ExecutionCommand, Problem> {
        let Self { status, reason, agent_id, policy, priority, labels, budget } = self;
        let mut wishes = Vec::new();
        wishes.extend(status.map(|wanted| moved(wanted, now, reason.clone())));
        wishes.extend(agent_id.map(|agent_id| ExecutionCommand::Reassign { agent_id, reason }));
        wishes.extend(policy.map(ExecutionCommand::ChangePolicy));
        wishes.extend(priority.map(ExecutionCommand::ChangePriority));
        wishes.extend(labels.map(ExecutionCommand::ChangeLabels));
        wishes.extend(budget.map(ExecutionCommand::ChangeBudget));
        if let (Some(wish), true) = (wishes.pop(), wishes.is_empty()) {
            return Ok(wish);
        }
        let detail = "name one thing: status (PAUSED, RUNNING, CANCELLED), agent_id, policy, \
                      priority, labels or budget";
        Err(Problem::new(Code::Invalid, detail))
    }
}

fn moved(wanted: WantedStatus, now: ExecutionStatus, reason: Option<Text>) -> ExecutionCommand {
    match (wanted, now) {
        (WantedStatus::Paused, _) => ExecutionCommand::Pause { reason },
        (WantedStatus::Cancelled, _) => ExecutionCommand::Cancel { reason },
        (WantedStatus::Running, ExecutionStatus::Created | ExecutionStatus::Queued) => {
            ExecutionCommand::Start(Start::Now)
        }
        (
            WantedStatus::Running,
            ExecutionStatus::Running
            | ExecutionStatus::Blocked
            | ExecutionStatus::Paused
            | ExecutionStatus::Completed
            | ExecutionStatus::Failed
            | ExecutionStatus::Cancelled,
        ) => ExecutionCommand::Resume,
    }
}

impl App {
    pub(super) async fn status_of(
        &self,
        caller: &Caller,
        execution_id: &ExecutionId,
    ) -> Result<ExecutionStatus, Problem> {
        let status = self.engine.ask(&caller.workspace, execution_id, |it| it.status()).await?;
        status.flatten().ok_or_else(no_such_execution)
    }
}

pub(super) fn known_id(execution_id: &str) -> Result<ExecutionId, Problem> {
    ExecutionId::parse(execution_id).map_err(|_| no_such_execution())
}

pub(super) fn no_such_execution() -> Problem {
    Problem::new(Code::NotFound, "there is no such execution")
}
