//! What agents remember: set, found again, forgotten. What names a plan belongs to that plan, and
//! goes with it; all else belongs to the agent.

use super::form::{object, wrong};
use super::shown::ContextShown;
use super::whose::{acting, agent_meant, only_of};
use crate::domain::agent::AgentCommand;
use crate::domain::execution::{ContextEntry, ExecutionCommand, MemoryKey};
use crate::domain::{AgentId, Command, Json, PlanId, TaskId, Text, Title};
use crate::http::App;
use crate::http::asking::{Query, aged, page};
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{AnyObject, Id};
use crate::http::terms::Terms;
use crate::http::writing::Write;
use crate::projections::memory::{Holder, context_id, read_context_id};
use crate::reading::MemoryFilter;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How long a key may be: it is spelled in the id, and that in addresses.
const CONTEXT_KEY_BYTES_MAX: usize = 200;

/// Something to remember; what has the same task, plan, type and key is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewContext {
    /// The task that it belongs to, by the agent's own reference.
    #[schema(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    /// The agent's own plan that it belongs to, and with which it goes.
    #[schema(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    context_type: ContextType,
    #[schema(value_type = String, max_length = 200)]
    context_key: Title,
    #[schema(value_type = String)]
    context_value: Text,
    #[schema(value_type = Option<AnyObject>)]
    metadata: Option<Map<String, Value>>,
    /// The agent that remembers it, where a person sends it and no plan is named.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
}

/// What kind of thing is remembered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ContextType {
    Research,
    Decisions,
    Blockers,
    Dependencies,
    Notes,
    Files,
    CodeReferences,
    ApiEndpoints,
}

impl ContextType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Decisions => "decisions",
            Self::Blockers => "blockers",
            Self::Dependencies => "dependencies",
            Self::Notes => "notes",
            Self::Files => "files",
            Self::CodeReferences => "code_references",
            Self::ApiEndpoints => "api_endpoints",
        }
    }
}

/// Where something is remembered, and on whose account.
struct Place {
    holder: Holder,
    plan_id: Option<PlanId>,
    agent_id: Option<AgentId>,
}

/// Remembers something.
#[utoipa::path(put, path = "/api/context", operation_id = "set_context", tag = "agent plans",
    security(("key" = ["own"])), params(Terms), request_body = NewContext,
    responses((status = 200, description = "It is remembered.", body = ContextShown)))]
pub(in crate::http) async fn set(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<NewContext>,
) -> Result<Response, Problem> {
    let place = app.place_of(&caller, value.plan_id.as_ref(), value.agent_id.clone()).await?;
    let caller = acting(&caller, place.agent_id.as_ref())?;
    let entry = value.entry()?;
    let shown = shown(&place, &entry);
    let command = match &place.holder {
        Holder::Execution(_) => Command::Execution(ExecutionCommand::SetContext(Box::new(entry))),
        Holder::Agent(_) => Command::Agent(AgentCommand::SetContext(Box::new(entry))),
    };
    let (terms, body, stream) = (&terms, &*bytes, place.holder.stream());
    let write =
        Write { caller: &caller, terms, body, stream, command, describe: |_, _| Vec::new() };
    let mut done = app.write(write).await?;
    done.describe(&shown);
    Ok(done.answer(StatusCode::OK))
}

impl NewContext {
    fn entry(self) -> Result<ContextEntry, Problem> {
        if self.context_key.as_str().len() > CONTEXT_KEY_BYTES_MAX {
            let message = format!("a key has at most {CONTEXT_KEY_BYTES_MAX} bytes");
            return Err(wrong("/context_key", message));
        }
        Ok(ContextEntry {
            task_id: self.task_id,
            context_type: Title::parse(self.context_type.as_str()).expect("it is a title"),
            context_key: self.context_key,
            context_value: self.context_value,
            metadata: object("/metadata", self.metadata)?,
        })
    }
}

fn shown(place: &Place, entry: &ContextEntry) -> ContextShown {
    let json = |json: &Json| super::shown::value_of(json.as_str());
    ContextShown {
        id: context_id(&place.holder, &entry.key()),
        task_id: entry.task_id.as_ref().map(ToString::to_string),
        plan_id: place.plan_id.as_ref().map(ToString::to_string),
        agent_id: place.agent_id.as_ref().map(ToString::to_string),
        context_type: entry.context_type.to_string(),
        context_key: entry.context_key.to_string(),
        context_value: entry.context_value.to_string(),
        metadata: entry.metadata.as_ref().map(json),
        updated_at: None,
    }
}

impl App {
    async fn place_of(
        &self,
        caller: &Caller,
        plan_id: Option<&PlanId>,
        agent_id: Option<AgentId>,
    ) -> Result<Place, Problem> {
        let Some(plan_id) = plan_id else {
            let agent_id = agent_meant(caller, agent_id)?;
            let holder = Holder::Agent(agent_id.clone());
            return Ok(Place { holder, plan_id: None, agent_id: Some(agent_id) });
        };
        let known = self.known_agent_plan(caller, plan_id.as_str()).await?;
        if agent_id.is_some() && agent_id != known.agent_id {
            return Err(wrong("/agent_id", "the plan is not this agent's"));
        }
        let (holder, plan_id) = (Holder::Execution(known.execution_id), Some(known.plan_id));
        Ok(Place { holder, plan_id, agent_id: known.agent_id })
    }
}

/// What of the memory is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ContextWish {
    #[param(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    #[param(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    #[param(inline)]
    context_type: Option<ContextType>,
    #[param(value_type = Option<String>)]
    context_key: Option<Title>,
    /// Words of the key or the value: all of them must be there.
    #[param(value_type = Option<String>)]
    search_query: Option<Text>,
    #[param(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// What is remembered.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ContextList {
    context: Vec<ContextShown>,
    next_cursor: Option<String>,
}

/// What is remembered, the last set first: by an agent, its own; for a person, all of it.
#[utoipa::path(get, path = "/api/context", operation_id = "list_context", tag = "agent plans",
    security(("key" = ["read"])), params(ContextWish),
    responses((status = 200, description = "A page of it.", body = ContextList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<ContextWish>,
) -> Result<Response, Problem> {
    let wanted = page(wish.limit, wish.cursor)?;
    app.shows("memory", wish.min_position).await?;
    let filter = MemoryFilter {
        execution_id: None,
        plan_id: wish.plan_id,
        task_id: wish.task_id,
        context_type: wish.context_type.map(|it| it.as_str().to_owned()),
        context_key: wish.context_key.map(|it| it.to_string()),
        agent_id: only_of(&caller).cloned().or(wish.agent_id),
        context_id: None,
        search: wish.search_query.map(|words| words.to_string()),
    };
    let found = app.reader.memory(&caller.workspace, &filter, &wanted).await?;
    let context = found.rows.iter().map(|it| (&it.row).into()).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(ContextList { context, next_cursor })))
}

/// What is said of something that is forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ContextGone {
    id: String,
    status: &'static str,
}

fn no_such_context() -> Problem {
    Problem::new(Code::NotFound, "nothing is remembered under this id")
}

/// Forgets something.
#[utoipa::path(delete, path = "/api/context/{context_id}", operation_id = "remove_context",
    tag = "agent plans", security(("key" = ["own"])), params(Terms),
    responses((status = 200, description = "It is forgotten.", body = ContextGone)))]
pub(in crate::http) async fn remove(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (holder, key) = read_context_id(&id).ok_or_else(no_such_context)?;
    let agent_id = app.holder_in_sight(&caller, &holder).await?;
    let caller = acting(&caller, agent_id.as_ref())?;
    let command = forget(&holder, key);
    let (stream, terms) = (holder.stream(), &terms);
    let describe = |_: &_, _: &[_]| Vec::new();
    let write = Write { caller: &caller, terms, body: b"", stream, command, describe };
    let mut done = app.write(write).await?;
    if done.outcome.recorded.is_empty() && !done.outcome.is_repeat && !terms.is_dry_run {
        return Err(no_such_context());
    }
    done.describe(&ContextGone { id, status: "deleted" });
    Ok(done.answer(StatusCode::OK))
}

fn forget(holder: &Holder, key: MemoryKey) -> Command {
    match holder {
        Holder::Execution(_) => {
            let (task_id, context_type, context_key) = key;
            let remove = ExecutionCommand::RemoveContext { task_id, context_type, context_key };
            Command::Execution(remove)
        }
        Holder::Agent(_) => Command::Agent(AgentCommand::RemoveContext { key }),
    }
}

impl App {
    /// The agent of what remembers, when the caller may see and change it.
    async fn holder_in_sight(
        &self,
        caller: &Caller,
        holder: &Holder,
    ) -> Result<Option<AgentId>, Problem> {
        match holder {
            Holder::Execution(execution_id) => {
                let known = self.known_agent_plan(caller, execution_id.as_str()).await;
                known.map(|known| known.agent_id).map_err(|_| no_such_context())
            }
            Holder::Agent(agent_id) if super::whose::sees(caller, Some(agent_id)) => {
                Ok(Some(agent_id.clone()))
            }
            Holder::Agent(_) => Err(no_such_context()),
        }
    }
}
