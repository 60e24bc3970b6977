//! `/api/agents`: who there is, what each can do, and how it stands.

use super::App;
use super::asking::{Freshness, PageWish, Query, aged, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::schemas::{self, Any, AnyObject, Id, Moment};
use super::shown::value_of;
use super::terms::Terms;
use super::writing::Write;
use crate::domain::agent::AgentCommand;
use crate::domain::event::agent::{AgentKind, AgentProfile, Capability};
use crate::domain::{
    ActionName, AgentId, Command, Event, Json, Priority, State, StreamName, Text, Title,
};
use crate::projections::agents::AgentRow;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many tasks an agent can hold at once when it says nothing.
const CONCURRENT_TASKS: u32 = 1;

/// An agent makes itself known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAgent)]
pub(super) struct Registration {
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    #[schema(value_type = String)]
    name: Title,
    #[schema(value_type = Option<String>)]
    role: Option<Title>,
    /// A program, or a person.
    #[serde(default)]
    #[schema(value_type = Kind)]
    kind: AgentKind,
    /// What it can do: at least one action.
    #[schema(value_type = Vec<AbilityForm>, min_items = 1)]
    capabilities: Vec<Ability>,
    integration_endpoints: Option<BTreeMap<String, String>>,
    #[schema(value_type = Option<String>)]
    webhook_url: Option<Text>,
    /// How many tasks it can hold at once: 1 when nothing is said.
    #[schema(minimum = 1)]
    max_concurrent_tasks: Option<u32>,
}

/// A program, or a person.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum Kind {
    Agent,
    Human,
}

/// An action with its parameters, or the action alone.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it stands in the description only")]
enum AbilityForm {
    Action(String),
    Full {
        action: String,
        #[schema(default = json!([]))]
        params: Option<Vec<String>>,
    },
}

/// Something that it can do: an action with its parameters, or the action alone.
#[derive(Debug, Clone)]
pub(super) struct Ability(Capability);

impl<'de> Deserialize<'de> for Ability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AbilityVisitor)
    }
}

struct AbilityVisitor;

impl<'de> Visitor<'de> for AbilityVisitor {
    type Value = Ability;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an action, or an object with an action and its params")
    }

    fn visit_str<E: serde::de::Error>(self, action: &str) -> Result<Ability, E> {
        let action = ActionName::parse(action).map_err(E::custom)?;
        Ok(Ability(Capability { action, params: Vec::new() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ability, A::Error> {
        Capability::deserialize(MapAccessDeserializer::new(map)).map(Ability)
    }
}

impl Registration {
    fn profile(self) -> Result<AgentProfile, Problem> {
        let endpoints = self.integration_endpoints.map(|endpoints| json!(endpoints));
        let endpoints = endpoints.as_ref().map(Json::from_value).transpose();
        Ok(AgentProfile {
            name: self.name,
            role: self.role,
            kind: self.kind,
            capabilities: self.capabilities.into_iter().map(|ability| ability.0).collect(),
            integration_endpoints: endpoints.map_err(|error| {
                Problem::at(Code::Invalid, "/integration_endpoints", error.to_string())
            })?,
            webhook_url: self.webhook_url,
            concurrent_tasks_max: self.max_concurrent_tasks.unwrap_or(CONCURRENT_TASKS),
        })
    }
}

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
    let profile = value.profile()?;
    let command = AgentCommand::Register { agent_id: agent_id.clone(), profile };
    let done = app.order_agent(&caller, &terms, &bytes, &agent_id, command).await?;
    let is_new = done.has("agent_registered");
    Ok(done.answer(if is_new { StatusCode::CREATED } else { StatusCode::OK }))
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

/// What a person changes about an agent, one thing at a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentPatch {
    status: Option<WantedStatus>,
    #[schema(value_type = Option<Vec<AbilityForm>>)]
    capabilities: Option<Vec<Ability>>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<String>)]
    reason: Option<Text>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = WantedAgentStatus)]
#[serde(rename_all = "snake_case")]
enum WantedStatus {
    Active,
    Paused,
    Retired,
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

impl AgentPatch {
    fn command(self, profile: &AgentProfile) -> Result<AgentCommand, Problem> {
        let Self { status, capabilities, priority, reason } = self;
        match (status, capabilities, priority) {
            (Some(WantedStatus::Active), None, None) => Ok(AgentCommand::Resume),
            (Some(WantedStatus::Paused), None, None) => Ok(AgentCommand::Pause { reason }),
            (Some(WantedStatus::Retired), None, None) => Ok(AgentCommand::Retire { reason }),
            (None, Some(abilities), None) => {
                let capabilities = abilities.into_iter().map(|ability| ability.0).collect();
                Ok(AgentCommand::Change {
                    profile: AgentProfile { capabilities, ..profile.clone() },
                })
            }
            (None, None, Some(priority)) => Ok(AgentCommand::SetPriority { priority }),
            (_, _, _) => Err(Problem::new(
                Code::Invalid,
                "name one thing: status (active, paused, retired), capabilities or priority",
            )),
        }
    }
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
    let agents = found.rows.iter().map(|marked| app.shown(&caller, &marked.row)).collect();
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
    Ok(aged(found.age, axum::Json(app.shown(&caller, &row.row))))
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
    let capabilities = app.shown(&caller, &row.row).capabilities;
    Ok(aged(found.age, axum::Json(Abilities { agent_id, capabilities })))
}

/// An agent, as the door shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub(super) struct AgentShown<'a> {
    #[schema(value_type = Id)]
    agent_id: &'a str,
    name: &'a str,
    role: Option<&'a str>,
    #[schema(value_type = Kind)]
    kind: &'a str,
    #[schema(value_type = Vec<Any>)]
    capabilities: Value,
    #[schema(value_type = Option<AnyObject>)]
    integration_endpoints: Option<Value>,
    webhook_url: Option<&'a str>,
    max_concurrent_tasks: u32,
    /// `active` has work, `idle` has none, `offline` was not heard of for too long; `paused`,
    /// `draining`, `retired`.
    status: &'static str,
    #[schema(value_type = schemas::Priority)]
    priority: &'a str,
    #[schema(value_type = Moment)]
    registered_at: String,
    last_heartbeat: Option<String>,
    /// The tasks that it holds.
    leases: Vec<Lease>,
    version: u64,
}

/// A task that an agent holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldTask)]
struct Lease {
    execution_id: String,
    task_id: String,
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

    fn shown<'a>(&self, caller: &Caller, row: &'a AgentRow) -> AgentShown<'a> {
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
            max_concurrent_tasks: row.concurrent_tasks_max,
            status: public_status(&row.status, !held.is_empty()),
            priority: &row.priority,
            registered_at: row.registered_at.to_string(),
            last_heartbeat: seen.or(row.last_seen_at).map(|at| at.to_string()),
            leases: held.iter().map(lease).collect(),
            version: row.version,
        }
    }
}

/// `active` has work, `idle` has none, `offline` was not heard of for too long.
fn public_status(status: &str, has_work: bool) -> &'static str {
    match (status, has_work) {
        ("active", true) => "active",
        ("active", false) => "idle",
        ("paused", _) => "paused",
        ("draining", _) => "draining",
        ("retired", _) => "retired",
        (_, _) => "offline",
    }
}

/// What a write is answered: the agent as it is afterwards.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentAfter {
    #[schema(value_type = Id)]
    agent_id: Value,
    #[schema(value_type = String)]
    name: Value,
    #[schema(value_type = Option<String>)]
    role: Value,
    #[schema(value_type = Kind)]
    kind: Value,
    #[schema(value_type = Vec<Any>)]
    capabilities: Value,
    #[schema(value_type = Option<AnyObject>)]
    integration_endpoints: Value,
    #[schema(value_type = Option<String>)]
    webhook_url: Value,
    max_concurrent_tasks: u32,
    status: &'static str,
    #[schema(value_type = schemas::Priority)]
    priority: Value,
    registered_at: Option<String>,
}

/// The bytes of that answer.
fn describe(state: &State, _: &[Event]) -> Vec<u8> {
    let agent = state.agent();
    let Some((agent, profile)) = agent.and_then(|agent| Some((agent, agent.profile()?))) else {
        return Vec::new();
    };
    let shown = AgentAfter {
        agent_id: json!(agent.agent_id()),
        name: json!(profile.name),
        role: json!(profile.role),
        kind: json!(profile.kind),
        capabilities: json!(profile.capabilities),
        integration_endpoints: json!(profile.integration_endpoints),
        webhook_url: json!(profile.webhook_url),
        max_concurrent_tasks: profile.concurrent_tasks_max,
        status: public_status(agent.status().as_str(), false),
        priority: json!(agent.priority()),
        registered_at: agent.registered_at().map(|at| at.to_string()),
    };
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}

pub(super) fn known_id(agent_id: &str) -> Result<AgentId, Problem> {
    AgentId::parse(agent_id).map_err(|_| no_such_agent())
}

pub(super) fn no_such_agent() -> Problem {
    Problem::new(Code::NotFound, "there is no such agent")
}
