//! `/api/agent-plans`, `/api/agent-logs`, `/api/context`: plans of steps that agents bring and
//! carry out themselves, what they log and what they remember. Such a plan is a plan with an
//! execution that is tied to its agent, and everything else here sees it as that.

pub(super) mod context;
mod dates;
mod form;
pub(super) mod logs;
mod shown;
pub(super) mod subtasks;
mod whose;

use super::App;
use super::asking::{Query, aged, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::executions::not_carried_out;
use super::problem::Problem;
use super::schemas::Id;
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::execution::{ExecutionCommand, OwnStatus, PlanType};
use crate::domain::{AgentId, Command, PlanId, StreamName, TaskId};
use crate::engine::{AgentPlanRequest, DeleteAgentPlan, Metadata, RequestKey};
use crate::reading::{
    AgentPlanFilter, LogEntryFilter, MemoryFilter, OFFSET_MAX, PAGE_ROWS_MAX, Wanted,
};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use form::{AgentPlanPatch, NewAgentPlan, OwnStatusWord, PlanTypeWord};
use serde::{Deserialize, Serialize};
use shown::AgentPlanShown;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use whose::{Known, acting, agent_meant, no_such_agent_plan, only_of, sees};

/// Takes a plan that an agent brings: a plan, and an execution that is the agent's alone.
#[utoipa::path(post, path = "/api/agent-plans", operation_id = "create_agent_plan",
    tag = "agent plans", security(("key" = ["own"])), params(Terms), request_body = NewAgentPlan,
    responses((status = 201, description = "It is there.", body = AgentPlanShown),
        (status = 200, description = "It was made before, by this key.", body = AgentPlanShown)))]
pub(super) async fn create(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<NewAgentPlan>,
) -> Result<Response, Problem> {
    if !app.config.is_execution_enabled {
        return Err(not_carried_out());
    }
    let agent_id = agent_meant(&caller, value.agent_id.clone())?;
    let caller = acting(&caller, Some(&agent_id))?;
    let plan_id = new_id();
    let (import, own) = value.read(&plan_id, &agent_id)?;
    let request = AgentPlanRequest {
        workspace: caller.workspace.clone(),
        import,
        agent_id,
        own,
        metadata: metadata(&caller, &terms),
        key: key_of(&terms, &bytes),
        describe: Some(shown::describe),
        is_dry_run: terms.is_dry_run,
    };
    let outcome = app.engine.create_agent_plan(&request).await?;
    let status = if outcome.is_repeat { StatusCode::OK } else { StatusCode::CREATED };
    let mut done = Done::of(outcome, terms.is_dry_run);
    let at = done.outcome.at.to_string();
    done.add("updated_at", at);
    Ok(done.answer(status))
}

/// The documents' ids are UUIDs, and so are these.
fn new_id() -> PlanId {
    PlanId::parse(&Uuid::now_v7().to_string()).expect("it is an id")
}

fn metadata(caller: &Caller, terms: &Terms) -> Metadata {
    let (reason, trace) = (terms.reason.clone(), terms.trace.clone());
    Metadata { reason, trace, ..Metadata::by(caller.actor.clone()) }
}

fn key_of(terms: &Terms, body: &[u8]) -> Option<RequestKey> {
    let request_hash = terms.hash_of(body);
    terms.key.clone().map(|key| RequestKey { key, request_hash })
}

/// Which agents' own plans are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AgentPlansWish {
    #[param(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    #[param(value_type = Option<PlanTypeWord>)]
    plan_type: Option<PlanType>,
    #[param(value_type = Option<OwnStatusWord>)]
    status: Option<OwnStatus>,
    #[param(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// How many to leave out before.
    #[param(maximum = 10_000)]
    offset: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// Agents' own plans.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentPlanList {
    plans: Vec<AgentPlanShown>,
    next_cursor: Option<String>,
}

/// Agents' own plans, the newest first: an agent's its own, a person's all of the workspace.
#[utoipa::path(get, path = "/api/agent-plans", operation_id = "list_agent_plans",
    tag = "agent plans", security(("key" = ["read"])), params(AgentPlansWish),
    responses((status = 200, description = "A page of them.", body = AgentPlanList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<AgentPlansWish>,
) -> Result<Response, Problem> {
    let wanted = page(wish.limit, wish.cursor)?;
    let offset = wish.offset.unwrap_or(0);
    if offset > OFFSET_MAX {
        let detail = format!("offset is {OFFSET_MAX} at most: go on by cursor");
        return Err(Problem::new(Code::BadRequest, detail));
    }
    app.shows("agent_plans", wish.min_position).await?;
    let filter = AgentPlanFilter {
        plan_id: None,
        agent_id: only_of(&caller).cloned().or(wish.agent_id),
        task_id: wish.task_id,
        plan_type: wish.plan_type.map(|it| it.as_str().to_owned()),
        status: wish.status.map(|it| it.as_str().to_owned()),
    };
    let found = app.reader.agent_plans(&caller.workspace, &filter, &wanted, offset).await?;
    let plans = found.rows.iter().map(|it| AgentPlanShown::of_row(&it.row, it.mark.at)).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(AgentPlanList { plans, next_cursor })))
}

/// What is wanted with a plan.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AgentPlanWish {
    /// Whether to show what was logged: the last 500 entries.
    #[serde(default)]
    include_logs: bool,
    /// Whether to show what is remembered: the last 500 things.
    #[serde(default)]
    include_context: bool,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// One agent's own plan, with its logs and its memory when they are asked for.
#[utoipa::path(get, path = "/api/agent-plans/{agent_plan_id}", operation_id = "get_agent_plan",
    tag = "agent plans", security(("key" = ["read"])), params(AgentPlanWish),
    responses((status = 200, description = "The plan.", body = AgentPlanShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(wish): Query<AgentPlanWish>,
) -> Result<Response, Problem> {
    let plan_id = PlanId::parse(&id).map_err(|_| no_such_agent_plan())?;
    app.shows("agent_plans", wish.min_position).await?;
    let filter = AgentPlanFilter { plan_id: Some(plan_id), ..AgentPlanFilter::default() };
    let found = app.reader.agent_plans(&caller.workspace, &filter, &Wanted::default(), 0).await?;
    let row = found.rows.first().ok_or_else(no_such_agent_plan)?;
    let agent_id = row.row.agent_id.as_deref().and_then(|it| AgentId::parse(it).ok());
    if !sees(&caller, agent_id.as_ref()) {
        return Err(no_such_agent_plan());
    }
    let mut plan = AgentPlanShown::of_row(&row.row, row.mark.at);
    app.include(&caller, &wish, &id, &mut plan).await?;
    Ok(aged(found.age, axum::Json(plan)))
}

/// Moves a plan on: to a step, to a status, or describes it anew; all of it, or nothing.
#[utoipa::path(patch, path = "/api/agent-plans/{agent_plan_id}",
    operation_id = "change_agent_plan", tag = "agent plans", security(("key" = ["own"])),
    params(Terms), request_body = AgentPlanPatch,
    responses((status = 200, description = "It is so now.", body = AgentPlanShown)))]
pub(super) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(id): Path<String>,
    Body { value, bytes }: Body<AgentPlanPatch>,
) -> Result<Response, Problem> {
    let Known { plan_id, execution_id, agent_id, .. } = app.known_agent_plan(&caller, &id).await?;
    let caller = acting(&caller, agent_id.as_ref())?;
    let wanted = value.wanted(&plan_id)?;
    let command = Command::Execution(ExecutionCommand::MoveOwn(Box::new(wanted)));
    let stream = StreamName::execution(&execution_id);
    let (terms, body, describe) = (&terms, &*bytes, shown::describe);
    let write = Write { caller: &caller, terms, body, stream, command, describe };
    let mut done = app.write(write).await?;
    if !done.outcome.recorded.is_empty() {
        let at = done.outcome.at.to_string();
        done.add("updated_at", at);
    }
    Ok(done.answer(StatusCode::OK))
}

/// What is said of an agent's own plan that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentPlanGone {
    #[schema(value_type = Id)]
    id: String,
    status: String,
}

/// Takes a plan out of sight, with its logs and its memory; what is under way is cancelled.
#[utoipa::path(delete, path = "/api/agent-plans/{agent_plan_id}",
    operation_id = "delete_agent_plan", tag = "agent plans", security(("key" = ["own"])),
    params(Terms), responses((status = 200, description = "It is gone.", body = AgentPlanGone)))]
pub(super) async fn delete(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let gone = app.deletable_agent_plan(&caller, &id).await?;
    let caller = acting(&caller, gone.agent_id.as_ref())?;
    let request = DeleteAgentPlan {
        workspace: caller.workspace.clone(),
        plan_id: gone.plan_id,
        reason: terms.reason.clone(),
        metadata: metadata(&caller, &terms),
        key: key_of(&terms, b""),
        expected: terms.expected,
        describe: Some(shown::describe_deleted),
        is_dry_run: terms.is_dry_run,
    };
    let outcome = app.engine.delete_agent_plan(&request).await?;
    Ok(Done::of(outcome, terms.is_dry_run).answer(StatusCode::OK))
}

impl App {
    /// Adds what was logged and what is remembered, as far as it is asked for.
    async fn include(
        &self,
        caller: &Caller,
        wish: &AgentPlanWish,
        id: &str,
        plan: &mut AgentPlanShown,
    ) -> Result<(), Problem> {
        let workspace = &caller.workspace;
        let execution_id = super::executions::known_id(id)?;
        let wanted = Wanted { limit: Some(PAGE_ROWS_MAX), cursor: None };
        if wish.include_logs {
            self.shows("agent_logs", wish.min_position).await?;
            let execution_id = Some(execution_id.clone());
            let filter = LogEntryFilter { execution_id, ..LogEntryFilter::default() };
            let found = self.reader.agent_logs(workspace, &filter, &wanted).await?;
            plan.logs = Some(found.rows.iter().map(|it| (&it.row).into()).collect());
            plan.logs_next_cursor = found.next_cursor;
        }
        if wish.include_context {
            self.shows("memory", wish.min_position).await?;
            let execution_id = Some(execution_id);
            let filter = MemoryFilter { execution_id, ..MemoryFilter::default() };
            let found = self.reader.memory(workspace, &filter, &wanted).await?;
            plan.context = Some(found.rows.iter().map(|it| (&it.row).into()).collect());
            plan.context_next_cursor = found.next_cursor;
        }
        Ok(())
    }
}
