//! Whether the server can do its work, and what it is.

use super::App;
use super::code::Code;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    status: &'static str,
    version: &'static str,
    database: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// `after_restore` while nothing is given out, falls due or is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<&'static str>,
}

/// Why work waits, where it does.
fn paused(app: &App) -> Option<&'static str> {
    app.engine.is_paused().then_some("after_restore")
}

/// Says `ok` and how far the log is; 503 when the log cannot be read.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "operators",
    security(()), responses((status = 200, description = "It works.", body = Health),
        (status = 503, description = "The log cannot be read.", body = Health)))]
pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    let position = app.position().await;
    let (code, status) = match position {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let version = env!("CARGO_PKG_VERSION");
    let (database, paused) = (app.database, paused(&app));
    (code, Json(Health { status, version, database, position, paused })).into_response()
}

#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    status: &'static str,
    position: u64,
    lag_ms: u64,
    /// `after_restore` while nothing is given out, falls due or is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<&'static str>,
}

/// Says `ready` once the log can be read and the windows are there to be asked.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "operators",
    security(()), responses((status = 200, description = "It can be asked.", body = Ready)))]
pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Ready>, Problem> {
    if *app.stopping.borrow() {
        return Err(Problem::new(Code::Stopping, "the server stops: ask another one"));
    }
    let position = app.position().await;
    let position =
        position.ok_or_else(|| Problem::new(Code::Unavailable, "the log cannot be read"))?;
    let age = app.reader.age_of("progress").await?;
    Ok(Json(Ready { status: "ready", position, lag_ms: age.lag_ms, paused: paused(&app) }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    name: &'static str,
    version: &'static str,
}

/// What program this is.
#[utoipa::path(get, path = "/version", operation_id = "get_version", tag = "operators",
    security(()), responses((status = 200, description = "Name and version.", body = Version)))]
pub(super) async fn version() -> Json<Version> {
    Json(Version { name: "planexe-ax", version: env!("CARGO_PKG_VERSION") })
}
