//! The sealer: grows the Merkle tree over the log behind the writers, signs checkpoints of it, and
//! tells places outside of them. Of all servers, one grows the tree; every one with the key signs.

mod anchor;
mod own_key;
mod prove;
mod run;

pub use anchor::{Anchor, AnchorError};
pub use own_key::{SealerKey, SealerKeyError};
pub use prove::{Consistency, Inclusion, ProveError};
pub use run::SealerError;

use crate::audit::Verifier;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::engine::Random;
use crate::store::tree::{Anchored, SignedCheckpoint, StoredTree};
use crate::store::{Position, Store, StoreError};
use run::Run;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long at most before it looks around without having been woken.
const POLL_MS: u64 = 1_000;
/// How long it waits for more to come, so that much is taken in at once.
const LINGER_MS: u64 = 100;
/// A checkpoint is signed when there are so many new events …
const CHECKPOINT_EVENTS: u64 = 10_000;
/// … or any, and the last one is so old.
const CHECKPOINT_MS: u64 = 10_000;
/// A place outside is told this often at most.
const ANCHOR_MS: u64 = 300_000;

/// How the tree is grown and signed.
#[derive(Debug, Clone)]
pub struct SealerConfig {
    /// Where the private key is.
    pub key: SealerKey,
    /// A checkpoint is signed when there are so many new events …
    pub checkpoint_events: u64,
    /// … or any, and the last one is so old.
    pub checkpoint_ms: u64,
    /// Whom it tells of checkpoints.
    pub anchors: Vec<Anchor>,
    /// How long at least between two checkpoints that one of them is told of.
    pub anchor_ms: u64,
    /// Whether it works by itself; otherwise only when asked.
    pub runs_by_itself: bool,
}

impl SealerConfig {
    /// Signs with this key, and tells nobody.
    pub fn new(key: SealerKey) -> Self {
        Self {
            key,
            checkpoint_events: CHECKPOINT_EVENTS,
            checkpoint_ms: CHECKPOINT_MS,
            anchors: Vec::new(),
            anchor_ms: ANCHOR_MS,
            runs_by_itself: true,
        }
    }
}

/// A part of the tree that was compared with the events again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// The first position.
    pub from: Position,
    /// The last position.
    pub to: Position,
    /// When.
    pub at: Timestamp,
}

/// How the audit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealerState {
    /// The end of the log.
    pub head: Position,
    /// Up to where the tree is grown.
    pub grown_to: Position,
    /// The newest checkpoint.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The public key of this log, when it has one.
    pub key: Option<String>,
    /// What keeps this server from going on.
    pub problem: Option<String>,
    /// What this server last compared with the events again.
    pub looked: Option<Looked>,
    /// Which places outside were told of what.
    pub anchors: Vec<Anchored>,
}

/// How far the proofs are behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealingLag {
    /// How many events are not in the tree.
    pub tree_events: u64,
    /// How many events are under no checkpoint.
    pub checkpoint_events: u64,
    /// How long ago the last checkpoint was signed; none before the first.
    pub checkpoint_seconds: Option<u64>,
}

/// What all parts of the sealer share.
struct Shared {
    store: Store,
    tree: StoredTree,
    clock: Clock,
    random: Random,
    config: SealerConfig,
    said: Mutex<Said>,
}

/// What this server says of its own work.
#[derive(Debug, Default, Clone)]
struct Said {
    problem: Option<String>,
    looked: Option<Looked>,
}

impl Shared {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Grows the tree and signs; clones are the same one.
#[derive(Clone)]
pub struct Sealer {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    run: tokio::sync::Mutex<Run>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sealer {
    /// Starts to grow the tree. Must be called within a runtime.
    pub fn start(
        store: Store,
        tree: StoredTree,
        (clock, random): (Clock, Random),
        config: SealerConfig,
    ) -> Self {
        let runs_by_itself = config.runs_by_itself;
        let said = Mutex::default();
        let shared = Arc::new(Shared { store, tree, clock, random, config, said });
        let run = tokio::sync::Mutex::new(Run::new(Arc::clone(&shared)));
        let (stop, task) = (watch::Sender::new(false), Mutex::default());
        let sealer = Self { inner: Arc::new(Inner { shared, run, stop, task }) };
        if runs_by_itself {
            let task = tokio::spawn(sealer.clone().follow());
            *sealer.task() = Some(task);
        }
        sealer
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.inner.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tree as it is stored.
    pub fn tree(&self) -> &StoredTree {
        &self.inner.shared.tree
    }

    /// How the audit stands.
    pub async fn state(&self) -> Result<SealerState, StoreError> {
        let Shared { store, tree, .. } = &*self.inner.shared;
        let grown_to = tree.size().await?;
        let said = self.inner.shared.said().clone();
        Ok(SealerState {
            head: store.head().await?.position,
            grown_to,
            checkpoint: tree.newest_checkpoint().await?,
            key: tree.key().await?,
            problem: said.problem,
            looked: said.looked,
            anchors: tree.anchors().await?,
        })
    }

    /// How far the proofs are behind the log. The log is asked last: what came meanwhile counts.
    pub async fn lag(&self) -> Result<SealingLag, StoreError> {
        let Shared { store, tree, clock, .. } = &*self.inner.shared;
        let newest = tree.newest_checkpoint().await?;
        let grown_to = tree.size().await?.get();
        let head = store.head().await?.position.get();
        let signed = newest.as_ref().map_or(0, |signed| signed.size);
        Ok(SealingLag {
            tree_events: head.saturating_sub(grown_to),
            checkpoint_events: head.saturating_sub(signed),
            checkpoint_seconds: newest.map(|signed| clock.now().ms_since(signed.at) / 1_000),
        })
    }

    /// The public key of this log; none before a first checkpoint was signed.
    pub async fn key(&self) -> Result<Option<Verifier>, StoreError> {
        let text = self.tree().key().await?;
        let key = text.map(|text| Verifier::parse(&text)).transpose();
        key.map_err(|bad| StoreError::Damaged(format!("the public key of the log: {bad}")))
    }

    /// Takes in what is in the log, signs when it is time, and tells of it; answers whether this
    /// server leads.
    pub async fn work_off(&self) -> Result<bool, SealerError> {
        let mut run = self.inner.run.lock().await;
        take_in(&mut run).await
    }

    /// The same, and signs whatever the time.
    pub async fn seal(&self) -> Result<bool, SealerError> {
        let mut run = self.inner.run.lock().await;
        let leads = take_in(&mut run).await?;
        run.sign(true).await?;
        run.tell().await?;
        Ok(leads)
    }

    /// Forgets everything, as a crash would.
    #[doc(hidden)]
    pub async fn crash(&self) {
        self.inner.run.lock().await.crash();
    }

    /// Follows the log until it is stopped. Each branch that is dropped is safe to cancel.
    async fn follow(self) {
        let mut run = self.inner.run.lock().await;
        let mut stop = self.inner.stop.subscribe();
        let mut wake = self.inner.shared.store.wake();
        while !*stop.borrow_and_update() {
            wake.borrow_and_update();
            let stepped = run.step().await;
            let goes_on = stepped.is_ok() && run.is_behind();
            self.say(stepped.err());
            if goes_on {
                continue;
            }
            tokio::select! {
                changed = wake.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(LINGER_MS)).await;
                }
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
                _ = stop.changed() => {}
            }
        }
        run.end().await;
    }

    /// Says what went wrong, once for as long as it is the same.
    fn say(&self, error: Option<SealerError>) {
        let problem = error.as_ref().map(SealerError::told);
        let mut said = self.inner.shared.said();
        if said.problem == problem {
            return;
        }
        said.problem = problem;
        match error {
            None => tracing::info!("the tree over the log grows again"),
            Some(error) if error.is_alarm() => {
                tracing::error!(%error, "the log cannot be sealed");
            }
            Some(error) => tracing::warn!(%error, "the log is not sealed for now"),
        }
    }

    /// Lets others grow the tree.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let task = self.task().take();
        match task {
            Some(task) => {
                if let Err(error) = task.await {
                    tracing::error!(%error, "the sealer did not end well");
                }
            }
            None => self.inner.run.lock().await.end().await,
        }
        self.inner.shared.tree.close().await;
    }
}

/// Takes in all that is in the log; answers whether this server leads.
async fn take_in(run: &mut Run) -> Result<bool, SealerError> {
    loop {
        let leads = run.step().await?;
        if !run.is_behind() {
            return Ok(leads);
        }
    }
}
