//! `/api/plans`: what there is to carry out, read in, shown, and taken out of sight.

mod form;
mod import;
mod refused;
mod report;
mod shown;

use super::App;
use super::asking::{Freshness, Query, aged, page};
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::schemas::Id;
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::plan::{PlanCommand, Review};
use crate::domain::{AgentId, Command, PlanId, StreamName, Text};
use crate::engine::Describe;
use crate::projections::plans::PlanRow;
use crate::reading::{Found, Marked, PlanFilter};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
pub(super) use form::{DependencyForm, RetryForm, SubtaskForm};
pub(super) use import::{__path_import, import};
pub(super) use refused::refused;
pub(super) use report::{__path_report, report};
use serde::{Deserialize, Serialize};
use shown::{PlanShown, TaskShown};
pub(super) use shown::{hours, retry_policy, value_of};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(super) fn new_id() -> PlanId {
    PlanId::parse(&format!("plan_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// Which plans are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlansWish {
    #[param(inline)]
    status: Option<PlanStatus>,
    #[param(value_type = Option<Id>)]
    assigned_to: Option<AgentId>,
    /// Words of the title or the goal.
    #[param(value_type = Option<String>)]
    q: Option<Text>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// Plans.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanList<'a> {
    plans: Vec<PlanShown<'a>>,
    next_cursor: Option<String>,
}

/// Where a plan is in its life, as it can be asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PlanStatus {
    Generating,
    Failed,
    Stopped,
    Importing,
    Ready,
    Archived,
    Deleted,
}

impl PlanStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Generating => "generating",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Importing => "importing",
            Self::Ready => "ready",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

/// The plans, the newest first; deleted ones only where their status is asked for.
#[utoipa::path(get, path = "/api/plans", operation_id = "list_plans", tag = "plans",
    security(("key" = ["read"])), params(PlansWish),
    responses((status = 200, description = "A page of them.", body = PlanList)))]
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
    let plans = found.rows.iter().map(|marked| PlanShown::from(&marked.row)).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(PlanList { plans, next_cursor })))
}

/// One plan.
#[utoipa::path(get, path = "/api/plans/{plan_id}", operation_id = "get_plan", tag = "plans",
    security(("key" = ["read"])), params(Freshness),
    responses((status = 200, description = "The plan.", body = PlanShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
    Query(wish): Query<Freshness>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.wait_for("plans", wish.min_position).await?;
    let found = app.plan_in_sight(&caller, &plan_id).await?;
    let row = found.rows.first().ok_or_else(no_such_plan)?;
    Ok(aged(found.age, axum::Json(PlanShown::from(&row.row))))
}

/// Which tasks of a plan are wanted, and how new they must be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TasksWish {
    /// Those whose parts are so reviewed: `pending` are those that wait for a person.
    #[param(inline)]
    review: Option<ReviewState>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    min_position: Option<u64>,
}

/// What a person says of the parts of a task.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReviewState {
    NotNeeded,
    Pending,
    Approved,
    Rejected,
}

impl ReviewState {
    fn as_str(self) -> &'static str {
        let review = match self {
            Self::NotNeeded => Review::NotNeeded,
            Self::Pending => Review::Pending,
            Self::Approved => Review::Approved,
            Self::Rejected => Review::Rejected,
        };
        review.as_str()
    }
}

/// Tasks of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanTasks<'a> {
    #[schema(value_type = Id)]
    plan_id: PlanId,
    tasks: Vec<TaskShown<'a>>,
    next_cursor: Option<String>,
}

/// The tasks of a plan in its order, parents before their parts.
#[utoipa::path(get, path = "/api/plans/{plan_id}/tasks", operation_id = "list_plan_tasks",
    tag = "plans", security(("key" = ["read"])), params(TasksWish),
    responses((status = 200, description = "A page of them.", body = PlanTasks)))]
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
    let which = (&plan_id, wish.review.map(ReviewState::as_str));
    let found = app.reader.plan_tasks(&caller.workspace, which, &wanted).await?;
    let tasks = found.rows.iter().map(|marked| TaskShown::from(&marked.row)).collect();
    let next_cursor = found.next_cursor;
    Ok(aged(found.age, axum::Json(PlanTasks { plan_id, tasks, next_cursor })))
}

/// What is said of a plan that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanGone {
    #[schema(value_type = Id)]
    plan_id: String,
    status: String,
}

/// Takes a plan out of sight, with all that it held.
#[utoipa::path(delete, path = "/api/plans/{plan_id}", operation_id = "delete_plan", tag = "plans",
    security(("key" = ["command"])), params(Terms),
    responses((status = 200, description = "It is gone.", body = PlanGone)))]
pub(super) async fn delete(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(plan_id): Path<String>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.refuse_agents_own(&caller, &plan_id).await?;
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

pub(super) fn no_such_plan() -> Problem {
    Problem::new(Code::NotFound, "there is no such plan")
}
