//! A server on a throwaway database, and a client that says exactly what it is told to.

pub(super) use super::spoken::{Answer, Wire, answered, written};
use crate::sealer::house::beside;
use crate::store::backend::Backend;
use anyhow::{Context, Result};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::config::Config;
use planexe_ax::engine::{Engine, EngineConfig, Random};
use planexe_ax::feed::{Feed, FeedConfig};
use planexe_ax::http::{App, Polls, Streams, listen, serve};
use planexe_ax::keys::Keyring;
use planexe_ax::models::Decomposers;
use planexe_ax::planexe::{Generations, RunsItself};
use planexe_ax::projections::windows;
use planexe_ax::projector::{Operator, Projector, ProjectorConfig};
use planexe_ax::reading::Reader;
use planexe_ax::sealer::Sealer;
use planexe_ax::store::outbox::Outbox;
use planexe_ax::store::views::Views;
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax::webhooks::{KeySource, Network, SealKey, Webhooks, WebhooksConfig};
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running server, with its house.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    pub(super) engine: Engine,
    pub(super) keys: Keyring,
    pub(super) reader: Reader,
    pub(super) streams: Streams,
    feed: Feed,
    projector: Projector,
    views: Views,
    pub(super) webhooks: Webhooks,
    pub(super) generations: Generations,
    pub(super) sealer: Sealer,
    pub(super) store: Store,
    /// Kept: the database and the key go with them.
    _kept: (Backend, Folder),
}

/// Webhooks reach this machine, whatever the port; the key is made beside a file, and given where
/// there is none.
pub(super) fn to_this_machine(backend: &Backend) -> WebhooksConfig {
    let mut config = WebhooksConfig::new(match backend {
        Backend::Sqlite(file) => KeySource::MadeIn(file.folder().join("secret.key")),
        Backend::Postgres(_) | Backend::Memory(_) => {
            KeySource::Given(SealKey::draw(&Random::from_system()).0)
        }
    });
    config.targets.allows_http = true;
    config.targets.ports = (1_024..=u16::MAX).collect();
    config.targets.networks = vec![Network::parse("127.0.0.0/8").expect("a network")];
    config
}

async fn decomposers(store: &Store, config: &Config) -> Result<Decomposers> {
    Ok(Decomposers::start(store, Clock::System, config.decomposition.clone()).await?)
}

async fn until(mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow_and_update() && stopped.changed().await.is_ok() {}
}

/// Looked after only when a test asks for it.
fn generations(engine: &Engine, config: &Config) -> Generations {
    Generations::start(engine.clone(), config.planexe.clone(), RunsItself::OnlyWhenAsked)
}

fn archive(backend: &Backend, config: &Config) -> StoreConfig {
    StoreConfig {
        read_connections_max: config.read_connections_max,
        queue_requests_max: config.queue_requests_max,
        ..backend.config()
    }
}

fn rules(config: &Config) -> EngineConfig {
    let gives_work = config.is_execution_enabled;
    EngineConfig { policy: config.policy, gives_work, ..EngineConfig::default() }
}

impl Server {
    pub(super) async fn on(backend: Backend) -> Result<Self> {
        Self::set(backend, Config::default()).await
    }

    /// A server that sends webhooks so.
    pub(super) async fn sending(backend: Backend, webhooks: WebhooksConfig) -> Result<Self> {
        Self::with(backend, Config::default(), webhooks, Clock::System).await
    }

    /// One that is set like this.
    pub(super) async fn set(backend: Backend, config: Config) -> Result<Self> {
        let webhooks = to_this_machine(&backend);
        Self::with(backend, config, webhooks, Clock::System).await
    }

    /// One whose engine goes by this clock.
    pub(super) async fn by(backend: Backend, clock: Clock) -> Result<Self> {
        let webhooks = to_this_machine(&backend);
        Self::with(backend, Config::default(), webhooks, clock).await
    }

    async fn with(
        backend: Backend,
        config: Config,
        webhooks: WebhooksConfig,
        of_engine: Clock,
    ) -> Result<Self> {
        let config = Arc::new(config);
        let store = backend.open_with(&archive(&backend, &config)).await?;
        let views = Views::open(&backend.config()).await?;
        let clock = Clock::System;
        let rules = rules(&config);
        let random = Random::from_system();
        let engine = Engine::start(store.clone(), of_engine, random, rules).await?;
        let (known, way) = (windows(), ProjectorConfig::default());
        let projector = Projector::start(store.clone(), views.clone(), known, clock.clone(), way);
        projector.catch_up().await?;
        let told = FeedConfig { views: Some(views.clone()), ..FeedConfig::new(clock.clone()) };
        let feed = Feed::start(store.clone(), projector.reached(), told);
        let reader = Reader::new(store.clone(), views.clone(), clock.clone(), projector.reached());
        let streams = Streams::new(config.streams.clone());
        let started_at = clock.now();
        let operator = Operator::new(Some(store.clone()), views.clone(), windows(), clock);
        let (stop, stopping) = watch::channel(false);
        let stopped = until(stopping.clone());
        let (outbox, random) = (Outbox::open(&backend.config()).await?, Random::from_system());
        let webhooks = Webhooks::start(engine.clone(), outbox, random, webhooks);
        let generations = generations(&engine, &config);
        let folder = Folder::new()?;
        let sealer = beside(&backend, &store, &folder).await?;
        let keys = Keyring::start(store.clone(), Clock::System).await?;
        let app = App {
            database: "test",
            decomposers: decomposers(&store, &config).await?,
            generations: generations.clone(),
            engine: engine.clone(),
            keys: keys.clone(),
            polls: Polls::default(),
            reader: reader.clone(),
            feed: feed.clone(),
            streams: streams.clone(),
            origins: vec!["https://board.example".to_owned()],
            operator,
            started_at,
            config,
            webhooks: webhooks.clone(),
            sealer: sealer.clone(),
            stopping,
        };
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve(listener, Arc::new(app), stopped));
        Ok(Self {
            address,
            stop,
            serving,
            engine,
            keys,
            reader,
            streams,
            feed,
            projector,
            views,
            webhooks,
            generations,
            sealer,
            store,
            _kept: (backend, folder),
        })
    }

    /// Asks it to stop, and goes on.
    pub(super) fn ask_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Where it listens.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(super) async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        self.serving.await??;
        self.generations.stop().await;
        self.feed.stop().await;
        self.keys.stop().await;
        self.webhooks.stop().await;
        self.sealer.stop().await;
        self.engine.stop().await;
        self.projector.stop().await;
        self.views.close().await;
        self.store.close().await;
        Ok(())
    }

    /// A connection of its own.
    pub(super) async fn connect(&self) -> Result<Wire> {
        Ok(Wire { stream: TcpStream::connect(self.address).await? })
    }

    /// Sends these bytes, and reads what is answered.
    pub(super) async fn send(&self, request: &[u8]) -> Result<Answer> {
        answered(&self.address.to_string(), request).await
    }

    /// The status alone, without waiting for the end of the answer.
    pub(super) async fn status(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<u16> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(&written(method, path, headers, body)).await?;
        let mut answer = Vec::new();
        while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
        let line = String::from_utf8_lossy(&answer).into_owned();
        Ok(line.split(' ').nth(1).context("no status")?.parse()?)
    }

    /// A request with these headers and this body.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        self.send(&written(method, path, headers, body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        self.ask("GET", path, &[], b"").await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json("POST", path, &[], body).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json("PATCH", path, &[], body).await
    }

    pub(super) async fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer> {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend_from_slice(headers);
        self.ask(method, path, &all, body.to_string().as_bytes()).await
    }
}

/// Runs a test on a server with each database.
pub(super) async fn on_every<F: Future<Output = Result<()>>>(
    test: impl Fn(Server) -> F,
) -> Result<()> {
    on_every_with(&Config::default(), test).await
}

/// Runs a test on a server with each database, set like this.
pub(super) async fn on_every_with<F: Future<Output = Result<()>>>(
    config: &Config,
    test: impl Fn(Server) -> F,
) -> Result<()> {
    test(Server::set(Backend::sqlite()?, config.clone()).await?).await?;
    if !planexe_ax_testkit::postgres_is_skipped() {
        test(Server::set(Backend::postgres().await?, config.clone()).await?).await?;
    }
    Ok(())
}

/// Runs a test on a server with each database, and with the hands of its engine's clock.
pub(super) async fn on_every_with_hands<F: Future<Output = Result<()>>>(
    test: impl Fn(Server, Arc<SimulatedClock>) -> F,
) -> Result<()> {
    for backend in backends().await? {
        let (clock, hands) = Clock::simulated(Clock::System.now());
        test(Server::by(backend, clock).await?, hands).await?;
    }
    Ok(())
}

async fn backends() -> Result<Vec<Backend>> {
    let mut backends = vec![Backend::sqlite()?];
    if !planexe_ax_testkit::postgres_is_skipped() {
        backends.push(Backend::postgres().await?);
    }
    Ok(backends)
}
