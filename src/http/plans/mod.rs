//! `/api/plans`: what there is to carry out, read in, shown, and taken out of sight.

mod form;
mod report;
mod shown;
mod structured;

use super::App;
use super::asking::{Query, aged, page};
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::plan::PlanCommand;
use crate::domain::{AgentId, Command, PlanId, StreamName, Text};
use crate::engine::Describe;
use crate::projections::plans::PlanRow;
use crate::reading::{Found, Marked, PlanFilter};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use form::PlanForm;
use serde::Deserialize;
use serde_json::json;
use shown::{PlanShown, TaskShown};
use std::sync::Arc;
use uuid::Uuid;

/// Reads a plan in: 201, or 200 where the same was read in before.
pub(super) async fn import(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<PlanForm>,
) -> Result<Response, Problem> {
    let plan_id = value.plan_id.clone().unwrap_or_else(new_id);
    let import = structured::import(value, plan_id.clone(), &bytes)?;
    let order = Order {
        body: &bytes,
        plan_id: &plan_id,
        command: PlanCommand::Import(Box::new(import)),
        describe: shown::describe,
    };
    let done = app.order_plan(&caller, &terms, order).await?;
    let is_new = done.has("plan_imported");
    Ok(done.answer(if is_new { StatusCode::CREATED } else { StatusCode::OK }))
}

fn new_id() -> PlanId {
    PlanId::parse(&format!("plan_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// Which plans are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlansWish {
    status: Option<PlanStatus>,
    assigned_to: Option<AgentId>,
    q: Option<Text>,
    limit: Option<usize>,
    cursor: Option<String>,
    min_position: Option<u64>,
}

/// Where a plan is in its life, as it can be asked for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlanStatus {
    Importing,
    Ready,
    Archived,
    Deleted,
}

impl PlanStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Importing => "importing",
            Self::Ready => "ready",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

/// The plans, the newest first; deleted ones only where their status is asked for.
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<PlansWish>,
) -> Result<Response, Problem> {
    app.wait_for("plans", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    let filter = PlanFilter {
        status: wish.status.map(|status| status.as_str().to_owned()),
        assigned_to: wish.assigned_to,
        search: wish.q.map(|words| words.as_str().to_owned()),
    };
    let found = app.reader.plans(&caller.workspace, &filter, &wanted).await?;
    let plans: Vec<_> = found.rows.iter().map(|marked| PlanShown::from(&marked.row)).collect();
    let answer = json!({"plans": plans, "next_cursor": found.next_cursor});
    Ok(aged(found.age, axum::Json(answer)))
}

/// How new the answer about one plan must be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanWish {
    min_position: Option<u64>,
}

/// One plan.
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
    Query(wish): Query<PlanWish>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.wait_for("plans", wish.min_position).await?;
    let found = app.plan_in_sight(&caller, &plan_id).await?;
    let row = found.rows.first().ok_or_else(no_such_plan)?;
    Ok(aged(found.age, axum::Json(PlanShown::from(&row.row))))
}

/// Which tasks of a plan are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TasksWish {
    limit: Option<usize>,
    cursor: Option<String>,
    min_position: Option<u64>,
}

/// The tasks of a plan in its order, parents before their parts.
pub(super) async fn tasks(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
    Query(wish): Query<TasksWish>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.wait_for("plans", wish.min_position).await?;
    let wanted = page(wish.limit, wish.cursor)?;
    app.plan_in_sight(&caller, &plan_id).await?;
    let found = app.reader.plan_tasks(&caller.workspace, &plan_id, &wanted).await?;
    let tasks: Vec<_> = found.rows.iter().map(|marked| TaskShown::from(&marked.row)).collect();
    let next_cursor = found.next_cursor;
    let answer = json!({"plan_id": plan_id, "tasks": tasks, "next_cursor": next_cursor});
    Ok(aged(found.age, axum::Json(answer)))
}

/// Takes a plan out of sight, with all that it held.
pub(super) async fn delete(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(plan_id): Path<String>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    let order = Order {
        body: b"",
        plan_id: &plan_id,
        command: PlanCommand::Delete,
        describe: shown::describe_deleted,
    };
    let done = app.order_plan(&caller, &terms, order).await.map_err(|problem| {
        let is_absent = problem.code == Code::NotFound;
        if is_absent { no_such_plan() } else { problem }
    })?;
    Ok(done.answer(StatusCode::OK))
}

/// What is asked of a plan, and what the answer says.
struct Order<'a> {
    body: &'a [u8],
    plan_id: &'a PlanId,
    command: PlanCommand,
    describe: Describe,
}

impl App {
    async fn order_plan(
        &self,
        caller: &Caller,
        terms: &Terms,
        order: Order<'_>,
    ) -> Result<Done, Problem> {
        let Order { body, plan_id, command, describe } = order;
        let stream = StreamName::plan(plan_id);
        let command = Command::Plan(command);
        self.write(Write { caller, terms, body, stream, command, describe }).await
    }

    /// The row of a plan, when it is there and not deleted.
    pub(super) async fn plan_in_sight(
        &self,
        caller: &Caller,
        plan_id: &PlanId,
    ) -> Result<Found<Marked<PlanRow>>, Problem> {
        let found = self.reader.plan(&caller.workspace, plan_id).await?;
        let is_in_sight = found.rows.first().is_some_and(|plan| &*plan.row.status != "deleted");
        if is_in_sight { Ok(found) } else { Err(no_such_plan()) }
    }
}

pub(super) fn known_id(plan_id: &str) -> Result<PlanId, Problem> {
    PlanId::parse(plan_id).map_err(|_| no_such_plan())
}

fn no_such_plan() -> Problem {
    Problem::new(Code::NotFound, "there is no such plan")
}
