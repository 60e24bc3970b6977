//! Keeps the windows up to date: follows the log, folds what happened into them, and writes their
//! rows together with how far they are.

mod auditor;
mod compare;
mod crew;
mod lists;
mod load;
mod operator;
mod pack;
mod packs;
mod progress;
mod rebuild;
mod refold;
mod run;

pub use auditor::{Audited, Auditor, AuditorConfig};
pub use lists::fingerprint;
pub use operator::{Operator, OperatorError, RebuildOptions};
pub use progress::Progress;

use crate::clock::Clock;
use crate::projections::Window;
use crate::store::views::Views;
use crate::store::{Position, Store, StoreError};
use run::Run;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long a projector leads without saying so again.
const LEAD_MS: u64 = 10_000;
/// How long to wait after a failure before it is tried again.
const RETRY_MS: u64 = 500;
/// How often is looked which generations there are.
const WAIT_MS: u64 = 500;

/// How a projector works.
#[derive(Debug, Clone)]
pub struct ProjectorConfig {
    /// How many events are read at once.
    pub page_events: usize,
    /// How many events are folded before their rows are written, while there is much to catch up
    /// with.
    pub batch_events: usize,
    /// About how many events are folded before their rows are written, while a window is built.
    pub build_events: u64,
    /// How many states are kept between batches.
    pub streams_kept: usize,
    /// Whether it follows the log by itself; otherwise only when asked.
    pub runs_by_itself: bool,
}

impl Default for ProjectorConfig {
    fn default() -> Self {
        Self {
            page_events: 2_000,
            batch_events: 20_000,
            build_events: 20_000,
            streams_kept: 4_096,
            runs_by_itself: true,
        }
    }
}

/// Why a projector cannot go on for now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProjectorError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another projector leads, or somebody changed the generations: everything is looked at anew.
    #[error("another projector has taken over")]
    Overtaken,
    /// Something that must hold did not.
    #[error("{0}")]
    Broken(String),
}

/// Keeps the windows up to date; clones are the same one.
#[derive(Clone)]
pub struct Projector {
    inner: Arc<Inner>,
}

struct Inner {
    run: tokio::sync::Mutex<Run>,
    reached: watch::Sender<Position>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Projector {
    /// Starts to keep these windows up to date. Must be called within a runtime.
    pub fn start(
        store: Store,
        views: Views,
        windows: Vec<Arc<dyn Window>>,
        clock: Clock,
        config: ProjectorConfig,
    ) -> Self {
        let runs_by_itself = config.runs_by_itself;
        let run = Run::new(store, views, windows, clock, config);
        let inner = Arc::new(Inner {
            run: tokio::sync::Mutex::new(run),
            reached: watch::Sender::new(Position::ZERO),
            stop: watch::Sender::new(false),
            task: Mutex::default(),
        });
        let projector = Self { inner };
        if runs_by_itself {
            let task = tokio::spawn(projector.clone().follow());
            *projector.task() = Some(task);
        }
        projector
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.inner.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position up to which every window that goes on has been written by this projector.
    pub fn reached(&self) -> watch::Receiver<Position> {
        self.inner.reached.subscribe()
    }

    /// Takes in everything that is in the log by now, when this projector leads; answers whether
    /// it does.
    pub async fn catch_up(&self) -> Result<bool, ProjectorError> {
        self.inner.run.lock().await.look_again();
        self.go_on().await
    }

    async fn go_on(&self) -> Result<bool, ProjectorError> {
        let mut run = self.inner.run.lock().await;
        loop {
            let stepped = run.step().await;
            if matches!(stepped, Err(ProjectorError::Overtaken)) {
                continue;
            }
            let stepped = stepped?;
            self.inner.reached.send_replace(run.reached());
            match stepped {
                Stepped::Idle => return Ok(true),
                Stepped::Waits => return Ok(false),
                Stepped::Moved => {}
            }
        }
    }

    /// Takes in everything that is in the log, and builds, compares and switches whatever is to be;
    /// answers whether it leads.
    pub async fn finish(&self) -> Result<bool, ProjectorError> {
        loop {
            if !self.catch_up().await? {
                return Ok(false);
            }
            if !self.inner.run.lock().await.wait_for_crew().await {
                return Ok(true);
            }
        }
    }

    /// Follows the log until it is stopped. Not safe to cancel in the middle of a batch: `stop`
    /// lets that end.
    async fn follow(self) {
        let mut stop = self.inner.stop.subscribe();
        let (mut wake, poke) = {
            let run = self.inner.run.lock().await;
            (run.wake(), run.poke())
        };
        while !*stop.borrow_and_update() {
            wake.borrow_and_update();
            let wait_ms = match self.go_on().await {
                Ok(true) => LEAD_MS / 10,
                Ok(false) => LEAD_MS / 4,
                Err(error) => {
                    tracing::warn!(%error, "the windows could not be written; it is tried again");
                    RETRY_MS
                }
            };
            let pause = tokio::time::sleep(Duration::from_millis(wait_ms));
            tokio::select! {
                changed = wake.changed() => if changed.is_err() { return },
                () = poke.notified() => self.inner.run.lock().await.look_again(),
                () = pause => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Ends the batch in hand, and lets others lead.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let task = self.task().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the projector did not end well");
        }
        self.inner.run.lock().await.resign().await;
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stepped {
    /// There may be more.
    Moved,
    /// Everything is taken in.
    Idle,
    /// Another projector leads.
    Waits,
}

/// Names this projector among all that there ever are.
fn owner() -> String {
    Uuid::now_v7().to_string()
}
