//! API keys: what they look like, and which of them open what. Every server folds the keys from the
//! log and follows it, so that a key that was revoked is void on all of them within a second.

mod known;
mod text;

pub use known::Bearer;
pub use text::{NewKey, hash_of, random_token};

use crate::clock::Clock;
use crate::domain::{Event, KeyId, Timestamp};
use crate::store::{LogFilter, Position, Store, StoreError};
use known::{KINDS, Known};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use text::ShownKey;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How many events are read at once.
const PAGE_EVENTS: usize = 500;
/// How long at most before the log is looked at without having been woken.
const POLL_MS: u64 = 500;
/// How long the log is left alone after it was looked at.
const REST_MS: u64 = 50;
/// How sharp it is known when a key was last used.
const USE_MS: u64 = 60_000;

/// Why nobody is let in by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not written like a key.
    #[error("this is not an API key: a key looks like ax_…, and one letter may be missing")]
    Malformed,
    /// There is no such key, or its secret is another one.
    #[error("there is no such API key")]
    Unknown,
    /// It was good once.
    #[error("this API key was revoked, or its time is over")]
    Void,
}

/// The keys that there are; clones are the same.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

struct Inner {
    store: Store,
    clock: Clock,
    known: RwLock<Known>,
    /// Up to where the log was read.
    read: watch::Sender<Position>,
    stop: watch::Sender<bool>,
    wanted: Notify,
    /// When the use of a key was last noted.
    noted: Mutex<BTreeMap<KeyId, Timestamp>>,
}

impl Keyring {
    /// Reads the keys from the log, and follows it. Must be called within a runtime.
    pub async fn start(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let inner = Arc::new(Inner {
            store,
            clock,
            known: RwLock::default(),
            read: watch::Sender::new(Position::ZERO),
            stop: watch::Sender::new(false),
            wanted: Notify::new(),
            noted: Mutex::default(),
        });
        inner.read_on().await?;
        let task = tokio::spawn(Arc::clone(&inner).follow());
        Ok(Self { inner, task: Arc::new(Mutex::new(Some(task))) })
    }

    /// Whether nobody has ever made a key: then whoever reaches the server owns it.
    pub fn is_unused(&self) -> bool {
        self.inner.known.read().unwrap_or_else(PoisonError::into_inner).is_unused()
    }

    /// Who bears this key. A key that there is, and one that there is not, take the same steps.
    pub fn bearer(&self, key: &str) -> Result<Bearer, Refused> {
        let shown = ShownKey::parse(key).ok_or(Refused::Malformed)?;
        let known = self.inner.known.read().unwrap_or_else(PoisonError::into_inner);
        known.bearer(&shown, self.inner.clock.now())
    }

    /// Who bears the key of this id, while it is good: for what was opened with it before.
    pub fn still(&self, key_id: &KeyId) -> Option<Bearer> {
        let known = self.inner.known.read().unwrap_or_else(PoisonError::into_inner);
        known.still(key_id, self.inner.clock.now())
    }

    /// The id in what is shown as a key, when there is a key of that id, good or not. It proves
    /// nothing.
    pub fn id_of(&self, key: &str) -> Option<KeyId> {
        let shown = ShownKey::parse(key)?;
        let known = self.inner.known.read().unwrap_or_else(PoisonError::into_inner);
        known.has(&shown.key_id).then_some(shown.key_id)
    }

    /// Notes that a key was used; about once a minute for each.
    pub async fn note_use(&self, key_id: &KeyId) {
        let now = self.inner.clock.now();
        let is_due = {
            let mut noted = self.inner.noted.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = noted.get(key_id).is_none_or(|last| last.plus_ms(USE_MS) <= now);
            if is_due {
                noted.insert(key_id.clone(), now);
            }
            is_due
        };
        if is_due && let Err(error) = self.inner.store.note_key_use(key_id, now).await {
            tracing::warn!(%error, "it was not noted that a key was used");
        }
    }

    /// Waits until everything up to this position of the log counts here.
    pub async fn wait_for(&self, position: Position) {
        self.inner.wanted.notify_one();
        let mut read = self.inner.read.subscribe();
        drop(read.wait_for(|read| *read >= position).await);
    }

    /// Follows the log no more.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the keyring did not end well");
        }
    }
}

impl Inner {
    /// Reads on to the end of the log. Every event up to the head is there when the head says so:
    /// positions have no gaps.
    async fn read_on(&self) -> Result<(), StoreError> {
        let head = self.store.head().await?.position;
        let mut after = *self.read.borrow();
        if head <= after {
            return Ok(());
        }
        let kinds = KINDS.map(str::to_owned).to_vec();
        let filter = LogFilter { kinds, ..LogFilter::default() };
        loop {
            let page = self.store.read_log(after, &filter, PAGE_EVENTS).await?;
            for event in &page {
                after = event.position;
                match Event::decode(&event.kind, event.schema_version, &event.payload) {
                    Ok(decoded) => self
                        .known
                        .write()
                        .unwrap_or_else(PoisonError::into_inner)
                        .take(&event.workspace, &decoded),
                    Err(error) => {
                        tracing::error!(%error, position = %after, "a key cannot be read");
                    }
                }
            }
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        self.read.send_replace(head.max(after));
        Ok(())
    }

    /// Follows the log until it is stopped. Safe to cancel: what was not read is read again.
    async fn follow(self: Arc<Self>) {
        let (mut woken, mut stop) = (self.store.wake(), self.stop.subscribe());
        loop {
            tokio::select! {
                _ = stop.wait_for(|is_stopping| *is_stopping) => return,
                changed = woken.changed() => if changed.is_err() { return },
                () = self.wanted.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
            }
            if let Err(error) = self.read_on().await {
                tracing::warn!(%error, "the keys could not be read; it is tried again");
            }
            tokio::select! {
                () = self.wanted.notified() => self.wanted.notify_one(),
                () = tokio::time::sleep(Duration::from_millis(REST_MS)) => {}
            }
        }
    }
}
