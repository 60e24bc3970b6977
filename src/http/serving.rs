//! Connections: how many there are, how long each may take over a request's head, and how they end
//! when the server stops. Whatever was on its way then is answered, and told that the connection
//! closes behind it.

use super::App;
use super::failures::Source;
use super::patience::Patient;
use crate::config::Door;
use crate::planted::is_planted;
use crate::telemetry::metrics::{CONNECTIONS, CONNECTIONS_REFUSED};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What hyper reads of a head beside headers and path before it gives up.
const HEAD_SLACK_BYTES: usize = 8 << 10;
/// How many connections over the limit are told so at once; those beyond are just closed.
const REFUSED_AT_ONCE_MAX: usize = 64;
/// How long connections that are made but not accepted yet are waited for when the server stops.
const BACKLOG_MS: u64 = 20;
/// How long to wait when no connection can be accepted, as where no file can be opened any more.
const ACCEPT_RETRY_MS: u64 = 500;

/// Where the server is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It serves.
    Open,
    /// Connections on which nothing is under way are closed.
    Closing,
}

/// What holds for every connection.
#[derive(Clone)]
pub(super) struct Terms {
    door: Door,
    /// How long the other side may take nothing of what it is sent.
    stall_ms_max: u64,
    stopping: watch::Receiver<bool>,
}

impl Terms {
    pub(super) fn of(app: &App) -> Self {
        let (door, stopping) = (app.config.door.clone(), app.stopping.clone());
        Self { door, stall_ms_max: app.streams.limits().stall_ms_max, stopping }
    }
}

struct Connections {
    router: Router,
    terms: Terms,
    phase: watch::Sender<Phase>,
    tasks: JoinSet<()>,
}

/// Serves until `stop` comes, then ends what was accepted. Once `stopping` says so, each answer is
/// the last of its connection.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    terms: Terms,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let phase = watch::Sender::new(Phase::Open);
    let tasks = JoinSet::new();
    let mut connections = Connections { router, terms, phase, tasks };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => connections.take(accepted).await,
            Some(ended) = connections.tasks.join_next() => note_end(ended),
        }
    }
    if is_planted("no_drain_at_stop") {
        return Ok(());
    }
    connections.linger(&listener).await;
    drop(listener);
    connections.phase.send_replace(Phase::Closing);
    while let Some(ended) = connections.tasks.join_next().await {
        note_end(ended);
    }
    Ok(())
}

impl Connections {
    /// Serves on while clients learn that the server stops: ends when no connection is left.
    async fn linger(&mut self, listener: &TcpListener) {
        let mut backlog = pin!(tokio::time::sleep(Duration::from_millis(BACKLOG_MS)));
        let mut over = pin!(tokio::time::sleep(Duration::from_millis(self.terms.door.linger_ms)));
        let mut is_backlog_taken = false;
        loop {
            if is_backlog_taken && self.tasks.is_empty() {
                return;
            }
            tokio::select! {
                biased;
                accepted = listener.accept() => self.take(accepted).await,
                Some(ended) = self.tasks.join_next() => note_end(ended),
                () = &mut backlog, if !is_backlog_taken => is_backlog_taken = true,
                () = &mut over, if is_backlog_taken => return,
            }
        }
    }

    async fn take(&mut self, accepted: io::Result<(TcpStream, std::net::SocketAddr)>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one(&error) => return,
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted: {error}");
                return tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        };
        let open = self.tasks.len();
        let is_refused = open >= self.terms.door.connections_max;
        if is_refused {
            CONNECTIONS_REFUSED.count();
        }
        if open >= self.terms.door.connections_max.saturating_add(REFUSED_AT_ONCE_MAX) {
            return;
        }
        let router = (!is_refused).then(|| self.router.clone());
        let (terms, phases) = (self.terms.clone(), self.phase.subscribe());
        self.tasks.spawn(attend((stream, Source(peer.ip())), router, terms, phases));
    }
}

/// Whether it was only one connection that failed, before it was accepted.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn note_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection did not end well");
    }
}

/// Answers what comes over one connection; without routes, that there are too many of them.
async fn attend(
    (stream, source): (TcpStream, Source),
    router: Option<Router>,
    terms: Terms,
    mut phases: watch::Receiver<Phase>,
) {
    let Terms { door, stall_ms_max, stopping } = terms;
    let _open = CONNECTIONS.held();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection delays what is small");
    }
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(door.head_ms_max))
        .max_buf_size(door.header_bytes_max + door.url_bytes_max + HEAD_SLACK_BYTES)
        .keep_alive(router.is_some());
    let routes = router.map(TowerToHyperService::new);
    let is_stopping = stopping.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(source);
        let answering = routes.as_ref().map(|routes| routes.call(request));
        let stopping = is_stopping.clone();
        async move {
            let mut response = match answering {
                Some(answering) => answering.await?,
                None => too_many(),
            };
            if *stopping.borrow() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let stream = Patient::new(stream, stall_ms_max, stopping.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing(&mut phases) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection was cut");
    }
}

/// Waits until nothing more is listened for.
async fn closing(phases: &mut watch::Receiver<Phase>) {
    drop(phases.wait_for(|phase| *phase == Phase::Closing).await);
}

/// The answer on a connection that is one too many.
fn too_many() -> Response<Body> {
    let mut response = Response::new(Body::from("too many connections are open: try again\n"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
