//! The door: a file for each resource.

mod access;
mod agents;
mod amend;
mod around;
mod asking;
mod blockers;
mod body;
mod caller;
mod code;
mod docs;
mod errors;
mod events;
mod executions;
mod feed;
mod fork;
mod gate;
mod health;
mod heartbeat;
mod history;
mod openapi;
mod plain_json;
mod plans;
mod problem;
mod report_body;
mod reports;
mod rights;
mod schemas;
mod shown;
mod tasks;
mod terms;
mod timeline;
mod webhooks;
mod work;
mod work_shown;
mod writing;

pub use access::session::owner_link;
pub use code::Code;
pub use errors::errors_markdown;
pub use work::Polls;

use crate::engine::Engine;
use crate::keys::Keyring;
use crate::reading::Reader;
use crate::store::Position;
use crate::webhooks::Webhooks;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use gate::Gate;
use problem::Problem;
use rights::Rights;
use std::{future::Future, io, sync::Arc};
use tokio::net::TcpListener;
use tokio::sync::watch;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the door needs of the house.
pub struct App {
    /// The kind of database that keeps the log.
    pub database: &'static str,
    /// The engine.
    pub engine: Engine,
    /// The keys that there are.
    pub keys: Keyring,
    /// Those that wait for work.
    pub polls: Polls,
    /// What is asked of the windows.
    pub reader: Reader,
    /// What sends notices to other servers.
    pub webhooks: Webhooks,
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

/// Every operation, with its place in the API's description.
fn routes() -> OpenApiRouter<Arc<App>> {
    let agents = OpenApiRouter::new()
        .routes(routes!(agents::list, agents::register))
        .routes(routes!(agents::register_by_document))
        .routes(routes!(agents::get, agents::change))
        .routes(routes!(agents::capabilities))
        .routes(routes!(work::work))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(work::drain));
    let executions = OpenApiRouter::new()
        .routes(routes!(executions::list, executions::create))
        .routes(routes!(executions::get, executions::change))
        .routes(routes!(executions::status))
        .routes(routes!(reports::report, events::list))
        .routes(routes!(timeline::get))
        .routes(routes!(history::diff))
        .routes(routes!(amend::amend))
        .routes(routes!(fork::fork))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::why))
        .routes(routes!(blockers::list))
        .routes(routes!(blockers::resolve))
        .routes(routes!(blockers::inbox))
        .routes(routes!(feed::list));
    let plans = OpenApiRouter::new()
        .routes(routes!(plans::list, plans::import))
        .routes(routes!(plans::get, plans::delete))
        .routes(routes!(plans::tasks));
    let access = OpenApiRouter::new()
        .routes(routes!(access::keys::list, access::keys::create))
        .routes(routes!(access::keys::revoke))
        .routes(routes!(access::members::list, access::members::add))
        .routes(routes!(access::members::change, access::members::remove))
        .routes(routes!(access::session::get, access::session::log_in, access::session::log_out))
        .routes(routes!(access::session::link))
        .routes(routes!(access::tickets::create))
        .routes(routes!(access::workspace::get, access::workspace::change));
    let webhooks = OpenApiRouter::new()
        .routes(routes!(webhooks::list, webhooks::register))
        .routes(routes!(webhooks::register_by_document))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::retry))
        .routes(routes!(webhooks::test));
    let machine = OpenApiRouter::new()
        .routes(routes!(health::get))
        .routes(routes!(health::ready))
        .routes(routes!(health::version))
        .routes(routes!(errors::list))
        .routes(routes!(errors::get))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::page))
        .routes(routes!(docs::script))
        .routes(routes!(docs::style));
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .merge(agents)
        .merge(executions)
        .merge(plans)
        .merge(access)
        .merge(webhooks)
        .merge(machine)
}

/// The API's description, as `docs/openapi.json` has it.
pub fn openapi_json() -> String {
    let document = openapi::completed(&routes().into_openapi());
    let mut text = serde_json::to_string_pretty(&document).expect("a description is JSON");
    text.push('\n');
    text
}

/// All routes, behind the gate.
fn router(app: Arc<App>) -> Router {
    let (routes, document) = routes().split_for_parts();
    let rights = Rights::of(&document).expect("a test holds every route to naming its right");
    let gate = Arc::new(Gate { app: Arc::clone(&app), rights });
    routes
        .fallback(around::nothing_there)
        .method_not_allowed_fallback(around::no_such_method)
        .layer(DefaultBodyLimit::max(body::BODY_BYTES_MAX))
        .layer(from_fn_with_state(gate, gate::admit))
        .layer(from_fn(around::around))
        .with_state(app)
}

/// Answers requests until `stop` comes, then those that were accepted before.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}
