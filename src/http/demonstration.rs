//! `/api/demonstration`: what a first visitor found can be taken away.

use super::App;
use super::caller::Caller;
use super::plans::no_such_plan;
use super::problem::Problem;
use super::writing::AX_POSITION;
use crate::demo;
use axum::Json;
use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What became of the demonstration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DemonstrationAfter {
    status: &'static str,
}

/// Takes the demonstration away: its execution is given up, its agents retire, its plan is deleted.
#[utoipa::path(delete, path = "/api/demonstration", operation_id = "remove_demonstration",
    tag = "operators", security(("key" = ["command"])),
    responses((status = 200, description = "It is gone.", body = DemonstrationAfter)))]
pub(super) async fn remove(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    if caller.workspace != demo::workspace() {
        return Err(no_such_plan());
    }
    demo::take_away(&app.engine, &caller.actor).await?;
    let position = app.engine.store().head().await?.position;
    // Whoever looks at the plans next should not find it.
    app.reader.wait_a_moment_for("plans").await;
    let mut response = Json(DemonstrationAfter { status: "removed" }).into_response();
    response.headers_mut().insert(AX_POSITION, HeaderValue::from(position.get()));
    Ok(response)
}
