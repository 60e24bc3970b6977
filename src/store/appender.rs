//! The one task of a process that appends: it takes what waits, commits it at once, and answers
//! only then. The callers' requests live on in it when the callers are gone.

use super::commit::commit_batch;
use super::error::AppendError;
use super::hash::leaf_of_new;
use super::plan::{Outcome, Prepared};
use super::types::{AppendRequest, Appended, Position};
use super::write_tx::Writer;
use crate::clock::Stopwatch;
use crate::telemetry::metrics::{APPEND_CONFLICTS, APPEND_US, BATCH_REQUESTS, COMMIT_US};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How many events one request may hold.
pub const REQUEST_EVENTS_MAX: usize = 1000;
/// How many bytes one request may hold.
pub const REQUEST_BYTES_MAX: usize = 16 << 20;
/// How many events are committed at once.
pub const BATCH_EVENTS_MAX: usize = 1000;
/// How many bytes are committed at once, unless one request alone is larger.
pub const BATCH_BYTES_MAX: usize = 1 << 20;
/// How often others get a turn to submit before a batch is closed; there is no pause.
const GATHER_TURNS_MAX: usize = 8;
/// How many kibibytes may wait.
const QUEUE_KIB_MAX: usize = 64 << 10;

/// A request on its way, or several, each decided on those before it, with the way back.
pub(super) struct Submission {
    prepared: Vec<Prepared>,
    size: Size,
    reply: oneshot::Sender<Vec<Outcome>>,
    _room: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, Default)]
struct Size {
    events: usize,
    bytes: usize,
}

/// The way to the appender.
pub(super) struct Queue {
    sender: Mutex<Option<mpsc::Sender<Submission>>>,
    room: Arc<Semaphore>,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    /// Starts the appender.
    pub(super) fn start(
        writer: Writer,
        requests_max: usize,
        committed: Arc<watch::Sender<Position>>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(requests_max);
        let appender = Appender { writer, receiver, carried: None, committed };
        let task = tokio::spawn(appender.run());
        Self {
            sender: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(QUEUE_KIB_MAX)),
            task: tokio::sync::Mutex::new(Some(task)),
        }
    }

    /// Hands a request to the appender and waits for its answer. A caller that stops waiting does
    /// not stop the request.
    pub(super) async fn append(&self, request: AppendRequest) -> Result<Appended, AppendError> {
        let size = checked_size(&request)?;
        let outcomes = self.submit(vec![prepare(request, false)], size).await?;
        outcomes.into_iter().next().unwrap_or(Err(AppendError::OutcomeUnknown))
    }

    /// Hands over requests of which each was decided on what those before it store: they are
    /// committed at once, and one that cannot be stored takes those behind it along, but for
    /// repetitions. What is behind one that is too large is not stored either.
    pub(super) async fn append_coupled(&self, requests: Vec<AppendRequest>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(requests.len());
        let (mut coupled, mut total) = (Vec::with_capacity(requests.len()), Size::default());
        let mut behind = Vec::new();
        for request in requests {
            match checked_size(&request) {
                Ok(size) if behind.is_empty() => {
                    total = Size {
                        events: total.events + size.events,
                        bytes: total.bytes + size.bytes,
                    };
                    let follows = !coupled.is_empty();
                    coupled.push(prepare(request, follows));
                }
                Ok(_) => behind.push(Err(prepare(request, true).uncoupled())),
                Err(error) => behind.push(Err(error)),
            }
        }
        let count = coupled.len();
        if count > 0 {
            match self.submit(coupled, total).await {
                Ok(stored) => outcomes.extend(stored),
                Err(error) => outcomes.resize(count, Err(error)),
            }
        }
        outcomes.extend(behind);
        outcomes
    }

    async fn submit(
        &self,
        prepared: Vec<Prepared>,
        size: Size,
    ) -> Result<Vec<Outcome>, AppendError> {
        let watch = Stopwatch::start();
        let kib = u32::try_from(size.bytes / 1024 + 1).unwrap_or(u32::MAX);
        let sender = self.sender().ok_or(AppendError::Closed)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(kib);
        let room = room.map_err(|_| AppendError::Busy)?;
        let slot = match sender.try_reserve() {
            Ok(slot) => slot,
            Err(mpsc::error::TrySendError::Full(())) => return Err(AppendError::Busy),
            Err(mpsc::error::TrySendError::Closed(())) => return Err(AppendError::Closed),
        };
        let (reply, answer) = oneshot::channel();
        slot.send(Submission { prepared, size, reply, _room: room });
        drop(sender);
        let outcomes = answer.await.map_err(|_| AppendError::OutcomeUnknown)?;
        APPEND_US.note(watch.elapsed_us());
        if outcomes.iter().any(|outcome| matches!(outcome, Err(AppendError::Conflict { .. }))) {
            APPEND_CONFLICTS.count();
        }
        Ok(outcomes)
    }

    /// Takes no more requests, and returns when those that wait are done.
    pub(super) async fn close(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the appender did not end well");
        }
    }

    fn sender(&self) -> Option<mpsc::Sender<Submission>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn prepare(request: AppendRequest, follows: bool) -> Prepared {
    let leaves = request
        .writes
        .iter()
        .flat_map(|write| write.events.iter().map(|event| (&write.stream, event)))
        .map(|(stream, event)| leaf_of_new(&request.workspace, stream, event))
        .collect();
    Prepared { request, leaves, follows }
}

fn checked_size(request: &AppendRequest) -> Result<Size, AppendError> {
    let events = || request.writes.iter().flat_map(|write| &write.events);
    if events().any(|event| event.kind.contains('\0')) {
        return Err(AppendError::BadText("kind of an event"));
    }
    if request.key.as_ref().is_some_and(|key| key.key.contains('\0')) {
        return Err(AppendError::BadText("key of a request"));
    }
    if request.key.as_ref().is_some_and(|key| key.actor.contains('\0')) {
        return Err(AppendError::BadText("actor of a request"));
    }
    let bytes = events().map(|event| event.payload.len() + event.metadata.len()).sum::<usize>();
    let size = Size { events: events().count(), bytes: bytes + request.answer.len() };
    within("events", size.events, REQUEST_EVENTS_MAX)?;
    within("bytes", size.bytes, REQUEST_BYTES_MAX)?;
    Ok(size)
}

fn within(unit: &'static str, found: usize, limit: usize) -> Result<(), AppendError> {
    if found <= limit { Ok(()) } else { Err(AppendError::TooLarge { unit, found, limit }) }
}

struct Gathered {
    batch: Vec<Submission>,
    total: Size,
}

struct Appender {
    writer: Writer,
    receiver: mpsc::Receiver<Submission>,
    carried: Option<Submission>,
    committed: Arc<watch::Sender<Position>>,
}

impl Appender {
    async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            self.commit(batch).await;
        }
        self.writer.close().await;
    }

    /// What waits, up to the limits; none when the queue is closed and empty.
    async fn next_batch(&mut self) -> Option<Vec<Submission>> {
        let first = match self.carried.take() {
            Some(carried) => carried,
            None => self.receiver.recv().await?,
        };
        let mut gathered = Gathered { total: first.size, batch: vec![first] };
        for turn in 0..GATHER_TURNS_MAX {
            let before = gathered.batch.len();
            self.gather(&mut gathered);
            let is_quiet = turn > 0 && gathered.batch.len() == before;
            if is_quiet || self.carried.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Some(gathered.batch)
    }

    /// Takes what is there, up to the limits; what is one too many is carried to the next batch.
    fn gather(&mut self, gathered: &mut Gathered) {
        while gathered.batch.len() < BATCH_EVENTS_MAX
            && let Ok(next) = self.receiver.try_recv()
        {
            let events = gathered.total.events + next.size.events;
            let bytes = gathered.total.bytes + next.size.bytes;
            if events > BATCH_EVENTS_MAX || bytes > BATCH_BYTES_MAX {
                self.carried = Some(next);
                return;
            }
            gathered.total = Size { events, bytes };
            gathered.batch.push(next);
        }
    }

    async fn commit(&mut self, batch: Vec<Submission>) {
        let mut prepared = Vec::with_capacity(batch.len());
        let mut replies = Vec::with_capacity(batch.len());
        for submission in batch {
            let (sender, count) = (submission.reply, submission.prepared.len());
            prepared.extend(submission.prepared);
            replies.push(Reply { sender, count, _room: submission._room });
        }
        let mut replies = Some(replies);
        let watch = Stopwatch::start();
        let outcomes = commit_batch(&mut self.writer, &prepared, |planned| {
            answer(replies.take(), planned);
        })
        .await;
        COMMIT_US.note(watch.elapsed_us());
        BATCH_REQUESTS.note(u64::try_from(prepared.len()).unwrap_or(u64::MAX));
        self.wake(&outcomes);
        answer(replies, outcomes);
    }

    fn wake(&self, outcomes: &[Outcome]) {
        let stored = outcomes.iter().flatten().map(|appended| appended.receipt().last_position);
        let Some(last) = stored.max() else { return };
        self.committed.send_if_modified(|position| {
            let advanced = last > *position;
            *position = last.max(*position);
            advanced
        });
    }
}

struct Reply {
    sender: oneshot::Sender<Vec<Outcome>>,
    count: usize,
    _room: OwnedSemaphorePermit,
}

fn answer(replies: Option<Vec<Reply>>, outcomes: Vec<Outcome>) {
    let mut outcomes = outcomes.into_iter();
    for reply in replies.into_iter().flatten() {
        let own = outcomes.by_ref().take(reply.count).collect();
        if reply.sender.send(own).is_err() {
            tracing::debug!("a caller left before its answer");
        }
    }
}
