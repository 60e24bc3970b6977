//! `/api/executions/{execution_id}/tasks`: the tree, and why a task does not run.

use super::App;
use super::asking::{Query, WhenWish, aged, of_then, page, page_of};
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::history::rows_then;
use super::problem::Problem;
use super::schemas;
use crate::domain::{ExecutionId, TaskId};
use crate::projections::task_tree::{TaskRow, TaskTreeWindow};
use crate::projections::{JsonObject, Window};
use crate::store::Position;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskTree {
    #[schema(value_type = Vec<schemas::TaskNode>)]
    tasks: Vec<JsonObject>,
    next_cursor: Option<String>,
}

/// Which tasks are wanted, how much of each, how new, or of which moment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TasksWish {
    /// Leaves out what can be long: `output`, `last_error` and `late_reports` are null.
    #[serde(default)]
    brief: bool,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
    /// Another moment: a version, `position:345`, or a time.
    as_of: Option<String>,
}

/// The tasks of an execution in the plan's order, parents before their parts.
#[utoipa::path(get, path = "/api/executions/{execution_id}/tasks",
    operation_id = "list_execution_tasks", tag = "executions", security(("key" = ["read"])),
    params(TasksWish),
    responses((status = 200, description = "A page of the tree.", body = TaskTree)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<TasksWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let wanted = page(wish.limit, wish.cursor)?;
    let shown = |row: TaskRow| if wish.brief { in_brief(row) } else { row }.to_json();
    if let Some(as_of) = &wish.as_of {
        let (rows, position) = app.tasks_then(&caller, &execution_id, as_of).await?;
        let (rows, next_cursor) = page_of(rows, &wanted)?;
        let tasks = rows.into_iter().map(shown).collect();
        return Ok(of_then(position, Answer(TaskTree { tasks, next_cursor })));
    }
    app.wait_for("task_tree", wish.min_position).await?;
    let found = app.reader.tasks(&caller.workspace, &execution_id, &wanted).await?;
    if found.rows.is_empty() && wanted.cursor.is_none() {
        return Err(no_such_execution());
    }
    let tasks = found.rows.into_iter().map(|it| shown(it.row)).collect();
    Ok(aged(found.age, Answer(TaskTree { tasks, next_cursor: found.next_cursor })))
}

/// A row without what can be long.
fn in_brief(row: TaskRow) -> TaskRow {
    TaskRow { output: None, last_error: None, late_reports: None, ..row }
}

/// One task of an execution, with all that is known of it.
#[utoipa::path(get, path = "/api/executions/{execution_id}/tasks/{task_id}",
    operation_id = "get_execution_task", tag = "executions", security(("key" = ["read"])),
    params(WhenWish),
    responses((status = 200, description = "The task.", body = schemas::TaskNode)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path((execution_id, task_id)): Path<(String, String)>,
    Query(wish): Query<WhenWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let task_id = known_task(&task_id)?;
    if let Some(as_of) = &wish.as_of {
        let (rows, position) = app.tasks_then(&caller, &execution_id, as_of).await?;
        let row = rows.iter().find(|row| *row.task_id == *task_id.as_str());
        let task = row.ok_or_else(no_such_task)?.to_json();
        return Ok(of_then(position, Answer(task)));
    }
    app.wait_for("task_tree", wish.min_position).await?;
    let found = app.reader.task(&caller.workspace, &execution_id, &task_id).await?;
    let row = found.rows.first().ok_or_else(no_such_task)?;
    Ok(aged(found.age, Answer(row.row.to_json())))
}

impl App {
    /// The tasks of an execution as they were, in the plan's order, and the position of then.
    async fn tasks_then(
        &self,
        caller: &Caller,
        execution_id: &ExecutionId,
        as_of: &str,
    ) -> Result<(Vec<TaskRow>, Position), Problem> {
        let windows: [Arc<dyn Window>; 1] = [Arc::new(TaskTreeWindow)];
        let then = self.then(caller, execution_id, as_of, &windows).await?;
        let mut rows = rows_then(&then, "task_tree", TaskRow::from_row)?;
        rows.sort_by_key(|row| row.ordinal);
        Ok((rows, then.position))
    }
}

fn no_such_task() -> Problem {
    Problem::new(Code::NotFound, "there is no such task")
}

fn known_task(task_id: &str) -> Result<TaskId, Problem> {
    TaskId::parse(task_id).map_err(|_| no_such_task())
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
    let task_id = known_task(&task_id)?;
    let asked = task_id.clone();
    let reasons = app.engine.ask(&caller.workspace, &execution_id, move |it| it.why(&asked));
    let reasons = reasons.await?.ok_or_else(no_such_execution)?.ok_or_else(no_such_task)?;
    let reasons = reasons.iter().map(ToString::to_string).collect();
    Ok(Answer(Reasons { task_id, reasons }))
}
