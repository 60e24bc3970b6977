//! `ax serve`: opens the archive and the door, and closes both in order when asked to stop.

use super::open::{exit_of, open_store};
use crate::{
    clock::Clock,
    config::{Config, Database},
    engine::{Engine, EngineConfig, Random},
    exit::{Exit, Failure},
    http::{self, App},
    projections::windows,
    projector::{Projector, ProjectorConfig},
    store::{StoreConfig, views::Views},
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
    let address = listener.local_addr().context("cannot tell the address")?;
    let engine =
        Engine::start(store.clone(), Clock::System, Random::from_system(), EngineConfig::default())
            .await
            .map_err(|error| Exit::DatabaseCorrupt.because(anyhow!(error)))?;
    let views = Views::open(&StoreConfig::new(config.database.url())).await;
    let views = views.map_err(|error| exit_of(&error).because(anyhow!(error)))?;
    let projector = Projector::start(
        store.clone(),
        views.clone(),
        windows(),
        Clock::System,
        ProjectorConfig::default(),
    );
    announce(address, &config.database);
    let app = App { database: config.database.kind(), engine: engine.clone() };
    let ended = until_stopped(listener, app, stop).await;
    projector.stop().await;
    engine.stop().await;
    views.close();
    store.close().await;
    ended
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
    mut signals: StopSignals,
) -> Result<(), Failure> {
    let (stop, mut stopped) = watch::channel(false);
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
