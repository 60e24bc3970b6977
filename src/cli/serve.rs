//! `ax serve`: opens the archive and the door, and closes both in order when asked to stop.

use super::open::{open_outbox, open_store, open_tree, open_views, refusal};
use crate::{
    clock::Clock,
    config::{Config, ConfigError, Database},
    demo::Demonstration,
    domain::Event,
    engine::{Engine, EngineConfig, EngineError, Random},
    exit::{Exit, Failure},
    feed::{Feed, FeedConfig, Reached},
    http::{self, App, Polls, Streams},
    keys::Keyring,
    models::Decomposers,
    planexe::{Generations, RunsItself},
    projections,
    projector::{Auditor, AuditorConfig, Operator, Projector, ProjectorConfig},
    reading::Reader,
    sealer::{Sealer, SealerKey},
    store::{LogFilter, Position, Store, views::Views},
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

/// How long requests that were accepted may take once the program is asked to stop. With what is
/// written behind then, stopping takes ten seconds at most.
const STOP_MS_MAX: u64 = 9_000;

/// Serves until it is asked to stop by a signal.
pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    let mut signals = StopSignals::listen().context("cannot listen for signals")?;
    serve_until(config, 1, announce, async move { signals.come().await }).await
}

/// Serves until it is to stop; tells when it can be asked. A demonstration goes on at this pace.
pub(super) async fn serve_until(
    config: &Config,
    pace: u64,
    tell: impl FnOnce(&Doors, &Database, &Keyring) -> Result<(), Failure>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let doors = Doors::bind(config)?;
    let store = open_store(config).await?;
    let views = open_views(config).await?;
    told_of_the_wall(config, &views);
    let keys = Keyring::start(store.clone(), Clock::System).await;
    let keys = keys.map_err(|error| refusal(error.into()))?;
    known_to_others(config, &keys)?;
    let engine = start_engine(&store, config).await?;
    let (projector, auditor) = start_windows(&store, &views);
    let reached = Reached::follow(&store, views.clone(), projector.reached());
    let feed_config = FeedConfig { views: Some(views.clone()), ..FeedConfig::new(Clock::System) };
    let feed = Feed::start(store.clone(), reached.position(), feed_config);
    let (outbox, random) = (open_outbox(&config.database).await?, Random::from_system());
    let webhooks = Webhooks::start(engine.clone(), outbox, random, config.webhooks.clone());
    let sealer = start_sealer(&store, config).await?;
    let decomposers = decomposers(&store, config).await?;
    let generations = Generations::start(engine.clone(), config.planexe.clone(), RunsItself::Yes);
    tell(&doors, &config.database, &keys)?;
    let reader = Reader::new(store.clone(), views.clone(), Clock::System, projector.reached());
    let operator =
        Operator::new(Some(store.clone()), views.clone(), projections::windows(), Clock::System);
    let (stopping, stopped) = watch::channel(false);
    let app = App {
        database: config.database.kind(),
        engine: engine.clone(),
        keys: keys.clone(),
        polls: Polls::default(),
        reader,
        feed: feed.clone(),
        streams: Streams::new(config.streams.clone()),
        origins: config.origins.clone(),
        operator,
        started_at: Clock::System.now(),
        config: Arc::new(config.clone()),
        decomposers,
        generations: generations.clone(),
        webhooks: webhooks.clone(),
        sealer: sealer.clone(),
        stopping: stopped,
    };
    let demonstration = match has_demonstration(config, &keys, &engine) {
        true => Some(Demonstration::start_at(&engine, pace).await),
        false => None,
    };
    let ended = until_stopped(doors, app, stopping, stop).await;
    if let Some(demonstration) = demonstration {
        demonstration.stop().await;
    }
    generations.stop().await;
    feed.stop().await;
    reached.stop().await;
    keys.stop().await;
    webhooks.stop().await;
    sealer.stop().await;
    engine.stop().await;
    auditor.stop().await;
    projector.stop().await;
    views.close().await;
    store.close().await;
    ended
}

/// Says so where the database itself does not keep the workspaces apart.
fn told_of_the_wall(config: &Config, views: &Views) {
    if matches!(config.database, Database::Postgres(_)) && !views.has_wall() {
        warn!(
            "the role ax_reader is missing: only the program keeps workspaces apart \
             (docs/ACCESS.md)"
        );
    }
}

/// Whether a first visitor finds something to watch: never where anybody else has been.
fn has_demonstration(config: &Config, keys: &Keyring, engine: &Engine) -> bool {
    let is_alone = config.public().is_none() && keys.is_unused();
    config.has_demonstration && is_alone && !engine.is_paused()
}

/// Starts what grows the tree over the log and signs it.
async fn start_sealer(store: &Store, config: &Config) -> Result<Sealer, Failure> {
    let tree = open_tree(&config.database).await?;
    let of = (Clock::System, Random::from_system());
    if matches!(config.audit.key, SealerKey::Nowhere) {
        warn!("the log is not signed: give all servers one key (AX_AUDIT_KEY_FILE, docs/AUDIT.md)");
    }
    Ok(Sealer::start(store.clone(), tree, of, config.audit.clone()))
}

/// Who breaks tasks down, with what the day has cost so far.
async fn decomposers(store: &Store, config: &Config) -> Result<Decomposers, Failure> {
    let decomposition = config.decomposition.clone();
    let started = Decomposers::start(store, Clock::System, decomposition).await;
    started.map_err(|error| refusal(error.into()))
}

/// Starts what keeps the windows, and what looks whether they are as the log says.
fn start_windows(store: &Store, views: &Views) -> (Projector, Auditor) {
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
    (projector, auditor)
}

/// Whoever reaches a server without keys owns it: then only this machine may.
fn known_to_others(config: &Config, keys: &Keyring) -> Result<(), Failure> {
    let Some(public) = config.public() else { return Ok(()) };
    if keys.is_unused() {
        return Err(Exit::Usage.because(ConfigError::Public(public)));
    }
    warn!(server.address = %public, "keys come in over {public} in the clear: put TLS before it");
    Ok(())
}

/// Starts the engine, on a log of which it knows every event.
async fn start_engine(store: &Store, config: &Config) -> Result<Engine, Failure> {
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
    let config = EngineConfig {
        policy: config.policy,
        gives_work: config.is_execution_enabled,
        needs_whole_log: true,
        ..EngineConfig::default()
    };
    let started = Engine::start(store.clone(), Clock::System, Random::from_system(), config).await;
    let engine = started.map_err(|error| {
        if let EngineError::Store(error) = error {
            return refusal(error.into());
        }
        let why = anyhow!("the log cannot be followed, restore it from a backup: {error}");
        Exit::DatabaseCorrupt.because(why)
    })?;
    if engine.is_paused() {
        warn!("the log was restored, and work waits until somebody says: ax resume-after-restore");
    }
    Ok(engine)
}

/// Where it listens: for everybody, and, when that is wanted, for operators apart.
pub(super) struct Doors {
    pub(super) public: TcpListener,
    operators: Option<TcpListener>,
}

impl Doors {
    fn bind(config: &Config) -> Result<Self, Failure> {
        let public = bind(config.listen, "--listen")?;
        let operators = match config.metrics_listen {
            Some(address) => Some(bind(address, "--metrics-listen")?),
            None => None,
        };
        Ok(Self { public, operators })
    }

    /// Answers at all of them until `stop` is told, then what was accepted.
    async fn serve(self, app: Arc<App>, stop: &watch::Sender<bool>) -> io::Result<()> {
        let public = http::serve(self.public, Arc::clone(&app), told(stop.subscribe()));
        let operators = async {
            match self.operators {
                Some(listener) => {
                    http::serve_operators(listener, app, told(stop.subscribe())).await
                }
                None => Ok(()),
            }
        };
        tokio::try_join!(public, operators).map(|_| ())
    }
}

async fn told(mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow_and_update() && stopped.changed().await.is_ok() {}
}

fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Failure> {
    http::listen(address).map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            return Exit::AddressInUse.because(anyhow!(
                "another program listens on {address}: stop it, or choose another port, such as \
                 {flag} 127.0.0.1:8001"
            ));
        }
        Exit::Other.because(anyhow!(error).context(format!("cannot listen on {address}")))
    })
}

/// Tells the one who started it where it is and what to try.
fn announce(doors: &Doors, database: &Database, keys: &Keyring) -> Result<(), Failure> {
    let place = |door: &TcpListener| door.local_addr().context("cannot tell the address");
    let address = place(&doors.public)?;
    let apart = doors.operators.as_ref().map(place).transpose()?;
    let apart = apart.map(|it| format!("metrics:  http://{it}/metrics\n")).unwrap_or_default();
    let access = match keys.is_unused() {
        true => "one user, no keys: whoever reaches this machine's own address owns everything",
        false => "by API key",
    };
    let lines = format!(
        "ax {} listens on http://{address}\n\
         database: {database}\n\
         access:   {access}\n\
         open:     http://{address}/ in a browser\n\
         {apart}stop:     ctrl-c\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut out = io::stdout().lock();
    if out.write_all(lines.as_bytes()).and_then(|()| out.flush()).is_err() {
        info!(server.address = %address, "ax listens on http://{address}");
    }
    Ok(())
}

/// Serves until it is to stop, then lets what was accepted end. Either branch that is dropped
/// holds nothing that is needed any more: the process ends next.
async fn until_stopped(
    doors: Doors,
    app: App,
    stop: watch::Sender<bool>,
    stopped: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let server = doors.serve(Arc::new(app), &stop);
    let deadline = async {
        stopped.await;
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
