//! A server on a throwaway database, and a client that says exactly what it is told to.

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

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Value,
}

/// A connection that is kept.
pub(super) struct Wire {
    stream: TcpStream,
}

impl Wire {
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// What comes until the connection is closed; also when it is reset.
    pub(super) async fn rest(&mut self) -> Result<String> {
        let mut answer = Vec::new();
        match self.stream.read_to_end(&mut answer).await {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error)?,
            Ok(_) | Err(_) => Ok(String::from_utf8(answer)?),
        }
    }

    /// The head of the next answer.
    pub(super) async fn head(&mut self) -> Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        Ok(String::from_utf8(head)?.trim_end().to_owned())
    }

    /// The next answer, while the connection stays.
    pub(super) async fn answer(&mut self) -> Result<Answer> {
        let head = self.head().await?;
        let mut answer = Answer::read(&head, "")?;
        let length = answer.header("content-length").unwrap_or("0").parse()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        answer = Answer::read(&head, std::str::from_utf8(&body)?)?;
        Ok(answer)
    }
}

impl Answer {
    fn read(head: &str, body: &str) -> Result<Self> {
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        let body = match body {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap_or_else(|_| body.into()),
        };
        Ok(Self { status, head: head.to_owned(), body })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// The position that it stands at.
    pub(super) fn position(&self) -> Result<u64> {
        Ok(self.header("ax-position").context("no AX-Position")?.parse()?)
    }
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
    async fn by(backend: Backend, clock: Clock) -> Result<Self> {
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

/// Sends these bytes to a server, and reads what is answered.
pub(super) async fn answered(address: &str, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let is_in_parts = head.to_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_in_parts { put_together(body)? } else { body.to_owned() };
    let body = match body.as_str() {
        "" => Value::Null,
        page if head.contains("\r\ncontent-type: text/") => page.into(),
        json => serde_json::from_str(json)?,
    };
    Ok(Answer { status, head: head.to_owned(), body })
}

/// A body that was sent in parts, each with its length; it breaks off where the last is missing.
fn put_together(mut body: &str) -> Result<String> {
    let mut whole = String::new();
    loop {
        let (length, rest) = body.split_once("\r\n").context("the answer breaks off")?;
        let length = usize::from_str_radix(length, 16)?;
        if length == 0 {
            return Ok(whole);
        }
        whole.push_str(rest.get(..length).context("the answer breaks off")?);
        body = rest.get(length + 2..).context("the answer breaks off")?;
    }
}

/// A request with these headers and this body, as it is sent.
pub(super) fn written(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
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
