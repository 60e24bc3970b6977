//! `GET /api/plans/{plan_id}/report`: how a plan was read in, as it stands in the log.

use super::shown::value_of;
use super::{known_id, no_such_plan};
use crate::domain::PlanId;
use crate::http::App;
use crate::http::asking::{Freshness, Query, aged};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::schemas::{AnyObject, Id, Moment};
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// How a plan was read in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub(super) struct ReportShown {
    #[schema(value_type = Id)]
    plan_id: PlanId,
    #[schema(value_type = Moment)]
    imported_at: String,
    imported_by: String,
    /// What was read, derived, repaired and dropped, each with its place and the reason; none where
    /// the plan came in without being read, such as one that an agent brought.
    #[schema(value_type = Option<AnyObject>)]
    import_report: Option<Value>,
}

/// How a plan was read in: what was derived, repaired and dropped.
#[utoipa::path(get, path = "/api/plans/{plan_id}/report", operation_id = "get_import_report",
    tag = "plans", security(("key" = ["read"])), params(Freshness),
    responses((status = 200, description = "The report.", body = ReportShown)))]
pub(in crate::http) async fn report(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
    Query(wish): Query<Freshness>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.wait_for("plans", wish.min_position).await?;
    let found = app.plan_in_sight(&caller, &plan_id).await?;
    let imported = app.reader.plan_imported(&caller.workspace, &plan_id).await?;
    let imported = imported.ok_or_else(no_such_plan)?;
    let shown = ReportShown {
        plan_id,
        imported_at: imported.at.to_string(),
        imported_by: imported.by.to_string(),
        import_report: imported.report.as_ref().map(|report| value_of(report.as_str())),
    };
    Ok(aged(found.age, axum::Json(shown)))
}
