//! `/api/feed`: what happened in the workspace, in sentences.

use super::App;
use super::asking::{NUMBER_MAX, Query, aged, page};
use super::caller::Caller;
use super::problem::Problem;
use super::schemas::{self, Id};
use crate::domain::{AgentId, ExecutionId, PlanId, TaskId};
use crate::projections::JsonObject;
use crate::projections::feed::FeedRow;
use crate::reading::{FeedFilter, Marked};
use crate::store::Position;
use axum::Json as Answer;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What the feed is to be about.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedWish {
    #[param(value_type = Option<Id>)]
    execution_id: Option<ExecutionId>,
    #[param(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    #[param(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    #[param(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// Kinds of events, with commas between.
    r#type: Option<String>,
    /// Groups of events, with commas between.
    group: Option<String>,
    /// Only what stands before this position of the log.
    before: Option<u64>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeedList {
    #[schema(value_type = Vec<schemas::FeedEntry>)]
    entries: Vec<JsonObject>,
    next_cursor: Option<String>,
}

/// What happened, the last first, each in a sentence.
#[utoipa::path(get, path = "/api/feed", operation_id = "list_feed", tag = "executions",
    security(("key" = ["read"])), params(FeedWish),
    responses((status = 200, description = "A page of it.", body = FeedList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<FeedWish>,
) -> Result<Response, Problem> {
    app.wait_for("feed", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let words = |list: Option<String>| {
        list.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
    };
    let filter = FeedFilter {
        execution_id: wish.execution_id,
        task_id: wish.task_id,
        agent_id: wish.agent_id,
        plan_id: wish.plan_id,
        groups: words(wish.group),
        kinds: words(wish.r#type),
        before: wish.before.map(|position| Position::new(position.min(NUMBER_MAX))),
    };
    let found = app.reader.feed(&caller.workspace, &filter, &wanted).await?;
    let entries = found.rows.iter().map(entry).collect();
    Ok(aged(found.age, Answer(FeedList { entries, next_cursor: found.next_cursor })))
}

/// A line of the feed, with the time of its event.
pub(super) fn entry(told: &Marked<FeedRow>) -> JsonObject {
    let mut entry = told.row.to_json();
    entry.insert("recorded_at".to_owned(), told.mark.at.to_string().into());
    entry
}
