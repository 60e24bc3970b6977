//! `/api/executions/{execution_id}/blockers`: what stands in the way, and how a person clears it.

use super::App;
use super::asking::{PageWhenWish, Query, aged, of_then, page, page_of};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::executions::known_id;
use super::history::rows_then;
use super::problem::Problem;
use super::schemas::{self, Any, Id};
use super::shown::{AfterShown, describe_execution};
use super::terms::Terms;
use super::writing::Write;
use crate::domain::event::record::Resolution;
use crate::domain::execution::{ExecutionCommand, ResolveBlocker};
use crate::domain::{AgentId, BlockerId, Command, Json, StreamName, Text};
use crate::projections::blockers::{BlockerRow, BlockersWindow};
use crate::projections::{JsonObject, Window};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Blockers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BlockerList {
    #[schema(value_type = Vec<schemas::Blocker>)]
    blockers: Vec<JsonObject>,
    next_cursor: Option<String>,
}

/// The blockers of an execution, the newest first, past ones too.
#[utoipa::path(get, path = "/api/executions/{execution_id}/blockers",
    operation_id = "list_blockers", tag = "executions", security(("key" = ["read"])),
    params(PageWhenWish),
    responses((status = 200, description = "A page of them.", body = BlockerList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<PageWhenWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let wanted = page(wish.limit, wish.cursor)?;
    if let Some(as_of) = &wish.as_of {
        let windows: [Arc<dyn Window>; 1] = [Arc::new(BlockersWindow)];
        let then = app.then(&caller, &execution_id, as_of, &windows).await?;
        let mut rows = rows_then(&then, "blockers", BlockerRow::from_row)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
        let (rows, next_cursor) = page_of(rows, &wanted)?;
        let blockers = rows.iter().map(BlockerRow::to_json).collect();
        return Ok(of_then(then.position, Answer(BlockerList { blockers, next_cursor })));
    }
    app.status_of(&caller, &execution_id).await?;
    app.wait_for("blockers", wish.min_position).await?;
    let found = app.reader.blockers(&caller.workspace, &execution_id, &wanted).await?;
    let blockers = found.rows.iter().map(|it| it.row.to_json()).collect();
    Ok(aged(found.age, Answer(BlockerList { blockers, next_cursor: found.next_cursor })))
}

/// Which blockers of the workspace are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InboxWish {
    /// Those that stand, the longest first; or those that were resolved, the last first.
    #[param(inline)]
    status: Option<InboxStatus>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// Whether a blocker stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InboxStatus {
    Open,
    Resolved,
}

/// What waits for a person in the whole workspace.
#[utoipa::path(get, path = "/api/blockers", operation_id = "list_inbox", tag = "executions",
    security(("key" = ["read"])), params(InboxWish),
    responses((status = 200, description = "A page of them.", body = BlockerList)))]
pub(super) async fn inbox(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<InboxWish>,
) -> Result<Response, Problem> {
    app.wait_for("blockers", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let found = match wish.status.unwrap_or(InboxStatus::Open) {
        InboxStatus::Open => app.reader.open_blockers(&caller.workspace, &wanted).await?,
        InboxStatus::Resolved => app.reader.past_blockers(&caller.workspace, &wanted).await?,
    };
    let blockers = found.rows.iter().map(|it| it.row.to_json()).collect();
    Ok(aged(found.age, Answer(BlockerList { blockers, next_cursor: found.next_cursor })))
}

/// How a person clears a blocker.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WayOut)]
pub(super) struct Way {
    #[schema(value_type = ResolutionWord)]
    resolution: Resolution,
    /// The suggestion that is approved.
    #[schema(value_type = Option<String>)]
    option: Option<Text>,
    /// What the task was waiting for.
    #[schema(value_type = Option<Any>)]
    input: Option<Value>,
    /// Whom the task goes to.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    #[schema(value_type = Option<String>)]
    note: Option<Text>,
}

/// The ways out.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum ResolutionWord {
    Retry,
    ApproveAlternative,
    ProvideInput,
    SkipTask,
    Reassign,
    FailTask,
    CancelExecution,
}

/// Clears a blocker.
#[utoipa::path(post, path = "/api/executions/{execution_id}/blockers/{blocker_id}/resolve",
    operation_id = "resolve_blocker", tag = "executions", security(("key" = ["command"])),
    params(Terms), request_body = Way,
    responses((status = 200, description = "It is cleared.", body = AfterShown)))]
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
