//! `POST /api/executions/{execution_id}/fork`: a new execution that begins with what this one had
//! achieved; how a failed one is tried again.

use super::App;
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution, not_carried_out};
use super::problem::Problem;
use super::schemas::{AnyObject, Id};
use super::shown::{AfterShown, describe_execution};
use super::terms::Terms;
use super::writing::Done;
use crate::domain::{AgentId, ExecutionId, Json};
use crate::engine::{ForkRequest, RequestKey};
use crate::store::Version;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// How an execution is forked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Fork)]
pub(super) struct ForkForm {
    /// The version that the new one begins with; the last, when nothing is said.
    #[schema(minimum = 1)]
    at_version: Option<u64>,
    /// The agent that carries it out; as before, when nothing is said.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// As before, when nothing is said.
    #[schema(value_type = Option<AnyObject>)]
    parameters: Option<Map<String, Value>>,
    #[schema(value_type = Option<Id>)]
    execution_id: Option<ExecutionId>,
}

/// Makes an execution that begins with what this one had achieved.
#[utoipa::path(post, path = "/api/executions/{execution_id}/fork",
    operation_id = "fork_execution", tag = "executions", security(("key" = ["command"])),
    params(Terms), request_body = ForkForm,
    responses((status = 201, description = "The new execution.", body = AfterShown),
        (status = 200, description = "It was made before, by this key.", body = AfterShown)))]
pub(super) async fn fork(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(execution_id): Path<String>,
    Body { value, bytes }: Body<ForkForm>,
) -> Result<Response, Problem> {
    if !app.config.is_execution_enabled {
        return Err(not_carried_out());
    }
    let origin = known_id(&execution_id)?;
    let parameters = value.parameters.map(|it| Json::from_value(&Value::Object(it))).transpose();
    let key = terms.key.clone().map(|key| RequestKey { key, request_hash: terms.hash_of(&bytes) });
    let request = ForkRequest {
        workspace: caller.workspace.clone(),
        origin,
        at_version: value.at_version.map(Version::new),
        into: value.execution_id.unwrap_or_else(|| new_id(key.as_ref())),
        agent_id: value.agent_id,
        parameters: parameters
            .map_err(|error| Problem::at(Code::Invalid, "/parameters", error.to_string()))?,
        actor: caller.actor.clone(),
        key,
        describe: Some(describe_execution),
        is_dry_run: terms.is_dry_run,
    };
    let outcome = app.engine.fork(&request).await.map_err(|error| {
        let problem = Problem::from(error);
        if problem.code == Code::NotFound { no_such_execution() } else { problem }
    })?;
    let status = if outcome.is_repeat { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Done::of(outcome, terms.is_dry_run).answer(status))
}

/// The same for the same key, so that a request that is repeated notes the same fork.
fn new_id(key: Option<&RequestKey>) -> ExecutionId {
    let id = match key {
        Some(key) => key.request_hash[..16].iter().fold("exec_".to_owned(), |mut id, byte| {
            write!(id, "{byte:02x}").expect("a text grows");
            id
        }),
        None => format!("exec_{}", Uuid::now_v7().simple()),
    };
    ExecutionId::parse(&id).expect("it is an id")
}
