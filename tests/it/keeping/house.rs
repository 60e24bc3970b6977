//! Logs of real executions that are written while a backup is taken, and what was acknowledged.

use crate::projector::story::{events_of, new_event, request};
use crate::store::backend::{Backend, keyed};
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::{ExecutionId, StreamName};
use planexe_ax::keeping::{self, Manifest};
use planexe_ax::store::{
    AppendRequest, Appended, Expected, LogFilter, Position, RecordedEvent, Store, StreamWrite,
};
use planexe_ax_testkit::postgres_is_skipped;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tokio::task::JoinSet;

const WRITERS: u64 = 4;
/// How many executions one writer may begin.
const STORIES: u64 = 1_000_000;

/// Each database that a backup can be taken of.
pub(super) async fn every() -> Result<Vec<Backend>> {
    let mut every = vec![Backend::sqlite()?];
    if !postgres_is_skipped() {
        every.push(Backend::postgres().await?);
    }
    Ok(every)
}

/// A request that was answered, with its answer.
pub(super) struct Acknowledged {
    pub(super) request: AppendRequest,
    pub(super) appended: Appended,
}

/// Writers that go on until they are told to end.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    count: watch::Receiver<u64>,
    writers: JoinSet<Result<Vec<Acknowledged>>>,
}

impl Load {
    pub(super) fn start(store: &Store) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (counted, count) = watch::channel(0);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (store, is_over, counted) = (store.clone(), Arc::clone(&is_over), counted.clone());
            writers.spawn(async move { write(&store, writer, &is_over, &counted).await });
        }
        Self { is_over, count, writers }
    }

    /// Waits until so many more requests were answered.
    pub(super) async fn advance(&mut self, more: u64) -> Result<()> {
        let until = *self.count.borrow() + more;
        self.count.wait_for(|count| *count >= until).await?;
        Ok(())
    }

    /// Ends the writers; all that was answered.
    pub(super) async fn end(mut self) -> Result<Vec<Acknowledged>> {
        self.is_over.store(true, Ordering::Release);
        let mut all = Vec::new();
        while let Some(written) = self.writers.join_next().await {
            all.extend(written??);
        }
        Ok(all)
    }
}

async fn write(
    store: &Store,
    writer: u64,
    is_over: &AtomicBool,
    counted: &watch::Sender<u64>,
) -> Result<Vec<Acknowledged>> {
    let mut all = Vec::new();
    for nth in 0..STORIES {
        for request in requests_of(writer * STORIES + nth) {
            if is_over.load(Ordering::Acquire) {
                return Ok(all);
            }
            let appended = store.append(request.clone()).await?;
            all.push(Acknowledged { request, appended });
            counted.send_modify(|count| *count += 1);
        }
    }
    Ok(all)
}

/// A random execution, as requests with keys of their own.
fn requests_of(seed: u64) -> Vec<AppendRequest> {
    let id = ExecutionId::parse(&format!("exec_{seed}")).expect("it is an id");
    let stream = StreamName::execution(&id);
    let mut version = 0_u64;
    let events = events_of(seed);
    let mut requests = Vec::new();
    for piece in events.chunks(2) {
        let expected = match version {
            0 => Expected::NoStream,
            version => Expected::Exact(version.into()),
        };
        let events: Vec<_> = piece.iter().map(new_event).collect();
        let write = StreamWrite { stream: stream.clone(), expected, events };
        requests.push(keyed(request(vec![write]), &format!("{seed}-{version}"), 1));
        version += u64::try_from(piece.len()).expect("it is two at most");
    }
    requests
}

/// Takes a backup.
pub(super) async fn back_up(backend: &Backend, folder: &Path) -> Result<Manifest> {
    Ok(keeping::back_up(&backend.config(), folder, Clock::System.now()).await?)
}

/// Restores one.
pub(super) async fn restore(folder: &Path, backend: &Backend) -> Result<Manifest> {
    Ok(keeping::restore(&backend.config(), folder, &Clock::System).await?)
}

/// All events up to a position.
pub(super) async fn log(store: &Store, to: u64) -> Result<Vec<RecordedEvent>> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    while u64::try_from(events.len())? < to {
        let after = events.last().map_or(Position::ZERO, |event| event.position);
        let page = store.read_log(after, &LogFilter::default(), 1_000).await?;
        ensure!(!page.is_empty(), "the log ends before {to}");
        events.extend(page);
    }
    events.truncate(usize::try_from(to)?);
    Ok(events)
}

/// A log of a few executions.
pub(super) async fn written(backend: &Backend, count: u64) -> Result<()> {
    let store = backend.open().await?;
    for seed in 0..count {
        for request in requests_of(seed) {
            store.append(request).await.context("it is taken")?;
        }
    }
    store.close().await;
    Ok(())
}
