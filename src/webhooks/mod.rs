//! Webhooks: sends what happens to those who asked for it, signed, at least once, tried for three
//! days. What is on its way follows from the log; of all servers, one sends.

mod address;
mod calls;
mod challenge;
mod client;
mod fan_out;
mod message;
mod own_key;
mod pattern;
mod resolve;
mod run;
mod schedule;
mod seal;
mod secret;
mod send;
mod target;

pub use address::{BadNetwork, Network};
pub use message::TRIAL;
pub use own_key::{KeyError, KeySource};
pub use pattern::{BadPattern, check_pattern, names_a_call};
pub use resolve::Resolver;
pub use run::WebhooksError;
pub use schedule::WAITS_MS;
pub use seal::{BadKey, SealKey};
pub use secret::Secret;
pub use target::{BadTarget, TargetPolicy};

use crate::clock::Clock;
use crate::domain::{Text, Timestamp};
use crate::engine::{Engine, Random};
use crate::outbound::Proxy;
use crate::store::outbox::{
    Delivery, DeliveryState, NewDelivery, Outbox, OutboxCounts, WebhookKey,
};
use crate::store::{Position, Store, StoreError};
use client::Client;
use own_key::OwnKey;
use run::Run;
use rustls::pki_types::CertificateDer;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How long a receiver may take to answer.
const TIMEOUT_MS: u64 = 15_000;
/// How long at most before the sender looks around without having been woken.
const POLL_MS: u64 = 1_000;
/// How often a server that does not lead asks for the lead.
const IDLE_MS: u64 = 3_000;
/// How long it waits for more to come, so that much is taken in at once.
const LINGER_MS: u64 = 10;
/// How long to wait after a failure before it is tried again.
const RETRY_MS: u64 = 500;
/// How many deliveries wait for one webhook; the rest stays in the log until there is room.
const PENDING_MAX: u64 = 10_000;
/// How long one waits for what becomes of a trial.
const TRIAL_MS_MAX: u64 = 20_000;

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct WebhooksConfig {
    /// What addresses may be like.
    pub targets: TargetPolicy,
    /// Where names are looked up.
    pub resolver: Resolver,
    /// Authorities that are trusted beside the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
    /// The proxy that everything goes through.
    pub proxy: Option<Proxy>,
    /// Whether the proxy looks names up and judges where they lead, in place of this server.
    pub has_names_by_proxy: bool,
    /// Where the key comes from that seals the secrets.
    pub key: KeySource,
    /// How long a receiver may take to answer.
    pub timeout_ms: u64,
    /// About how many deliveries wait for one webhook; the rest stays in the log until there is
    /// room.
    pub pending_max: u64,
    /// Whether it sends by itself; otherwise only when asked.
    pub runs_by_itself: bool,
}

impl WebhooksConfig {
    /// Sends by HTTPS to public addresses only, with this key.
    pub fn new(key: KeySource) -> Self {
        let targets = TargetPolicy {
            allows_http: false,
            ports: Vec::new(),
            networks: Vec::new(),
            own_addresses: Vec::new(),
        };
        Self {
            targets,
            resolver: Resolver::System,
            authorities: Vec::new(),
            proxy: None,
            has_names_by_proxy: false,
            key,
            timeout_ms: TIMEOUT_MS,
            pending_max: PENDING_MAX,
            runs_by_itself: true,
        }
    }
}

/// What all parts of the sender share.
struct Shared {
    store: Store,
    outbox: Outbox,
    engine: Engine,
    clock: Clock,
    random: Random,
    own_key: OwnKey,
    client: Client,
    policy: TargetPolicy,
    pending_max: u64,
    /// Rises whenever an attempt has ended.
    settled: watch::Sender<u64>,
    poke: Notify,
}

/// Sends webhooks; clones are the same one.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    run: tokio::sync::Mutex<Run>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Webhooks {
    /// Starts to send. Must be called within a runtime.
    pub fn start(engine: Engine, outbox: Outbox, random: Random, config: WebhooksConfig) -> Self {
        let client = Client::new(&config);
        let WebhooksConfig { targets, key, .. } = config;
        let shared = Arc::new(Shared {
            store: engine.store().clone(),
            outbox,
            clock: engine.clock().clone(),
            engine,
            random,
            own_key: OwnKey::new(key),
            client,
            policy: targets,
            pending_max: config.pending_max,
            settled: watch::Sender::new(0),
            poke: Notify::new(),
        });
        let webhooks = Self {
            inner: Arc::new(Inner {
                run: tokio::sync::Mutex::new(Run::new(Arc::clone(&shared))),
                shared,
                stop: watch::Sender::new(false),
                task: Mutex::default(),
            }),
        };
        if config.runs_by_itself {
            let task = tokio::spawn(webhooks.clone().follow());
            *webhooks.task() = Some(task);
        }
        webhooks
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.inner.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks where a webhook is to lead.
    pub fn check_target(&self, url: &str) -> Result<(), BadTarget> {
        self.inner.shared.policy.check(url)
    }

    /// Draws a secret, and seals it for one webhook. May make the key.
    pub async fn new_secret(&self, key: &WebhookKey) -> Result<(Secret, Text), KeyError> {
        let (shared, key) = (Arc::clone(&self.inner.shared), key.clone());
        let drawing = tokio::task::spawn_blocking(move || {
            let own = shared.own_key.to_seal(&shared.random)?;
            let secret = Secret::draw(&shared.random);
            let sealed = own.seal(&secret, &key, &shared.random);
            Ok((secret, sealed))
        });
        drawing.await.expect("drawing a secret does not panic")
    }

    /// What is on its way, and what was.
    pub fn outbox(&self) -> &Outbox {
        &self.inner.shared.outbox
    }

    /// How much is on its way, and how long the oldest of it has waited, in milliseconds.
    pub async fn counts(&self) -> Result<(OutboxCounts, u64), StoreError> {
        let counts = self.inner.shared.outbox.counts().await?;
        let now = self.inner.shared.clock.now();
        Ok((counts, counts.oldest_at.map_or(0, |at| now.ms_since(at))))
    }

    /// Lets a delivery be tried again now, whatever became of it; none when there is none.
    pub async fn retry(
        &self,
        key: &WebhookKey,
        delivery_id: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let shared = &self.inner.shared;
        if !shared.outbox.retry(key, delivery_id, shared.clock.now()).await? {
            return Ok(None);
        }
        shared.poke.notify_one();
        shared.outbox.delivery(key, delivery_id).await
    }

    /// Sends a message that is about nothing, and waits for what becomes of it; it is still pending
    /// when nobody sent it in time.
    pub async fn try_out(&self, key: &WebhookKey) -> Result<Option<Delivery>, StoreError> {
        let shared = &self.inner.shared;
        let now = shared.clock.now();
        let delivery_id = message::drawn_id(shared.random.event_id(now), key);
        let (position, kind) = (Position::ZERO, TRIAL.to_owned());
        let trial =
            NewDelivery { key: key.clone(), delivery_id: delivery_id.clone(), position, kind };
        shared.outbox.add_trial(&trial, now).await?;
        shared.poke.notify_one();
        let limit = Duration::from_millis(TRIAL_MS_MAX);
        match tokio::time::timeout(limit, self.until_settled(key, &delivery_id)).await {
            Ok(delivery) => delivery,
            Err(_) => shared.outbox.delivery(key, &delivery_id).await,
        }
    }

    /// Looks whenever an attempt of this server has ended, and every now and then: another one may
    /// send.
    async fn until_settled(
        &self,
        key: &WebhookKey,
        delivery_id: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let shared = &self.inner.shared;
        let mut settled = shared.settled.subscribe();
        loop {
            settled.borrow_and_update();
            let found = shared.outbox.delivery(key, delivery_id).await?;
            if found.as_ref().is_none_or(|found| found.state != DeliveryState::Pending) {
                return Ok(found);
            }
            let changed = tokio::time::timeout(Duration::from_millis(RETRY_MS), settled.changed());
            drop(changed.await);
        }
    }

    /// Takes in what is in the log, sends what is due, and waits until nothing is on its way or due
    /// any more; answers whether this server leads.
    pub async fn work_off(&self) -> Result<bool, WebhooksError> {
        let mut run = self.inner.run.lock().await;
        loop {
            if !run.step().await? {
                return Ok(false);
            }
            if !run.is_sending() {
                return Ok(true);
            }
            run.sent().await;
        }
    }

    /// Begins what is due, and waits for nothing; answers whether this server leads.
    #[doc(hidden)]
    pub async fn begin(&self) -> Result<bool, WebhooksError> {
        self.inner.run.lock().await.step().await
    }

    /// Breaks off what is on its way and forgets everything, as a crash would.
    #[doc(hidden)]
    pub async fn crash(&self) {
        self.inner.run.lock().await.crash().await;
    }

    /// Follows the log until it is stopped. Each branch that is dropped is safe to cancel.
    async fn follow(self) {
        let mut run = self.inner.run.lock().await;
        let mut stop = self.inner.stop.subscribe();
        let shared = &self.inner.shared;
        let mut wake = shared.store.wake();
        while !*stop.borrow_and_update() {
            wake.borrow_and_update();
            let next = match run.step().await {
                Ok(true) => run.next_at().await,
                Ok(false) => {
                    idle(&mut run, &mut stop).await;
                    continue;
                }
                Err(error) => Err(error),
            };
            let (next, pause_ms) = self.pause(next);
            tokio::select! {
                () = run.sent(), if run.is_sending() => {}
                changed = wake.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(LINGER_MS)).await;
                }
                () = shared.poke.notified() => {}
                () = shared.clock.sleep_until(next) => {}
                () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
                _ = stop.changed() => {}
            }
        }
        run.end().await;
    }

    /// When to go on, and after how long in any case.
    fn pause(&self, next: Result<Timestamp, WebhooksError>) -> (Timestamp, u64) {
        let far = Timestamp::from_unix_ms(i64::MAX);
        match next {
            Ok(next) => (next, POLL_MS),
            Err(WebhooksError::Overtaken) => (far, RETRY_MS),
            Err(error) => {
                tracing::warn!(%error, "webhooks cannot be sent for now; it is tried again");
                (far, RETRY_MS)
            }
        }
    }

    /// Ends what is on its way, and lets others send.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let task = self.task().take();
        match task {
            Some(task) => {
                if let Err(error) = task.await {
                    tracing::error!(%error, "the sender of webhooks did not end well");
                }
            }
            None => self.inner.run.lock().await.end().await,
        }
        self.inner.shared.outbox.close().await;
    }
}

/// While another one leads, it is enough to ask for the lead every now and then. Each branch that
/// is dropped is safe to cancel.
async fn idle(run: &mut Run, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = run.sent(), if run.is_sending() => {}
        () = tokio::time::sleep(Duration::from_millis(IDLE_MS)) => {}
        _ = stop.changed() => {}
    }
}
