//! `/api/executions/{execution_id}/tasks`: the tree, and why a task does not run.

use super::App;
use super::asking::{Query, aged, page};
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::problem::Problem;
use crate::domain::TaskId;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Which page is wanted, and how new it must be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) limit: Option<usize>,
    pub(super) cursor: Option<String>,
    pub(super) min_position: Option<u64>,
}

/// The tasks of an execution in the plan's order, parents before their parts.
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    app.wait_for("task_tree", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let found = app.reader.tasks(&caller.workspace, &execution_id, &wanted).await?;
    if found.rows.is_empty() && wanted.cursor.is_none() {
        return Err(no_such_execution());
    }
    let tasks: Vec<_> = found.rows.iter().map(|it| it.row.to_json()).collect();
    let answer = json!({"tasks": tasks, "next_cursor": found.next_cursor});
    Ok(aged(found.age, Answer(answer)))
}

/// The complete reason why a task does not run now, from the state itself.
pub(super) async fn why(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path((execution_id, task_id)): Path<(String, String)>,
) -> Result<Answer<Value>, Problem> {
    let execution_id = known_id(&execution_id)?;
    let no_such_task = || Problem::new(Code::NotFound, "there is no such task");
    let task_id = TaskId::parse(&task_id).map_err(|_| no_such_task())?;
    let asked = task_id.clone();
    let reasons = app.engine.ask(&caller.workspace, &execution_id, move |it| it.why(&asked));
    let reasons = reasons.await?.ok_or_else(no_such_execution)?.ok_or_else(no_such_task)?;
    let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    Ok(Answer(json!({"task_id": task_id, "reasons": reasons})))
}
