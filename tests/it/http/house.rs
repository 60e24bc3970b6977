//! A server on a throwaway database, and a client that says exactly what it is told to.

use crate::store::backend::Backend;
use anyhow::{Context, Result};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::engine::{Engine, EngineConfig, Random};
use planexe_ax::http::{App, Polls, serve};
use planexe_ax::keys::Keyring;
use planexe_ax::projections::windows;
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::reading::Reader;
use planexe_ax::store::Store;
use planexe_ax::store::views::Views;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running server, with its house.
pub(super) struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    pub(super) engine: Engine,
    pub(super) keys: Keyring,
    projector: Projector,
    views: Views,
    pub(super) store: Store,
    /// Kept: the database goes with it.
    _backend: Backend,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Value,
}

impl Answer {
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

impl Server {
    pub(super) async fn on(backend: Backend) -> Result<Self> {
        Self::by(backend, Clock::System).await
    }

    /// One whose engine goes by this clock.
    async fn by(backend: Backend, clock: Clock) -> Result<Self> {
        let store = backend.open().await?;
        let views = Views::open(&backend.config()).await?;
        let config = EngineConfig::default();
        let engine = Engine::start(store.clone(), clock, Random::from_system(), config).await?;
        let (known, config) = (windows(), ProjectorConfig::default());
        let projector =
            Projector::start(store.clone(), views.clone(), known, Clock::System, config);
        projector.catch_up().await?;
        let reader = Reader::new(store.clone(), views.clone(), Clock::System, projector.reached());
        let (stop, stopping) = watch::channel(false);
        let mut stopped = stopping.clone();
        let keys = Keyring::start(store.clone(), Clock::System).await?;
        let app = App {
            database: "test",
            engine: engine.clone(),
            keys: keys.clone(),
            polls: Polls::default(),
            reader,
            stopping,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let stopped = async move {
            while !*stopped.borrow_and_update() && stopped.changed().await.is_ok() {}
        };
        let serving = tokio::spawn(serve(listener, Arc::new(app), stopped));
        let _backend = backend;
        Ok(Self { address, stop, serving, engine, keys, projector, views, store, _backend })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(super) async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        self.serving.await??;
        self.keys.stop().await;
        self.engine.stop().await;
        self.projector.stop().await;
        self.views.close().await;
        self.store.close().await;
        Ok(())
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
    let body = match body {
        "" => Value::Null,
        page if head.contains("\r\ncontent-type: text/") => page.into(),
        json => serde_json::from_str(json)?,
    };
    Ok(Answer { status, head: head.to_owned(), body })
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
    for backend in backends().await? {
        test(Server::on(backend).await?).await?;
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
