//! `/api/executions`: plans that are carried out, and what people want of them.

use super::App;
use super::asking::{Query, WhenWish, aged, of_then, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::history::rows_then;
use super::problem::Problem;
use super::schemas::{AnyObject, Id};
use super::shown::{AfterShown, ExecutionShown, describe_execution};
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::execution::{ExecutionCommand, ExecutionStatus, Start};
use crate::domain::{
    AgentId, Budget, Command, ExecutionId, Json, Label, PlanId, Policy, Priority, StreamName, Text,
};
use crate::engine::{CreateRequest, RequestKey};
use crate::projections::Window;
use crate::projections::progress::{ProgressRow, ProgressWindow};
use crate::reading::ExecutionFilter;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A plan is to be carried out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExecution)]
pub(super) struct Creation {
    #[schema(value_type = Id)]
    plan_id: PlanId,
    #[schema(value_type = Option<Id>)]
    execution_id: Option<ExecutionId>,
    /// The one agent that carries it out; without, any capable agent takes its tasks.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// Whether it begins at once.
    #[serde(default = "yes")]
    start: bool,
    #[schema(value_type = Option<AnyObject>)]
    parameters: Option<Map<String, Value>>,
    /// What it may use up.
    #[serde(default)]
    #[schema(value_type = AnyObject)]
    budget: Budget,
    /// The rules, where they differ from the server's.
    #[schema(value_type = Option<AnyObject>)]
    policy: Option<Policy>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    labels: Vec<Label>,
    #[serde(default)]
    #[schema(value_type = super::schemas::Priority)]
    priority: Priority,
}

fn yes() -> bool {
    true
}

/// Makes an execution of a plan.
#[utoipa::path(post, path = "/api/executions", operation_id = "create_execution",
    tag = "executions", security(("key" = ["command"])), params(Terms), request_body = Creation,
    responses((status = 201, description = "It was made.", body = AfterShown),
        (status = 200, description = "It was made before, by this key.", body = AfterShown)))]
pub(super) async fn create(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<Creation>,
) -> Result<Response, Problem> {
    if !app.config.is_execution_enabled {
        return Err(not_carried_out());
    }
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

/// The server was told to make no executions and to give no tasks out.
pub(super) fn not_carried_out() -> Problem {
    let detail = "this server carries nothing out now: PLANEXE_EXECUTION_ENABLED is false";
    Problem::new(Code::ExecutionDisabled, detail)
}

fn new_id() -> ExecutionId {
    ExecutionId::parse(&format!("exec_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// Which executions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    #[param(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    /// One status, or several with commas between.
    status: Option<String>,
    #[param(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    #[param(value_type = Option<String>)]
    label: Option<Label>,
    /// Words of the title or the goal.
    #[param(value_type = Option<String>)]
    q: Option<Text>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// Executions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExecutionList<'a> {
    executions: Vec<ExecutionShown<'a>>,
    next_cursor: Option<String>,
}

/// The executions, the newest first.
#[utoipa::path(get, path = "/api/executions", operation_id = "list_executions",
    tag = "executions", security(("key" = ["read"])), params(Wish),
    responses((status = 200, description = "A page of them.", body = ExecutionList)))]
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
        search: wish.q.map(|words| words.as_str().to_owned()),
    };
    let wanted = page(wish.limit, wish.cursor)?;
    let found = app.reader.executions(&caller.workspace, &filter, &wanted).await?;
    let executions = found.rows.iter().map(|it| ExecutionShown::from(&it.row)).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, Answer(ExecutionList { executions, next_cursor })))
}

/// One execution.
#[utoipa::path(get, path = "/api/executions/{execution_id}", operation_id = "get_execution",
    tag = "executions", security(("key" = ["read"])), params(WhenWish),
    responses((status = 200, description = "The execution.", body = ExecutionShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<WhenWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    if let Some(as_of) = &wish.as_of {
        let windows: [Arc<dyn Window>; 1] = [Arc::new(ProgressWindow)];
        let then = app.then(&caller, &execution_id, as_of, &windows).await?;
        let rows = rows_then(&then, "progress", ProgressRow::from_row)?;
        let row = rows.first().ok_or_else(no_such_execution)?;
        return Ok(of_then(then.position, Answer(ExecutionShown::from(row))));
    }
    app.wait_for("progress", wish.min_position).await?;
    let found = app.reader.execution(&caller.workspace, &execution_id).await?;
    let row = found.rows.first().ok_or_else(no_such_execution)?;
    Ok(aged(found.age, Answer(ExecutionShown::from(&row.row))))
}

/// What an agent is told when it asks whether to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Standing {
    #[schema(value_type = super::shown::Status)]
    status: &'static str,
    pause_requested: bool,
    cancel_requested: bool,
}

/// What an agent asks before each task.
#[utoipa::path(get, path = "/api/executions/{execution_id}/status",
    operation_id = "get_execution_status", tag = "executions", security(("key" = ["read"])),
    responses((status = 200, description = "Whether to go on.", body = Standing)))]
pub(super) async fn status(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Answer<Standing>, Problem> {
    let status = app.status_of(&caller, &known_id(&execution_id)?).await?;
    Ok(Answer(Standing {
        status: status.as_str(),
        pause_requested: status == ExecutionStatus::Paused,
        cancel_requested: status == ExecutionStatus::Cancelled,
    }))
}

/// What a person wants of an execution, one thing at a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecutionPatch {
    status: Option<WantedStatus>,
    #[schema(value_type = Option<String>)]
    reason: Option<Text>,
    /// The one agent that carries it out from now on; null: any may.
    #[serde(default, with = "said")]
    #[schema(value_type = Option<Id>)]
    agent_id: Option<Option<AgentId>>,
    #[schema(value_type = Option<AnyObject>)]
    policy: Option<Policy>,
    #[schema(value_type = Option<super::schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<Vec<String>>)]
    labels: Option<Vec<Label>>,
    #[schema(value_type = Option<AnyObject>)]
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

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum WantedStatus {
    Paused,
    Running,
    Cancelled,
}

/// Pauses an execution, lets it go on, gives it up, or changes what rules it.
#[utoipa::path(patch, path = "/api/executions/{execution_id}", operation_id = "change_execution",
    tag = "executions", security(("key" = ["command"])), params(Terms),
    request_body = ExecutionPatch,
    responses((status = 200, description = "It is so now.", body = AfterShown)))]
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
