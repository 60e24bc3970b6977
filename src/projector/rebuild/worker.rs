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
    let mut piece = Piece::begin(task, chunk).await?;
    loop {
        let is_last = piece.fold_page().await?;
        if !is_last && piece.events < task.chunk_events {
            continue;
        }
        if out.send(Ok(piece.end(is_last.then_some(end)).await?)).await.is_err() || is_last {
            return Ok(());
        }
    }
}

/// What of a chunk is folded before it is handed on.
struct Piece<'t> {
    task: &'t Arc<Task>,
    names: Arc<BTreeMap<Position, StreamId>>,
    folder: Option<Folder>,
    /// What follows what was folded.
    range: StreamRange,
    /// What came before this piece.
    before: (Position, Version),
    events: u64,
    stopped: Vec<Stopped>,
}

impl<'t> Piece<'t> {
    async fn begin(task: &'t Arc<Task>, chunk: Chunk) -> Result<Self, ProjectorError> {
        let (before, to) = (chunk.after.place(), chunk.end().stream);
        let names = chunk.streams.into_iter().map(|it| (it.id, (it.workspace, it.name)));
        let mut piece = Self {
            task,
            names: Arc::new(names.collect()),
            folder: None,
            range: StreamRange { after: before, to, until: task.target },
            before,
            events: 0,
            stopped: Vec::new(),
        };
        piece.folder = Some(piece.folder_of(task.windows.clone()).await?);
        Ok(piece)
    }

    /// A folder that knows what came before this piece.
    async fn folder_of(&self, windows: Vec<Arc<dyn Window>>) -> Result<Folder, ProjectorError> {
        let mut folder = Folder::new(windows);
        let (stream, version) = self.before;
        if let Some(id) = self.names.get(&stream)
            && version != Cursor::WHOLE
        {
            provide(self.task, &mut folder, (stream, id), version).await?;
        }
        Ok(folder)
    }

    /// Folds one page more; whether it was the last.
    async fn fold_page(&mut self) -> Result<bool, ProjectorError> {
        let page = self.task.store.stream_events(&self.range, PAGE_EVENTS).await?;
        let is_last = page.len() < PAGE_EVENTS;
        self.events += u64::try_from(page.len()).unwrap_or(u64::MAX);
        if let Some(last) = page.last() {
            self.range.after = (last.stream_id, last.version);
        }
        let (task, names) = (Arc::clone(self.task), Arc::clone(&self.names));
        let stopped = self.on_the_side(move |folder| fold_page(&task, &names, folder, &page));
        let stopped = stopped.await?;
        self.stopped.extend(stopped);
        Ok(is_last)
    }

    /// Does what takes long where it holds nobody up.
    async fn on_the_side<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Folder) -> T + Send + 'static,
    ) -> Result<T, ProjectorError> {
        let mut folder = self.folder.take().unwrap_or_else(|| Folder::new(Vec::new()));
        let worked = tokio::task::spawn_blocking(move || {
            let done = work(&mut folder);
            (folder, done)
        });
        let (folder, done) =
            worked.await.map_err(|error| ProjectorError::Broken(error.to_string()))?;
        self.folder = Some(folder);
        Ok(done)
    }

    /// What the piece folds to, and where it ends: at that place, or in the middle of a stream.
    async fn end(&mut self, end: Option<Cursor>) -> Result<Folded, ProjectorError> {
        let flushed = self.on_the_side(Folder::flush).await?;
        for late in flushed.stopped {
            let found = self.find(late.window).await?;
            self.stopped.push(found.unwrap_or(late));
        }
        let (stream, version) = self.range.after;
        self.before = self.range.after;
        Ok(Folded {
            writes: flushed.writes,
            stopped: std::mem::take(&mut self.stopped),
            end: end.unwrap_or(Cursor { stream, version: Some(version) }),
            events: std::mem::take(&mut self.events),
        })
    }

    /// The event after which a window could make a row no more: its rows are made after each.
    async fn find(&self, window: &str) -> Result<Option<Stopped>, ProjectorError> {
        let windows = self.task.windows.iter().filter(|it| it.name() == window).cloned();
        let mut folder = self.folder_of(windows.collect()).await?;
        let mut range = StreamRange { after: self.before, ..self.range };
        loop {
            let page = self.task.store.stream_events(&range, PAGE_EVENTS).await?;
            for event in &page {
                range.after = (event.stream_id, event.version);
                let at = std::slice::from_ref(event);
                let mut stopped = fold_page(self.task, &self.names, &mut folder, at);
                stopped.extend(folder.flush().stopped);
                if let Some(found) = stopped.pop() {
                    return Ok(Some(Stopped { position: event.position.get(), ..found }));
                }
            }
            if page.len() < PAGE_EVENTS {
                return Ok(None);
            }
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
