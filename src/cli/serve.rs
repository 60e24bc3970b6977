//! `ax serve`: opens the archive and the door, and closes both in order when asked to stop.

use super::open::{open_outbox, open_store, open_views, refusal};
use crate::{
    clock::Clock,
    config::{Config, Database},
    domain::Event,
    engine::{Engine, EngineConfig, EngineError, Random},
    exit::{Exit, Failure},
    http::{self, App, Polls},
    keys::Keyring,
    projections,
    projector::{Auditor, AuditorConfig, Projector, ProjectorConfig},
    reading::Reader,
    store::{LogFilter, Position, Store},
    webhooks::Webhooks,
};
use anyhow::{Context, anyhow};
use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tracing::{info, warn};

/// How long requests that were accepted may take once the program is asked to stop.
const STOP_MS_MAX: u64 = 10_000;

/// Serves until it is asked to stop.
pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    let stop = StopSignals::listen().context("cannot listen for signals")?;
    let listener = bind(config.listen).await?;
    let store = open_store(&config.database).await?;
    let views = open_views(&config.database).await?;
    let address = listener.local_addr().context("cannot tell the address")?;
    let engine = start_engine(&store).await?;
    let projector = Projector::start(
        store.clone(),
        views.clone(),
        projections::windows(),
        Clock::System,
        ProjectorConfig::default(),
    );
    let auditor = Auditor::new(
        store.clone(),
        views.clone(),
        projections::windows(),
        (Clock::System, Random::from_system()),
        AuditorConfig::default(),
    );
    auditor.start();
    let (outbox, random) = (open_outbox(&config.database).await?, Random::from_system());
    let webhooks = Webhooks::start(engine.clone(), outbox, random, config.webhooks.clone());
    announce(address, &config.database);
    let reader = Reader::new(store.clone(), views.clone(), Clock::System, projector.reached());
    let (stopping, stopped) = watch::channel(false);
    let database = config.database.kind();
    let keys = Keyring::start(store.clone(), Clock::System).await;
    let keys = keys.map_err(|error| refusal(error.into()))?;
    let app = App {
        database,
        engine: engine.clone(),
        keys: keys.clone(),
        polls: Polls::default(),
        reader,
        webhooks: webhooks.clone(),
        stopping: stopped,
    };
    let ended = until_stopped(listener, app, stopping, stop).await;
    keys.stop().await;
    webhooks.stop().await;
    engine.stop().await;
    auditor.stop().await;
    projector.stop().await;
    views.close().await;
    store.close().await;
    ended
}

/// Starts the engine, on a log of which it knows every event.
async fn start_engine(store: &Store) -> Result<Engine, Failure> {
    let known = Event::catalogue().map(|entry| entry.kind.to_owned()).collect();
    let unknown = LogFilter { kinds_left_out: known, ..LogFilter::default() };
    let found = store.read_log(Position::ZERO, &unknown, 1).await;
    if let Some(event) = found.map_err(|error| refusal(error.into()))?.first() {
        return Err(Exit::DatabaseVersion.because(anyhow!(
            "the log is newer than this program: it does not know the event {:?} at position {}; \
             install the newer program",
            event.kind,
            event.position,
        )));
    }
    let config = EngineConfig { needs_whole_log: true, ..EngineConfig::default() };
    let started = Engine::start(store.clone(), Clock::System, Random::from_system(), config).await;
    started.map_err(|error| {
        if let EngineError::Store(error) = error {
            return refusal(error.into());
        }
        let why = anyhow!("the log cannot be followed, restore it from a backup: {error}");
        Exit::DatabaseCorrupt.because(why)
    })
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            return Exit::AddressInUse.because(anyhow!(
                "another program listens on {address}: stop it, or choose another port, such as \
                 --listen 127.0.0.1:8001"
            ));
        }
        Exit::Other.because(anyhow!(error).context(format!("cannot listen on {address}")))
    })
}

/// Tells the one who started it where it is and what to try.
fn announce(address: SocketAddr, database: &Database) {
    let lines = format!(
        "ax {} listens on http://{address}\n\
         database: {database}\n\
         try:      curl http://{address}/healthz\n\
         stop:     ctrl-c\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut out = io::stdout().lock();
    if out.write_all(lines.as_bytes()).and_then(|()| out.flush()).is_err() {
        info!(server.address = %address, "ax listens on http://{address}");
    }
}

/// Serves until a signal comes, then lets what was accepted end. Either branch that is dropped
/// holds nothing that is needed any more: the process ends next.
async fn until_stopped(
    listener: TcpListener,
    app: App,
    stop: watch::Sender<bool>,
    mut signals: StopSignals,
) -> Result<(), Failure> {
    let mut stopped = stop.subscribe();
    let server = http::serve(listener, Arc::new(app), async move {
        while !*stopped.borrow_and_update() && stopped.changed().await.is_ok() {}
    });
    let deadline = async {
        signals.come().await;
        info!("stopping: accepted requests are answered first");
        stop.send_replace(true);
        tokio::time::sleep(Duration::from_millis(STOP_MS_MAX)).await;
    };
    tokio::select! {
        ended = server => ended.context("cannot serve")?,
        () = deadline => warn!(stop.ms_max = STOP_MS_MAX, "stopped with requests unanswered"),
    }
    Ok(())
}

/// The signals that ask the program to stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them. Safe to cancel: a signal that has come is not lost.
    async fn come(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
