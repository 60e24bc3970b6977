//! `/api/executions/{execution_id}/tasks`: the tree, and why a task does not run.

use super::App;
use super::asking::{PageWhenWish, Query, aged, of_then, page, page_of};
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::history::rows_then;
use super::problem::Problem;
use super::schemas;
use crate::domain::TaskId;
use crate::projections::task_tree::{TaskRow, TaskTreeWindow};
use crate::projections::{JsonObject, Window};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskTree {
    #[schema(value_type = Vec<schemas::TaskNode>)]
    tasks: Vec<JsonObject>,
    next_cursor: Option<String>,
}

/// The tasks of an execution in the plan's order, parents before their parts.
#[utoipa::path(get, path = "/api/executions/{execution_id}/tasks",
    operation_id = "list_execution_tasks", tag = "executions", security(("key" = ["read"])),
    params(PageWhenWish),
    responses((status = 200, description = "A page of the tree.", body = TaskTree)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<PageWhenWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let wanted = page(wish.limit, wish.cursor)?;
    if let Some(as_of) = &wish.as_of {
        let windows: [Arc<dyn Window>; 1] = [Arc::new(TaskTreeWindow)];
        let then = app.then(&caller, &execution_id, as_of, &windows).await?;
        let mut rows = rows_then(&then, "task_tree", TaskRow::from_row)?;
        rows.sort_by_key(|row| row.ordinal);
        let (rows, next_cursor) = page_of(rows, &wanted)?;
        let tasks = rows.iter().map(TaskRow::to_json).collect();
        return Ok(of_then(then.position, Answer(TaskTree { tasks, next_cursor })));
    }
    app.wait_for("task_tree", wish.min_position).await?;
    let found = app.reader.tasks(&caller.workspace, &execution_id, &wanted).await?;
    if found.rows.is_empty() && wanted.cursor.is_none() {
        return Err(no_such_execution());
    }
    let tasks = found.rows.iter().map(|it| it.row.to_json()).collect();
    Ok(aged(found.age, Answer(TaskTree { tasks, next_cursor: found.next_cursor })))
}

/// Why a task does not run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reasons {
    #[schema(value_type = schemas::Id)]
    task_id: TaskId,
    reasons: Vec<String>,
}

/// The complete reason why a task does not run now, from the state itself.
#[utoipa::path(get, path = "/api/executions/{execution_id}/tasks/{task_id}/why",
    operation_id = "why_task_waits", tag = "executions", security(("key" = ["read"])),
    responses((status = 200, description = "Every reason.", body = Reasons)))]
pub(super) async fn why(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path((execution_id, task_id)): Path<(String, String)>,
) -> Result<Answer<Reasons>, Problem> {
    let execution_id = known_id(&execution_id)?;
    let no_such_task = || Problem::new(Code::NotFound, "there is no such task");
    let task_id = TaskId::parse(&task_id).map_err(|_| no_such_task())?;
    let asked = task_id.clone();
    let reasons = app.engine.ask(&caller.workspace, &execution_id, move |it| it.why(&asked));
    let reasons = reasons.await?.ok_or_else(no_such_execution)?.ok_or_else(no_such_task)?;
    let reasons = reasons.iter().map(ToString::to_string).collect();
    Ok(Answer(Reasons { task_id, reasons }))
}
