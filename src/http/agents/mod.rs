//! `/api/agents`: who there is, what each can do, and how it stands.

mod calling;
mod form;
mod shown;

use super::App;
use super::asking::{Freshness, PageWish, Query, aged, page};
use super::body::Body;
use super::caller::{Caller, Who};
use super::code::Code;
use super::problem::Problem;
use super::schemas::{Any, Id};
use super::shown::value_of;
use super::terms::Terms;
use super::writing::Write;
use crate::domain::agent::AgentCommand;
use crate::domain::{AgentId, Command, StreamName};
use crate::projections::agents::AgentRow;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use calling::{AgentWebhook, AgentWebhooks};
pub(super) use form::{Ability, AbilityForm};
use form::{AgentPatch, Registration};
use serde::Serialize;
use serde_json::Value;
use shown::{AgentShown, Lease, TrackRecord, describe, public_status};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) use shown::AgentAfter;

/// Makes an agent known, or brings what is known of it up to date.
#[utoipa::path(post, path = "/api/agents", operation_id = "register_agent", tag = "agents",
    security(("key" = ["register"])), params(Terms), request_body = Registration,
    responses((status = 201, description = "It is known now.", body = AgentAfter),
        (status = 200, description = "It was known, and is up to date now.", body = AgentAfter)))]
pub(super) async fn register(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<Registration>,
) -> Result<Response, Problem> {
    let agent_id = value.agent_id.clone().unwrap_or_else(new_id);
    let caller = if caller.is_agent() { caller.as_agent(&agent_id)? } else { caller };
    let profile = value.profile()?;
    let (name, url) = (profile.name.clone(), profile.webhook_url.clone());
    let command = AgentCommand::Register { agent_id: agent_id.clone(), profile };
    let mut done = app.order_agent(&caller, &terms, &bytes, &agent_id, command).await?;
    if !terms.is_dry_run
        && let Some(webhook) = app.call_agent_at(&caller, &agent_id, url.as_ref()).await?
    {
        done.put("webhook", serde_json::json!(webhook));
    }
    if !done.has("agent_registered") {
        return Ok(done.answer(StatusCode::OK));
    }
    if caller.who == Who::OnePerson || terms.is_dry_run {
        return Ok(done.answer(StatusCode::CREATED));
    }
    let key = app.key_of_agent(&caller, &agent_id, name).await?;
    Ok(done.telling("api_key", key.reveal()).answer(StatusCode::CREATED))
}

/// The same, at the path that the agents' documents name.
#[utoipa::path(post, path = "/api/agents/register", operation_id = "register_agent_by_document",
    tag = "agents", security(("key" = ["register"])), params(Terms), request_body = Registration,
    responses((status = 201, description = "It is known now.", body = AgentAfter),
        (status = 200, description = "It was known, and is up to date now.", body = AgentAfter)))]
pub(super) async fn register_by_document(
    app: Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    body: Body<Registration>,
) -> Result<Response, Problem> {
    register(app, caller, terms, body).await
}

fn new_id() -> AgentId {
    AgentId::parse(&format!("agent_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// Pauses an agent, lets it go on, sends it away, or changes what is known of it.
#[utoipa::path(patch, path = "/api/agents/{agent_id}", operation_id = "change_agent",
    tag = "agents", security(("key" = ["command"])), params(Terms), request_body = AgentPatch,
    responses((status = 200, description = "It is so now.", body = AgentAfter)))]
pub(super) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(agent_id): Path<String>,
    Body { value, bytes }: Body<AgentPatch>,
) -> Result<Response, Problem> {
    let agent_id = known_id(&agent_id)?;
    let (agent, _) = app.engine.agent(&caller.workspace, &agent_id).await?;
    let profile = agent.profile().ok_or_else(no_such_agent)?;
    let command = value.command(profile)?;
    let done = app.order_agent(&caller, &terms, &bytes, &agent_id, command).await?;
    Ok(done.answer(StatusCode::OK))
}

/// Agents.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentList<'a> {
    agents: Vec<AgentShown<'a>>,
    next_cursor: Option<String>,
}

/// The agents, the newest first.
#[utoipa::path(get, path = "/api/agents", operation_id = "list_agents", tag = "agents",
    security(("key" = ["read"])), params(PageWish),
    responses((status = 200, description = "A page of them.", body = AgentList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<PageWish>,
) -> Result<Response, Problem> {
    app.wait_for("agents", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let found = app.reader.agents(&caller.workspace, None, &wanted).await?;
    let ids: Vec<&str> = found.rows.iter().map(|marked| &*marked.row.agent_id).collect();
    let sums = app.reader.sums_by_agent(&caller.workspace, &ids).await?;
    let webhooks = app.agent_webhooks(&caller).await?;
    let shown = |row| app.shown(&caller, row, &webhooks);
    let mut agents: Vec<_> = found.rows.iter().map(|it| shown(&it.row)).collect();
    for agent in &mut agents {
        agent.track_record = Some(TrackRecord::of(sums.get(agent.agent_id)));
    }
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(AgentList { agents, next_cursor })))
}

/// One agent.
#[utoipa::path(get, path = "/api/agents/{agent_id}", operation_id = "get_agent", tag = "agents",
    security(("key" = ["read"])), params(Freshness),
    responses((status = 200, description = "The agent.", body = AgentShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(agent_id): Path<String>,
    Query(wish): Query<Freshness>,
) -> Result<Response, Problem> {
    let agent_id = known_id(&agent_id)?;
    app.wait_for("agents", wish.min_position).await?;
    let found = app.reader.agent(&caller.workspace, &agent_id).await?;
    let row = found.rows.first().ok_or_else(no_such_agent)?;
    let mut shown = app.shown(&caller, &row.row, &app.agent_webhooks(&caller).await?);
    let sums = app.reader.sums_by_agent(&caller.workspace, &[agent_id.as_str()]).await?;
    shown.track_record = Some(TrackRecord::of(sums.get(agent_id.as_str())));
    Ok(aged(found.age, axum::Json(shown)))
}

/// What an agent can do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Abilities {
    #[schema(value_type = Id)]
    agent_id: AgentId,
    #[schema(value_type = Vec<Any>)]
    capabilities: Value,
}

/// What one agent can do.
#[utoipa::path(get, path = "/api/agents/{agent_id}/capabilities",
    operation_id = "get_agent_capabilities", tag = "agents", security(("key" = ["read"])),
    responses((status = 200, description = "What it can do.", body = Abilities)))]
pub(super) async fn capabilities(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(agent_id): Path<String>,
) -> Result<Response, Problem> {
    let agent_id = known_id(&agent_id)?;
    let found = app.reader.agent(&caller.workspace, &agent_id).await?;
    let row = found.rows.first().ok_or_else(no_such_agent)?;
    let capabilities = app.shown(&caller, &row.row, &AgentWebhooks::new()).capabilities;
    Ok(aged(found.age, axum::Json(Abilities { agent_id, capabilities })))
}

impl App {
    pub(super) async fn order_agent(
        &self,
        caller: &Caller,
        terms: &Terms,
        body: &[u8],
        agent_id: &AgentId,
        command: AgentCommand,
    ) -> Result<super::writing::Done, Problem> {
        let stream = StreamName::agent(agent_id);
        let command = Command::Agent(command);
        self.write(Write { caller, terms, body, stream, command, describe }).await
    }

    fn shown<'a>(
        &self,
        caller: &Caller,
        row: &'a AgentRow,
        webhooks: &AgentWebhooks,
    ) -> AgentShown<'a> {
        let agent_id = AgentId::parse(&row.agent_id).expect("the row of an agent has its id");
        let held = self.engine.index().held_by(&caller.workspace, &agent_id);
        let lease = |held: &crate::engine::HeldTask| Lease {
            execution_id: held.execution_id.to_string(),
            task_id: held.task_id.to_string(),
        };
        let seen = self.engine.presence().last_seen(&caller.workspace, &agent_id);
        AgentShown {
            agent_id: &row.agent_id,
            name: &row.name,
            role: row.role.as_deref(),
            kind: &row.kind,
            capabilities: value_of(&row.capabilities),
            integration_endpoints: row.integration_endpoints.as_ref().map(value_of),
            webhook_url: row.webhook_url.as_deref(),
            webhook: AgentWebhook::of(&agent_id, webhooks),
            max_concurrent_tasks: row.concurrent_tasks_max,
            status: public_status(&row.status, !held.is_empty()),
            priority: &row.priority,
            registered_at: row.registered_at.to_string(),
            last_heartbeat: seen.or(row.last_seen_at).map(|at| at.to_string()),
            leases: held.iter().map(lease).collect(),
            version: row.version,
            track_record: None,
        }
    }
}

pub(super) fn known_id(agent_id: &str) -> Result<AgentId, Problem> {
    AgentId::parse(agent_id).map_err(|_| no_such_agent())
}

pub(super) fn no_such_agent() -> Problem {
    Problem::new(Code::NotFound, "there is no such agent")
}
