//! `/healthz`: whether the server can do its work.

use super::App;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    database: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

/// Says `ok` and how far the log is; 503 when the log cannot be read.
pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    let position = app.position().await;
    let (code, status) = match position {
        Some(_) => (StatusCode::OK, "ok"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let version = env!("CARGO_PKG_VERSION");
    (code, Json(Health { status, version, database: app.database, position })).into_response()
}
