//! What agents log of their own plans, and what is found in it again.

use super::dates::span;
use super::form::wrong;
use super::shown::{LogShown, log_id, value_of};
use super::whose::{Known, acting, only_of};
use crate::domain::execution::{ExecutionCommand, LoggedAction};
use crate::domain::{Command, Json, PlanId, StreamName, Text, Title};
use crate::http::App;
use crate::http::asking::{Query, aged, page};
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::report_body::{ACTION_TYPES, json, permille};
use crate::http::schemas::{Any, Id};
use crate::http::terms::Terms;
use crate::http::writing::Write;
use crate::reading::LogEntryFilter;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Something that an agent did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewLog {
    /// The step that it was done for; 0: before the first one.
    step_number: u32,
    #[schema(value_type = ActionTypeWord)]
    action_type: Title,
    #[schema(value_type = Option<String>)]
    entity_type: Option<Title>,
    #[schema(value_type = Option<String>)]
    entity_id: Option<Title>,
    #[schema(value_type = String)]
    description: Text,
    /// How the thing was before.
    #[schema(value_type = Option<Any>)]
    before_state: Option<Value>,
    /// How it is after.
    #[schema(value_type = Option<Any>)]
    after_state: Option<Value>,
    /// How sure the agent is.
    #[schema(minimum = 0, maximum = 1)]
    agent_confidence: Option<f64>,
    #[schema(value_type = Option<String>)]
    error_message: Option<Text>,
    /// The plan, as the path has it.
    #[schema(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
}

/// What an agent can have done.
#[derive(ToSchema)]
#[schema(as = ActionType, rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum ActionTypeWord {
    CreateTask,
    UpdateTask,
    CreateSubtask,
    UpdateSubtask,
    CompleteStep,
    AddNote,
    Block,
    Unblock,
    AddContext,
    UpdateContext,
}

/// Writes down something that an agent did for its own plan. The plan itself is not moved by it.
#[utoipa::path(post, path = "/api/agent-plans/{agent_plan_id}/logs", operation_id = "add_agent_log",
    tag = "agent plans", security(("key" = ["own"])), params(Terms), request_body = NewLog,
    responses((status = 201, description = "It is written down.", body = LogShown),
        (status = 200, description = "It was before, by this key.", body = LogShown)))]
pub(in crate::http) async fn add(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(id): Path<String>,
    Body { value, bytes }: Body<NewLog>,
) -> Result<Response, Problem> {
    let known = app.known_agent_plan(&caller, &id).await?;
    let caller = acting(&caller, known.agent_id.as_ref())?;
    let action = value.action(&known)?;
    let command = Command::Execution(ExecutionCommand::LogAction(Box::new(action.clone())));
    let stream = StreamName::execution(&known.execution_id);
    let (terms, body) = (&terms, &*bytes);
    let write =
        Write { caller: &caller, terms, body, stream, command, describe: |_, _| Vec::new() };
    let mut done = app.write(write).await?;
    let (position, at) = (done.outcome.position.get(), done.outcome.at.to_string());
    done.describe(&shown(&caller, &known, &action, position, at));
    let is_repeat = done.outcome.is_repeat;
    Ok(done.answer(if is_repeat { StatusCode::OK } else { StatusCode::CREATED }))
}

impl NewLog {
    fn action(self, known: &Known) -> Result<LoggedAction, Problem> {
        if self.plan_id.as_ref().is_some_and(|named| *named != known.plan_id) {
            return Err(wrong("/plan_id", "this names another plan than the path does"));
        }
        if self.step_number > known.steps_total {
            let message = format!("the steps are 1 to {}; 0: before them", known.steps_total);
            return Err(wrong("/step_number", message));
        }
        if !ACTION_TYPES.contains(&self.action_type.as_str()) {
            let message = format!("it is one of {}", ACTION_TYPES.join(", "));
            return Err(wrong("/action_type", message));
        }
        Ok(LoggedAction {
            task_id: known.step(self.step_number).map(|step| step.task_id.clone()),
            step_number: Some(self.step_number),
            action_type: self.action_type,
            entity_type: self.entity_type,
            entity_id: self.entity_id,
            description: self.description,
            before_state: json("before_state", self.before_state.as_ref())?,
            after_state: json("after_state", self.after_state.as_ref())?,
            confidence_permille: self.agent_confidence.map(permille).transpose()?,
            error_message: self.error_message,
        })
    }
}

/// The entry as it was written down; the same however often it is asked for.
fn shown(
    caller: &Caller,
    known: &Known,
    action: &LoggedAction,
    position: u64,
    created_at: String,
) -> LogShown {
    let json = |json: &Option<Json>| json.as_ref().map(|json| value_of(json.as_str()));
    let title = |title: &Option<Title>| title.as_ref().map(ToString::to_string);
    let is_agent = caller.actor.kind() == crate::domain::ActorKind::Agent;
    LogShown {
        id: log_id(position),
        plan_id: known.plan_id.to_string(),
        execution_id: known.execution_id.to_string(),
        task_id: action.task_id.as_ref().map(ToString::to_string),
        agent_id: is_agent.then(|| caller.actor.id().to_owned()),
        step_number: action.step_number,
        action_type: action.action_type.to_string(),
        entity_type: title(&action.entity_type),
        entity_id: title(&action.entity_id),
        description: action.description.to_string(),
        before_state: json(&action.before_state),
        after_state: json(&action.after_state),
        agent_confidence: action.confidence_permille.map(|it| f64::from(it) / 1_000.0),
        error_message: action.error_message.as_ref().map(ToString::to_string),
        created_at,
    }
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct LogsWish {
    #[param(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    #[param(value_type = Option<ActionTypeWord>)]
    action_type: Option<String>,
    #[param(value_type = Option<String>)]
    entity_type: Option<Title>,
    /// The first day or moment that counts: `2025-01-01`, or a time by RFC 3339.
    start_date: Option<String>,
    /// The last day or moment that counts.
    end_date: Option<String>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// What agents logged.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AgentLogList {
    logs: Vec<LogShown>,
    next_cursor: Option<String>,
}

/// What agents logged, and notes, the last first: an agent's those of its own plans.
#[utoipa::path(get, path = "/api/agent-logs", operation_id = "list_agent_logs",
    tag = "agent plans", security(("key" = ["read"])), params(LogsWish),
    responses((status = 200, description = "A page of them.", body = AgentLogList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<LogsWish>,
) -> Result<Response, Problem> {
    let wanted = page(wish.limit, wish.cursor)?;
    if wish.action_type.as_deref().is_some_and(|it| !ACTION_TYPES.contains(&it)) {
        let detail = format!("action_type is one of {}", ACTION_TYPES.join(", "));
        return Err(Problem::new(Code::BadRequest, detail));
    }
    let (since, until) = span(wish.start_date.as_deref(), wish.end_date.as_deref())?;
    let own_agent_id = app.logs_of(&caller, wish.plan_id.as_ref()).await?;
    app.shows("agent_logs", wish.min_position).await?;
    let filter = LogEntryFilter {
        plan_id: wish.plan_id,
        execution_id: None,
        action_type: wish.action_type,
        entity_type: wish.entity_type.map(|it| it.to_string()),
        own_agent_id,
        since,
        until,
    };
    let found = app.reader.agent_logs(&caller.workspace, &filter, &wanted).await?;
    let logs = found.rows.iter().map(|it| (&it.row).into()).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(AgentLogList { logs, next_cursor })))
}

impl App {
    /// Whose entries alone the caller sees; all of a plan that is its own.
    async fn logs_of(
        &self,
        caller: &Caller,
        plan_id: Option<&PlanId>,
    ) -> Result<Option<crate::domain::AgentId>, Problem> {
        let Some(own) = only_of(caller) else { return Ok(None) };
        let Some(plan_id) = plan_id else { return Ok(Some(own.clone())) };
        self.known_agent_plan(caller, plan_id.as_str()).await.map(|_| None)
    }
}
