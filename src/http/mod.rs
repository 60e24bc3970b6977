//! The door: a file for each resource.

mod agents;
mod around;
mod asking;
mod blockers;
mod body;
mod caller;
mod code;
mod errors;
mod executions;
mod health;
mod patience;
mod plain_json;
mod plans;
mod problem;
mod report_body;
mod reports;
mod shown;
mod streams;
mod tasks;
mod terms;
mod work;
mod work_shown;
mod writing;

pub use code::Code;
pub use errors::errors_markdown;
pub use patience::listen;
pub use streams::{StreamLimits, Streams};

use crate::engine::Engine;
use crate::feed::Feed;
use crate::reading::Reader;
use crate::store::Position;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use patience::Patient;
use problem::Problem;
use std::{future::Future, io, sync::Arc};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the door needs of the house.
pub struct App {
    /// The kind of database that keeps the log.
    pub database: &'static str,
    /// The engine.
    pub engine: Engine,
    /// What is asked of the windows.
    pub reader: Reader,
    /// What is told live.
    pub feed: Feed,
    /// The streams that are open, and how many there may be.
    pub streams: Streams,
    /// Other sites whose pages may open streams, such as `https://board.example`.
    pub origins: Vec<String>,
    /// Whether the server stops: whoever waits is sent away.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// The position of the last event in the log; none when the log cannot be read.
    pub async fn position(&self) -> Option<u64> {
        self.engine.store().head().await.ok().map(|head| head.position.get())
    }

    /// Waits until a window has come to a position, when one is asked for.
    async fn wait_for(&self, window: &str, min_position: Option<u64>) -> Result<(), Problem> {
        match min_position {
            Some(position) => Ok(self.reader.wait_for(window, Position::new(position)).await?),
            None => Ok(()),
        }
    }
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/agents", get(agents::list).post(agents::register))
        .route("/agents/register", post(agents::register))
        .route("/agents/{agent_id}", get(agents::get).patch(agents::change))
        .route("/agents/{agent_id}/capabilities", get(agents::capabilities))
        .route("/agents/{agent_id}/work", get(work::work))
        .route("/agents/{agent_id}/heartbeat", post(work::heartbeat))
        .route("/agents/{agent_id}/drain", post(work::drain))
        .route("/agents/{agent_id}/stream", get(streams::agent))
        .route("/executions", get(executions::list).post(executions::create))
        .route("/executions/{execution_id}", get(executions::get).patch(executions::change))
        .route("/executions/{execution_id}/status", get(executions::status))
        .route("/executions/{execution_id}/events", post(reports::report))
        .route("/executions/{execution_id}/tasks", get(tasks::list))
        .route("/executions/{execution_id}/tasks/{task_id}/why", get(tasks::why))
        .route("/executions/{execution_id}/blockers", get(blockers::list))
        .route("/executions/{execution_id}/blockers/{blocker_id}/resolve", post(blockers::resolve))
        .route("/executions/{execution_id}/stream", get(streams::execution))
        .route("/plans", get(plans::list).post(plans::import))
        .route("/plans/{plan_id}", get(plans::get).delete(plans::delete))
        .route("/plans/{plan_id}/tasks", get(plans::tasks))
        .route("/plans/{plan_id}/stream", get(streams::plan))
        .route("/stream", get(streams::all));
    Router::new()
        .nest("/api", api)
        .route("/healthz", get(health::get))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/errors", get(errors::list))
        .route("/errors/{code}", get(errors::get))
        .fallback(around::nothing_there)
        .method_not_allowed_fallback(around::no_such_method)
        .layer(DefaultBodyLimit::max(body::BODY_BYTES_MAX))
        .layer(from_fn(around::around))
        .with_state(app)
}

/// Answers requests until `stop` comes, then those that were accepted before, and ends with the
/// last stream.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let streams = app.streams.clone();
    let stall_ms_max = streams.limits().stall_ms_max;
    let patient = Patient { listener, stall_ms_max, stopping: app.stopping.clone() };
    axum::serve(patient, router(app)).with_graceful_shutdown(stop).await?;
    streams.ended().await;
    Ok(())
}
