//! Tells subscribers live what was committed and is in the windows. The feed is a hint and the log
//! is the truth: whoever falls behind reads the log, and comes back.

mod batch;
mod catch_up;
mod frame;
mod load;
mod plans;
mod publisher;
mod reached;
mod reader;
#[cfg(test)]
mod reader_tests;
mod rings;
mod sentence;
mod states;
mod subscription;
mod topic;
mod window;

pub use frame::{
    EventFrame, ExecutionState, ExecutionUpdate, Frame, Heartbeat, LagReason, Lagged,
    ProgressState, Snapshot, TaskState, TaskUpdate,
};
pub use reached::Reached;
pub use reader::{Pace, ReaderInput, ReaderState, ReaderStep};
pub use subscription::Subscription;
pub use topic::{Filter, Since, Topic};

use crate::clock::Clock;
use crate::store::views::Views;
use crate::store::{Position, Store};
use batch::{CHUNK_BYTES_MAX, Gauge};
use plans::Plans;
use publisher::{Ask, Parts, Publisher};
use states::{SNAPSHOT_BYTES_MAX, STATES_MAX};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// How many batches a ring holds for those that are slow.
pub const FEED_CAPACITY: usize = 48;
/// The most memory that a reader costs, however slow it is.
pub const READER_BYTES_MAX: usize = 1024 * 1024;
/// How many readers may wait for a place on a ring.
const ASKS_MAX: usize = 256;
/// How many readers read the log at once.
const LOG_READERS_MAX: usize = 8;
/// How long to wait after a failure before it is tried again.
const RETRY_MS: u64 = 200;
/// How long a ring stays after its last reader at most.
const SWEEP_MS: u64 = 1_000;
/// How far back updates may have been held back by the batch that they came in.
const LOOK_BACK_EVENTS: u64 = 1_000;

const _: () = assert!(
    FEED_CAPACITY * CHUNK_BYTES_MAX + SNAPSHOT_BYTES_MAX + catch_up::PAGE_BYTES_MAX
        <= READER_BYTES_MAX,
    "the ring, a snapshot and a page of the log are what a reader can hold"
);

/// How a feed works.
#[derive(Clone)]
pub struct FeedConfig {
    /// Where time comes from.
    pub clock: Clock,
    /// How long a reader hears nothing at most.
    pub heartbeat_ms: u64,
    /// How many executions are kept folded.
    pub states_max: usize,
    /// The windows, of which one has a sentence for each event; where there are none, the feed
    /// says what it can tell from the event alone.
    pub views: Option<Views>,
}

impl FeedConfig {
    /// The usual, by this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, heartbeat_ms: 15_000, states_max: STATES_MAX, views: None }
    }
}

/// Tells subscribers what happens; clones are the same feed.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    counts: watch::Receiver<(usize, usize)>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What the subscriptions of a feed share.
struct Shared {
    store: Store,
    config: FeedConfig,
    asks: mpsc::Sender<Ask>,
    published: watch::Receiver<Position>,
    plans: Plans,
    gauge: Gauge,
    log_readers: Semaphore,
}

impl Feed {
    /// Starts to tell what is in the log, as far as the windows are; where there are no windows,
    /// as far as the archive says ([`Store::wake`]). Must be called within a runtime.
    pub fn start(store: Store, reached: watch::Receiver<Position>, config: FeedConfig) -> Self {
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let published = watch::Sender::new(Position::ZERO);
        let (stop, counts) = (watch::Sender::new(false), watch::Sender::new((0, 0)));
        let (plans, gauge) = (Plans::default(), Gauge::default());
        let shared = Arc::new(Shared {
            store: store.clone(),
            config: config.clone(),
            asks,
            published: published.subscribe(),
            plans: plans.clone(),
            gauge: gauge.clone(),
            log_readers: Semaphore::new(LOG_READERS_MAX),
        });
        let counted = counts.subscribe();
        let publisher = Publisher::new(Parts {
            store,
            config,
            reached,
            asks: asked,
            published,
            stop: stop.subscribe(),
            counts,
            plans,
            gauge,
        });
        let task = Arc::new(Mutex::new(Some(tokio::spawn(publisher.run()))));
        Self { shared, stop, counts: counted, task }
    }

    /// Listens to a topic.
    pub fn subscribe(&self, topic: Topic, filter: Filter, since: Since) -> Subscription {
        Subscription::new(Arc::clone(&self.shared), topic, filter, since)
    }

    /// Up to where everything was told.
    pub fn published(&self) -> watch::Receiver<Position> {
        self.shared.published.clone()
    }

    /// How many bytes of frames are held for all readers together.
    pub fn bytes_held(&self) -> usize {
        self.shared.gauge.bytes()
    }

    /// How many topics somebody listens to, and how many executions are kept folded for them.
    pub fn counts(&self) -> watch::Receiver<(usize, usize)> {
        self.counts.clone()
    }

    /// Tells nothing more: every subscription ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the feed did not end well");
        }
    }
}
