//! One stream's place in the engine: its jobs wait in order, and one task at a time does them.

use super::driver;
use super::request::{EngineError, Outcome, Request};
use super::{EngineInner, StreamKey};
use crate::domain::{Event, State};
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
    Look { look: Look, failed: oneshot::Sender<EngineError>, newness: Newness },
    /// A grant of whatever fits an agent best.
    Offer { offer: Box<super::grants::Offer>, attempts: u32 },
    /// Events that this engine stored here beside those of another stream, up to a version.
    Beside { events: Vec<Event>, version: Version },
    /// Events that were read from the log; answered when the state and the index have them.
    Take { events: Vec<RecordedEvent>, done: oneshot::Sender<Result<(), EngineError>> },
}

/// How new the state must be that a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newness {
    /// With all that is stored by now, by whichever server: the log is asked.
    Newest,
    /// With all that this engine wrote itself, or has followed of what others wrote.
    Followed,
}

/// A state, and the version that it is at.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) version: Version,
    pub(super) snapshot_version: Version,
    /// How many leaves were ready when the index took the state over; none: it has to do so.
    pub(super) ready_noted: Option<usize>,
}

impl Loaded {
    /// How many leaves are ready.
    pub(super) fn ready_total(&self) -> usize {
        self.state.execution().map_or(0, |execution| execution.tree().ready_total())
    }
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
    /// The last version that is folded here, stored, and in the index.
    seen: AtomicU64,
    /// The last version that is known to be stored, by whomever.
    stored: AtomicU64,
}

impl Cell {
    pub(super) fn new(key: StreamKey) -> Self {
        Self { key, inbox: Mutex::default(), seen: AtomicU64::new(0), stored: AtomicU64::new(0) }
    }

    fn inbox(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a job over; whoever comes first drives the stream until nothing waits.
    pub(super) fn push(self: &Arc<Self>, engine: &Arc<EngineInner>, job: Job) -> Result<(), Job> {
        self.push_all(engine, vec![job]).map_err(|mut jobs| jobs.remove(0))
    }

    /// The same with several, in their order: all of them, or none.
    pub(super) fn push_all(
        self: &Arc<Self>,
        engine: &Arc<EngineInner>,
        jobs: Vec<Job>,
    ) -> Result<(), Vec<Job>> {
        let mut inbox = self.inbox();
        if inbox.jobs.len() + jobs.len() > JOBS_MAX {
            return Err(jobs);
        }
        inbox.jobs.extend(jobs);
        if !inbox.is_driven {
            inbox.is_driven = true;
            let loaded = inbox.loaded.take();
            drop(inbox);
            self.spawn(engine, loaded);
        }
        Ok(())
    }

    fn spawn(self: &Arc<Self>, engine: &Arc<EngineInner>, loaded: Option<Loaded>) {
        let (cell, engine) = (Arc::clone(self), Arc::clone(engine));
        let driving = engine.tasks.token();
        let mut watch = Watch { cell: Arc::clone(self), engine: Arc::clone(&engine), ends: false };
        tokio::spawn(async move {
            driver::drive(engine, cell, loaded).await;
            watch.ends = true;
            drop((watch, driving));
        });
    }

    /// Whoever drove the stream was struck down: the state is loaded anew, and what still waits is
    /// done by another. Without a panic it is the runtime that goes down, and nothing waits any
    /// more: another driver would be struck down at once, and so on for ever.
    fn recover(self: &Arc<Self>, engine: &Arc<EngineInner>) {
        let mut inbox = self.inbox();
        if !std::thread::panicking() {
            inbox.jobs.clear();
        }
        inbox.is_driven = !inbox.jobs.is_empty();
        let goes_on = inbox.is_driven;
        drop(inbox);
        if goes_on {
            self.spawn(engine, None);
        }
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

    pub(super) fn stored(&self) -> Version {
        Version::new(self.stored.load(Ordering::Acquire))
    }

    /// Learns that the stream holds so much by now.
    pub(super) fn set_stored(&self, version: Version) {
        self.stored.fetch_max(version.get(), Ordering::AcqRel);
    }
}

/// Sees to it that a panic while a stream is driven does not leave it undriven for ever.
struct Watch {
    cell: Arc<Cell>,
    engine: Arc<EngineInner>,
    ends: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.ends {
            let stream = &self.cell.key.stream;
            tracing::error!(%stream, "driving {stream} broke off; it is loaded anew");
            self.cell.recover(&self.engine);
        }
    }
}
