//! The door: a file for each resource.

mod health;

use crate::engine::Engine;
use axum::{Router, routing::get};
use std::{future::Future, io, sync::Arc};
use tokio::net::TcpListener;

/// What the door needs of the house.
pub struct App {
    /// The kind of database that keeps the log.
    pub database: &'static str,
    /// The engine.
    pub engine: Engine,
}

impl App {
    /// The position of the last event in the log; none when the log cannot be read.
    pub async fn position(&self) -> Option<u64> {
        self.engine.store().head().await.ok().map(|head| head.position.get())
    }
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/healthz", get(health::get)).with_state(app)
}

/// Answers requests until `stop` comes, then those that were accepted before.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}
