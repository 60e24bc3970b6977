//! Reads the events of a chunk and folds them, a page at a time.

use super::chunks::Chunk;
use super::cursor::Cursor;
use crate::domain::State;
use crate::projections::{Entry, Folder, Stopped, StreamId, TableWrites, Window};
use crate::projector::ProjectorError;
use crate::projector::load::apply;
use crate::store::{Position, Store, StreamEvent, StreamRange, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// How many events one statement reads.
const PAGE_EVENTS: usize = 5_000;

/// What some streams fold to.
#[derive(Debug)]
pub(super) struct Folded {
    /// What is written for each window.
    pub(super) writes: Vec<(&'static str, Vec<TableWrites>)>,
    /// The windows that could not go on.
    pub(super) stopped: Vec<Stopped>,
    /// What is folded with it.
    pub(super) end: Cursor,
    /// From how many events.
    pub(super) events: u64,
}

/// What every worker of a rebuild needs to know.
pub(super) struct Task {
    pub(super) store: Store,
    pub(super) windows: Vec<Arc<dyn Window>>,
    pub(super) skipped: BTreeSet<u64>,
    pub(super) target: Position,
    pub(super) chunk_events: u64,
}

type Out = Sender<Result<Folded, ProjectorError>>;

/// Folds a chunk and hands on what it folds to, in one piece or, when it is large, in several.
pub(super) async fn work(task: Arc<Task>, chunk: Chunk, out: Out) {
    if let Err(error) = fold_all(&task, chunk, &out).await {
        // Nobody waits for it any more when this fails.
        drop(out.send(Err(error)).await);
    }
}

async fn fold_all(task: &Arc<Task>, chunk: Chunk, out: &Out) -> Result<(), ProjectorError> {
    let end = chunk.end();
    let after = chunk.after;
    let mut range = StreamRange { after: after.place(), to: end.stream, until: task.target };
    let names = chunk.streams.into_iter().map(|it| (it.id, (it.workspace, it.name)));
    let names: Arc<BTreeMap<Position, StreamId>> = Arc::new(names.collect());
    let mut folder = Folder::new(task.windows.clone());
    if let (Some(version), Some(id)) = (after.version, names.get(&after.stream)) {
        provide(task, &mut folder, (after.stream, id), version).await?;
    }
    let (mut events, mut stopped) = (0, Vec::new());
    loop {
        let page = task.store.stream_events(&range, PAGE_EVENTS).await?;
        let is_last = page.len() < PAGE_EVENTS;
        events += u64::try_from(page.len()).unwrap_or(u64::MAX);
        if let Some(last) = page.last() {
            range.after = (last.stream_id, last.version);
        }
        let is_full = !is_last && events >= task.chunk_events;
        let (task, names) = (Arc::clone(task), Arc::clone(&names));
        let folding = tokio::task::spawn_blocking(move || {
            let mut stopped = fold_page(&task, &names, &mut folder, &page);
            let flushed = (is_last || is_full).then(|| folder.flush());
            stopped.extend(flushed.iter().flat_map(|flushed| flushed.stopped.clone()));
            (folder, stopped, flushed.map(|flushed| flushed.writes))
        });
        let (back, more, writes) =
            folding.await.map_err(|error| ProjectorError::Broken(error.to_string()))?;
        folder = back;
        stopped.extend(more);
        if let Some(writes) = writes {
            let (stream, version) = range.after;
            let end = if is_last { end } else { Cursor { stream, version: Some(version) } };
            let stopped = std::mem::take(&mut stopped);
            let folded = Folded { writes, stopped, end, events: std::mem::take(&mut events) };
            if out.send(Ok(folded)).await.is_err() {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

fn fold_page(
    task: &Task,
    names: &BTreeMap<Position, StreamId>,
    folder: &mut Folder,
    page: &[StreamEvent],
) -> Vec<Stopped> {
    let mut stopped = Vec::new();
    for event in page {
        let Some(id) = names.get(&event.stream_id) else { continue };
        let entry = entry(event, id);
        if task.skipped.contains(&entry.position) {
            folder.skip(&entry);
        } else {
            stopped.extend(folder.fold(&entry));
        }
    }
    stopped
}

pub(in crate::projector) fn entry<'a>(event: &'a StreamEvent, id: &'a StreamId) -> Entry<'a> {
    Entry {
        position: event.position.get(),
        workspace: &id.0,
        stream: &id.1,
        version: event.version.get(),
        at: event.recorded_at,
        kind: &event.kind,
        schema_version: event.schema_version,
        payload: &event.payload,
    }
}

/// Gives the folder the state of a stream as it was where an earlier rebuild ended.
async fn provide(
    task: &Task,
    folder: &mut Folder,
    (stream, id): (Position, &StreamId),
    until: Version,
) -> Result<(), ProjectorError> {
    let mut state = State::new(id.1.kind());
    let mut range = StreamRange { after: (stream, Version::ZERO), to: stream, until: task.target };
    while range.after.1 < until {
        let page = task.store.stream_events(&range, PAGE_EVENTS).await?;
        if page.is_empty() {
            return Ok(());
        }
        for event in page.iter().take_while(|event| event.version <= until) {
            range.after.1 = event.version;
            let is_skipped = task.skipped.contains(&event.position.get());
            if !apply(&mut state, &entry(event, id), is_skipped) {
                return Ok(());
            }
        }
    }
    folder.insert(id.clone(), state, until.get());
    Ok(())
}
