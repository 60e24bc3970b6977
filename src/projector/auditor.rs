//! Watches the windows: folds streams anew, drawn at random, and compares what comes of that with
//! what is read. A row that differs is an alarm with both values; it is never repaired silently.

use super::ProjectorError;
use super::lists::fingerprint;
use super::refold::{draw, look_up};
use crate::clock::Clock;
use crate::engine::Random;
use crate::projections::Window;
use crate::store::Store;
use crate::store::views::{Generation, Phase, Views};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two streams it rests at least this many times as long as the last one took.
const REST_TIMES: u64 = 20;

/// How an auditor works.
#[derive(Debug, Clone)]
pub struct AuditorConfig {
    /// How long it rests between two streams at least.
    pub pause_ms: u64,
}

impl Default for AuditorConfig {
    fn default() -> Self {
        Self { pause_ms: 5_000 }
    }
}

/// What an auditor has looked at since it was started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audited {
    /// How many streams were folded anew.
    pub streams: u64,
    /// How many rows were looked up.
    pub rows: u64,
    /// How many windows were found to hold what the log does not say.
    pub alarms: u64,
}

/// Compares the windows with the log for as long as it runs; clones are the same one.
#[derive(Clone)]
pub struct Auditor {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    views: Views,
    windows: Vec<Arc<dyn Window>>,
    clock: Clock,
    random: Random,
    config: AuditorConfig,
    audited: Mutex<Audited>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Auditor {
    /// An auditor that looks when it is asked to, by `audit`.
    pub fn new(
        store: Store,
        views: Views,
        windows: Vec<Arc<dyn Window>>,
        (clock, random): (Clock, Random),
        config: AuditorConfig,
    ) -> Self {
        let (audited, stop, task) = (Mutex::default(), watch::Sender::new(false), Mutex::default());
        let inner = Inner { store, views, windows, clock, random, config, audited, stop, task };
        Self { inner: Arc::new(inner) }
    }

    /// Has it look by itself until it is stopped. Must be called within a runtime.
    pub fn start(&self) {
        let task = tokio::spawn(self.clone().watch());
        *self.inner.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Lets it end after the stream in hand.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let task = self.inner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the auditor did not end well");
        }
    }

    /// What it has looked at.
    pub fn audited(&self) -> Audited {
        self.inner.audited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn watch(self) {
        let mut stop = self.inner.stop.subscribe();
        while !*stop.borrow_and_update() {
            let started = self.inner.clock.now();
            if let Err(error) = self.audit().await {
                tracing::warn!(%error, "the windows could not be audited; it is tried again");
            }
            let took_ms = self.inner.clock.now().ms_since(started);
            let rest_ms = took_ms.saturating_mul(REST_TIMES).max(self.inner.config.pause_ms);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(rest_ms)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Folds a stream anew for each window, one after the other, and compares; answers how many
    /// windows were found to differ for the first time.
    pub async fn audit(&self) -> Result<u64, ProjectorError> {
        let mut alarms = 0;
        for window in &self.inner.windows {
            alarms += u64::from(self.audit_one(window).await?);
        }
        Ok(alarms)
    }

    async fn audit_one(&self, window: &Arc<dyn Window>) -> Result<bool, ProjectorError> {
        let Inner { store, views, random, .. } = self.inner.as_ref();
        let (name, own) = (window.name(), fingerprint(window.as_ref()));
        let known = views.generations().await?;
        let is_read = |it: &&Generation| is_read_as(it, name, &own);
        let Some(live) = known.iter().find(is_read) else { return Ok(false) };
        let Some(mut frozen) = views.freeze(name, live.generation).await? else {
            return Ok(false);
        };
        let position = frozen.generation.position;
        let mut rows = 0;
        let mut difference = None;
        let drawn = draw(store, window.as_ref(), position, random).await?;
        if let Some(stream) = &drawn {
            difference = look_up(store, &mut frozen, window, stream, &mut rows).await?;
        }
        frozen.end().await?;
        self.count(u64::from(drawn.is_some()), rows);
        let (Some(stream), Some(difference)) = (drawn, difference) else { return Ok(false) };
        let what = format!("{} at position {position}: {difference}", stream.name);
        if !views.alarm((name, live.generation), &what).await? {
            return Ok(false);
        }
        tracing::error!(window = name, what, "window {name} does not hold what the log says");
        self.inner.audited.lock().unwrap_or_else(PoisonError::into_inner).alarms += 1;
        Ok(true)
    }

    fn count(&self, streams: u64, rows: usize) {
        let mut audited = self.inner.audited.lock().unwrap_or_else(PoisonError::into_inner);
        audited.streams += streams;
        audited.rows += u64::try_from(rows).unwrap_or(u64::MAX);
    }
}

/// Whether it is the generation that is read, and this program knows how it is folded.
fn is_read_as(generation: &Generation, name: &str, fingerprint: &str) -> bool {
    let is_known = generation.name == name && generation.fingerprint == fingerprint;
    is_known && generation.phase == Phase::Live
}
