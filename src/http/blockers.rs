//! `/api/executions/{execution_id}/blockers`: what stands in the way, and how a person clears it.

use super::App;
use super::asking::{Query, aged, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::executions::known_id;
use super::problem::Problem;
use super::shown::describe_execution;
use super::tasks::Wish;
use super::terms::Terms;
use super::writing::Write;
use crate::domain::event::record::Resolution;
use crate::domain::execution::{ExecutionCommand, ResolveBlocker};
use crate::domain::{AgentId, BlockerId, Command, Json, StreamName, Text};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The blockers of an execution, the newest first, past ones too.
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    app.wait_for("blockers", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let found = app.reader.blockers(&caller.workspace, &execution_id, &wanted).await?;
    let blockers: Vec<_> = found.rows.iter().map(|it| it.row.to_json()).collect();
    let answer = json!({"blockers": blockers, "next_cursor": found.next_cursor});
    Ok(aged(found.age, Answer(answer)))
}

/// How a person clears a blocker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Way {
    resolution: Resolution,
    option: Option<Text>,
    input: Option<Value>,
    agent_id: Option<AgentId>,
    note: Option<Text>,
}

/// Clears a blocker.
pub(super) async fn resolve(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path((execution_id, blocker_id)): Path<(String, String)>,
    Body { value, bytes }: Body<Way>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let blocker_id = BlockerId::parse(&blocker_id)
        .map_err(|_| Problem::new(Code::NotFound, "there is no such blocker"))?;
    let input = value.input.as_ref().map(Json::from_value).transpose();
    let command = ExecutionCommand::Resolve(Box::new(ResolveBlocker {
        blocker_id,
        resolution: value.resolution,
        option: value.option,
        input: input.map_err(|error| Problem::at(Code::Invalid, "/input", error.to_string()))?,
        agent_id: value.agent_id,
        note: value.note,
    }));
    let (stream, command) = (StreamName::execution(&execution_id), Command::Execution(command));
    let (caller, terms, body) = (&caller, &terms, &*bytes);
    let write = Write { caller, terms, body, stream, command, describe: describe_execution };
    Ok(app.write(write).await?.answer(StatusCode::OK))
}
