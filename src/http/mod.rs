//! The door: a file for each resource.

mod access;
mod agent_plans;
mod agents;
mod amend;
mod around;
mod asking;
mod audit;
mod blockers;
mod body;
mod caller;
mod code;
mod crowd;
mod dashboard;
mod decompose;
mod demonstration;
mod docs;
mod errors;
mod events;
mod executions;
mod exports;
mod failures;
mod feed;
mod fork;
mod gate;
mod generate;
mod health;
mod heartbeat;
mod history;
mod mcp;
mod openapi;
mod operators;
mod patience;
mod plans;
mod problem;
mod rates;
mod report_body;
mod reports;
mod rights;
mod schemas;
mod serving;
mod shares;
mod shown;
mod streams;
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
pub use patience::listen;
pub use streams::{StreamLimits, Streams};
pub use work::Polls;

use crate::config::Config;
use crate::domain::Timestamp;
use crate::engine::Engine;
use crate::feed::Feed;
use crate::keys::Keyring;
use crate::models::Decomposers;
use crate::planexe::Generations;
use crate::projector::Operator;
use crate::reading::Reader;
use crate::sealer::Sealer;
use crate::store::Position;
use crate::webhooks::Webhooks;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use crowd::Crowd;
use failures::Failures;
use gate::Gate;
use mcp::Within;
use problem::Problem;
use rates::Limiter;
use rights::Rights;
use shares::Shares;
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
    /// What is told live.
    pub feed: Feed,
    /// The streams that are open, and how many there may be.
    pub streams: Streams,
    /// Other sites whose pages may open streams, such as `https://board.example`.
    pub origins: Vec<String>,
    /// What operators can do.
    pub operator: Operator,
    /// When the server was started.
    pub started_at: Timestamp,
    /// What is set.
    pub config: Arc<Config>,
    /// Who breaks tasks down.
    pub decomposers: Decomposers,
    /// The plans that PlanExe makes.
    pub generations: Generations,
    /// What sends notices to other servers.
    pub webhooks: Webhooks,
    /// What seals the log.
    pub sealer: Sealer,
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
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .merge(public_routes())
        .merge(operators::routes())
        .merge(machine_routes())
        .merge(dashboard_routes())
}

/// The page for people, and its files.
fn dashboard_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(dashboard::page)).routes(routes!(dashboard::file))
}

/// What agents keep of their own.
fn own_plan_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(agent_plans::list, agent_plans::create))
        .routes(routes!(agent_plans::get, agent_plans::change, agent_plans::delete))
        .routes(routes!(agent_plans::logs::add))
        .routes(routes!(agent_plans::logs::list))
        .routes(routes!(agent_plans::context::list, agent_plans::context::set))
        .routes(routes!(agent_plans::context::remove))
        .routes(routes!(agent_plans::subtasks::make))
}

/// The operations for agents, people and auditors.
fn public_routes() -> OpenApiRouter<Arc<App>> {
    let agents = OpenApiRouter::new()
        .routes(routes!(agents::list, agents::register))
        .routes(routes!(agents::register_by_document))
        .routes(routes!(agents::get, agents::change))
        .routes(routes!(agents::capabilities))
        .routes(routes!(decompose::decompose))
        .routes(routes!(work::work))
        .routes(routes!(heartbeat::heartbeat))
        .routes(routes!(work::drain))
        .routes(routes!(streams::agent));
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
        .routes(routes!(tasks::get))
        .routes(routes!(tasks::why))
        .routes(routes!(decompose::parts_of_execution))
        .routes(routes!(blockers::list))
        .routes(routes!(blockers::resolve))
        .routes(routes!(blockers::inbox))
        .routes(routes!(feed::list))
        .routes(routes!(exports::workspace))
        .routes(routes!(exports::execution))
        .routes(routes!(streams::execution))
        .routes(routes!(streams::all));
    let plans = OpenApiRouter::new()
        .routes(routes!(demonstration::remove))
        .routes(routes!(plans::list, plans::import))
        .routes(routes!(generate::generate))
        .routes(routes!(generate::get))
        .routes(routes!(generate::cancel))
        .routes(routes!(generate::retry))
        .routes(routes!(plans::get, plans::delete))
        .routes(routes!(plans::tasks))
        .routes(routes!(plans::report))
        .routes(routes!(decompose::plan))
        .routes(routes!(decompose::parts))
        .routes(routes!(decompose::review))
        .routes(routes!(streams::plan));
    let access = OpenApiRouter::new()
        .routes(routes!(access::keys::list, access::keys::create))
        .routes(routes!(access::keys::revoke))
        .routes(routes!(access::members::list, access::members::add))
        .routes(routes!(access::members::change, access::members::remove))
        .routes(routes!(access::session::get, access::session::log_in, access::session::log_out))
        .routes(routes!(access::session::link))
        .routes(routes!(access::tickets::create))
        .routes(routes!(access::workspace::get, access::workspace::change));
    OpenApiRouter::new()
        .merge(agents)
        .merge(executions)
        .merge(plans)
        .merge(own_plan_routes())
        .merge(access)
        .merge(webhook_routes())
        .routes(routes!(mcp::speak))
        .merge(operators::audit_routes())
        .merge(audit::routes())
}

/// What sends notices to other servers.
fn webhook_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list, webhooks::register))
        .routes(routes!(webhooks::register_by_document))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::retry))
        .routes(routes!(webhooks::test))
}

/// The operations that say what the server is, and that it lives.
fn machine_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::get))
        .routes(routes!(health::ready))
        .routes(routes!(health::version))
        .routes(routes!(errors::list))
        .routes(routes!(errors::get))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::page))
        .routes(routes!(docs::script))
        .routes(routes!(docs::style))
}

/// The API's description, as `docs/openapi.json` has it.
pub fn openapi_json() -> String {
    let document = openapi::completed(&routes().into_openapi());
    let mut text = serde_json::to_string_pretty(&document).expect("a description is JSON");
    text.push('\n');
    text
}

/// Routes, behind the gate. Tools of agents come through the same door, from within.
fn router(app: Arc<App>, served: OpenApiRouter<Arc<App>>) -> Router {
    let (routes, _) = served.split_for_parts();
    let document = self::routes().into_openapi();
    let rights = Rights::of(&document).expect("a test holds every route to naming its right");
    let crowd = Arc::new(Crowd::new(&app.config.door));
    let shares = Arc::new(Shares::new(&app.config.door));
    let limiter = Arc::new(Limiter::new(app.config.rates, app.engine.clock().clone()));
    let failures = Arc::new(Failures { limiter: Arc::clone(&limiter), keys: app.keys.clone() });
    let gate = Arc::new(Gate { app: Arc::clone(&app), rights });
    let door = routes
        .fallback(dashboard::elsewhere)
        .method_not_allowed_fallback(around::no_such_method)
        .layer(from_fn_with_state(limiter, rates::limit))
        .layer(from_fn_with_state(shares, shares::keep))
        .layer(from_fn_with_state(gate, gate::admit))
        .layer(from_fn_with_state(failures, failures::slow_down))
        .layer(from_fn_with_state(crowd, crowd::pass))
        .layer(from_fn(around::around))
        .with_state(app);
    door.clone().layer(Extension(Within(door)))
}

/// Answers requests until `stop` comes, then those that were accepted before, and ends with the
/// last stream. What is for operators is left out where they have a listener of their own.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let served = match app.config.metrics_listen {
        Some(_) => public_routes().merge(machine_routes()).merge(dashboard_routes()),
        None => routes(),
    };
    let streams = app.streams.clone();
    let terms = serving::Terms::of(&app);
    serving::serve(listener, router(app, served), terms, stop).await?;
    streams.ended().await;
    Ok(())
}

/// The same, on the listener that operators have of their own.
pub async fn serve_operators(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let served = operators::routes().merge(machine_routes()).merge(dashboard_routes());
    let terms = serving::Terms::of(&app);
    serving::serve(listener, router(app, served), terms, stop).await
}
