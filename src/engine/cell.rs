//! One stream's place in the engine: its jobs wait in order, and one task at a time does them.

use super::driver;
use super::request::{EngineError, Outcome, Request};
use super::state::State;
use super::{EngineInner, StreamKey};
use crate::store::{RecordedEvent, Version};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// How many jobs may wait for one stream.
const JOBS_MAX: usize = 10_000;

/// Looks at a state.
pub(super) type Look = Box<dyn FnOnce(&State, Version) + Send>;
/// Where a command's answer goes.
pub(super) type Reply = oneshot::Sender<Result<Outcome, EngineError>>;

/// Something to do on a stream.
pub(super) enum Job {
    /// A command.
    Execute { request: Box<Request>, reply: Reply, attempts: u32 },
    /// A command of which nothing is stored.
    DryRun { request: Box<Request>, reply: Reply },
    /// A question.
    Look { look: Look, failed: oneshot::Sender<EngineError> },
    /// A grant of whatever fits an agent best.
    Offer { offer: Box<super::grants::Offer>, attempts: u32 },
    /// Events that were read from the log.
    Take { events: Vec<RecordedEvent> },
}

/// A state, and the version that it is at.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) version: Version,
    pub(super) snapshot_version: Version,
}

#[derive(Default)]
struct Inbox {
    jobs: VecDeque<Job>,
    is_driven: bool,
    loaded: Option<Loaded>,
}

/// One stream's place in the engine.
pub(super) struct Cell {
    pub(super) key: StreamKey,
    inbox: Mutex<Inbox>,
    /// The last version that is known to be stored and folded here.
    seen: AtomicU64,
}

impl Cell {
    pub(super) fn new(key: StreamKey) -> Self {
        Self { key, inbox: Mutex::default(), seen: AtomicU64::new(0) }
    }

    fn inbox(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a job over; whoever comes first drives the stream until nothing waits.
    pub(super) fn push(self: &Arc<Self>, engine: &Arc<EngineInner>, job: Job) -> Result<(), Job> {
        let mut inbox = self.inbox();
        if inbox.jobs.len() >= JOBS_MAX {
            return Err(job);
        }
        inbox.jobs.push_back(job);
        if !inbox.is_driven {
            inbox.is_driven = true;
            let loaded = inbox.loaded.take();
            let (cell, engine) = (Arc::clone(self), Arc::clone(engine));
            let driving = engine.tasks.token();
            tokio::spawn(async move {
                driver::drive(engine, cell, loaded).await;
                drop(driving);
            });
        }
        Ok(())
    }

    /// The jobs that wait; none hands the state back, and the stream rests.
    pub(super) fn next_jobs(&self, loaded: &mut Option<Loaded>) -> VecDeque<Job> {
        let mut inbox = self.inbox();
        if inbox.jobs.is_empty() {
            inbox.is_driven = false;
            inbox.loaded = loaded.take();
        }
        std::mem::take(&mut inbox.jobs)
    }

    /// Whether nothing is done or waits here.
    pub(super) fn is_idle(&self) -> bool {
        !self.inbox().is_driven
    }

    pub(super) fn seen(&self) -> Version {
        Version::new(self.seen.load(Ordering::Acquire))
    }

    pub(super) fn set_seen(&self, version: Version) {
        self.seen.store(version.get(), Ordering::Release);
    }
}
