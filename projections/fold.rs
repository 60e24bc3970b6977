//! Folds events into all windows at once: each event is decoded once, each state kept once.

use super::changes::{Changes, Gathered, Mark, TableWrites, Touched};
use super::window::{Happened, Subject, Window};
use planexe_ax_domain::{Event, State, StreamKind, StreamName, Timestamp, WorkspaceId};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A stream and its workspace.
pub type StreamId = (WorkspaceId, StreamName);

/// An event as the log holds it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its place in the log.
    pub position: u64,
    /// The workspace of its stream.
    pub workspace: &'a WorkspaceId,
    /// Its stream.
    pub stream: &'a StreamName,
    /// Its place in the stream.
    pub version: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub kind: &'a str,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// The event itself.
    pub payload: &'a [u8],
}

/// A window that could not take an event in. It takes in nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The window.
    pub window: &'static str,
    /// The event.
    pub position: u64,
    /// Why.
    pub why: String,
}

/// What a batch of events changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flushed {
    /// For each window, a list of writes for each of its tables.
    pub writes: Vec<(&'static str, Vec<TableWrites>)>,
    /// The windows whose rows could not be made.
    pub stopped: Vec<Stopped>,
}

/// The state of a stream, and what was touched in it.
#[derive(Debug)]
struct Slot {
    state: State,
    version: u64,
    touched: Vec<Touched>,
    used_at: u64,
}

/// Folds events, in the order of the log, into windows. What it holds is at one position for all
/// of them.
pub struct Folder {
    windows: Vec<Arc<dyn Window>>,
    is_stopped: Vec<bool>,
    gathered: Vec<Gathered>,
    slots: BTreeMap<StreamId, Slot>,
    dirty: BTreeSet<StreamId>,
    position: u64,
}

impl Folder {
    /// Folds into these windows.
    pub fn new(windows: Vec<Arc<dyn Window>>) -> Self {
        let gathered = windows.iter().map(|_| Gathered::default()).collect();
        let is_stopped = vec![false; windows.len()];
        let (slots, dirty) = (BTreeMap::new(), BTreeSet::new());
        Self { windows, is_stopped, gathered, slots, dirty, position: 0 }
    }

    /// The windows that it folds into.
    pub fn windows(&self) -> &[Arc<dyn Window>] {
        &self.windows
    }

    /// Whether any of the windows takes in what happens to such streams.
    pub fn wants(&self, kind: StreamKind) -> bool {
        self.interested(kind).next().is_some()
    }

    fn interested(&self, kind: StreamKind) -> impl Iterator<Item = usize> + '_ {
        let takes = move |at: &usize| self.windows[*at].streams().contains(&kind);
        (0..self.windows.len()).filter(|&at| !self.is_stopped[at]).filter(takes)
    }

    /// The version up to which a stream has been folded; 0 when nothing of it is held.
    pub fn version_of(&self, stream: &StreamId) -> u64 {
        self.slots.get(stream).map_or(0, |slot| slot.version)
    }

    /// Takes the state of a stream as its events up to that version give it.
    pub fn insert(&mut self, stream: StreamId, state: State, version: u64) {
        let touched = vec![Touched::default(); self.windows.len()];
        let used_at = self.position;
        self.slots.insert(stream, Slot { state, version, touched, used_at });
    }

    /// The state of a stream, when it is held.
    pub fn state(&self, stream: &StreamId) -> Option<&State> {
        self.slots.get(stream).map(|slot| &slot.state)
    }

    /// Takes an event in. The windows that could not are named; what they changed in this batch
    /// is of no use, and they take in nothing more.
    pub fn fold(&mut self, entry: &Entry<'_>) -> Vec<Stopped> {
        self.position = entry.position;
        let interested: Vec<usize> = self.interested(entry.stream.kind()).collect();
        if interested.is_empty() {
            return Vec::new();
        }
        let failed = match self.take(entry, &interested) {
            Ok(failed) => failed,
            Err(why) => interested.iter().map(|&at| (at, why.clone())).collect(),
        };
        failed.into_iter().map(|(at, why)| self.stop(at, entry.position, why)).collect()
    }

    /// Takes in that an operator had an event skipped: it changes a state only where it can, and
    /// the rows of its stream are made anew.
    pub fn skip(&mut self, entry: &Entry<'_>) {
        self.position = entry.position;
        let id = (entry.workspace.clone(), entry.stream.clone());
        let count = self.windows.len();
        let slot = self.slots.entry(id.clone()).or_insert_with(|| Slot::new(entry.stream, count));
        if let Ok(event) = Event::decode(entry.kind, entry.schema_version, entry.payload) {
            let mut changed = slot.state.clone();
            if matches!(catching(|| changed.apply(&event)), Ok(Ok(()))) {
                slot.state = changed;
            }
        }
        slot.version = entry.version;
        let mark = Mark { position: entry.position, at: entry.at };
        for (touched, window) in slot.touched.iter_mut().zip(&self.windows) {
            touched.whole.extend((0..window.tables().len()).map(|table| (table, mark)));
        }
        self.dirty.insert(id);
    }

    fn stop(&mut self, at: usize, position: u64, why: String) -> Stopped {
        self.is_stopped[at] = true;
        self.gathered[at] = Gathered::default();
        Stopped { window: self.windows[at].name(), position, why }
    }

    /// The windows that failed, by their places; or why none of them can take the event in.
    fn take(
        &mut self,
        entry: &Entry<'_>,
        interested: &[usize],
    ) -> Result<Vec<(usize, String)>, String> {
        let event = catching(|| Event::decode(entry.kind, entry.schema_version, entry.payload))?
            .map_err(|error| chain(&error))?;
        let id = (entry.workspace.clone(), entry.stream.clone());
        let count = self.windows.len();
        let slot = self.slots.entry(id.clone()).or_insert_with(|| Slot::new(entry.stream, count));
        if slot.version + 1 != entry.version {
            return Err(format!("version {} follows version {}", entry.version, slot.version));
        }
        self.dirty.insert(id);
        slot.used_at = entry.position;
        let happened = Happened {
            position: entry.position,
            workspace: entry.workspace,
            stream: entry.stream,
            version: entry.version,
            at: entry.at,
            event: &event,
        };
        let mut failed = Vec::new();
        let tell = |slot: &mut Slot, gathered: &mut [Gathered], is_after, failed: &mut Vec<_>| {
            for &at in interested {
                let window = self.windows[at].as_ref();
                let gathered = &mut gathered[at];
                let told = catching(|| slot.tell(at, window, &happened, gathered, is_after));
                if let Err(why) = told.and_then(|told| told) {
                    failed.push((at, why));
                }
            }
        };
        tell(slot, &mut self.gathered, false, &mut failed);
        catching(|| slot.state.apply(&event))?.map_err(|error| chain(&error))?;
        slot.version = entry.version;
        tell(slot, &mut self.gathered, true, &mut failed);
        failed.dedup_by_key(|(at, _)| *at);
        Ok(failed)
    }

    /// What the events since the last time change in each window that goes on.
    pub fn flush(&mut self) -> Flushed {
        let mut stopped = Vec::new();
        for id in std::mem::take(&mut self.dirty) {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            let touched: Vec<_> = slot.touched.iter_mut().map(std::mem::take).collect();
            let (workspace, stream) = &id;
            let subject = Subject { workspace, stream, version: slot.version, state: &slot.state };
            for (at, touched) in touched.iter().enumerate().filter(|(_, it)| !it.is_empty()) {
                let window = self.windows[at].as_ref();
                let gathered = &mut self.gathered[at];
                let made = catching(|| resolve(window, &subject, touched, gathered));
                if let (Err(why), false) = (made, self.is_stopped[at]) {
                    self.is_stopped[at] = true;
                    stopped.push(Stopped { window: window.name(), position: touched.last(), why });
                }
            }
        }
        let writes = self.gathered.iter_mut().map(std::mem::take).enumerate();
        let going = writes.filter(|(at, _)| !self.is_stopped[*at]);
        let writes = going.map(|(at, gathered)| {
            let window = &self.windows[at];
            (window.name(), gathered.into_writes(window.as_ref()))
        });
        Flushed { writes: writes.collect(), stopped }
    }

    /// Forgets the states that were not used for longest, until at most so many are held; what
    /// was not flushed stays.
    pub fn forget_beyond(&mut self, streams_max: usize) {
        let excess = self.slots.len().saturating_sub(streams_max);
        if excess == 0 {
            return;
        }
        let idle = self.slots.iter().filter(|(id, _)| !self.dirty.contains(*id));
        let mut idle: Vec<_> = idle.map(|(id, slot)| (slot.used_at, id.clone())).collect();
        idle.sort();
        for (_, id) in idle.into_iter().take(excess) {
            self.slots.remove(&id);
        }
    }
}

impl Slot {
    fn new(stream: &StreamName, windows: usize) -> Self {
        let touched = vec![Touched::default(); windows];
        Self { state: State::new(stream.kind()), version: 0, touched, used_at: 0 }
    }

    fn tell(
        &mut self,
        at: usize,
        window: &dyn Window,
        happened: &Happened<'_>,
        gathered: &mut Gathered,
        is_after: bool,
    ) -> Result<(), String> {
        let subject = Subject {
            workspace: happened.workspace,
            stream: happened.stream,
            version: self.version,
            state: &self.state,
        };
        let touched = &mut self.touched[at];
        let mut changes = Changes::new(happened, window.tables(), touched, gathered);
        let told = if is_after {
            window.after(happened, &subject, &mut changes)
        } else {
            window.before(happened, &subject, &mut changes)
        };
        told.map_err(|error| error.0)
    }
}

/// Makes the rows of what was touched.
fn resolve(window: &dyn Window, subject: &Subject<'_>, touched: &Touched, gathered: &mut Gathered) {
    let tables = window.tables();
    for ((table, part), mark) in &touched.parts {
        gathered.put(*table, tables[*table].key, window.row(*table, subject, part), *mark);
    }
    for (table, mark) in &touched.whole {
        for row in window.rows_of_all(*table, subject) {
            gathered.put_again(*table, tables[*table].key, row, *mark);
        }
    }
}

/// All rows of a stream that follow from its state, table by table.
pub fn recompute(window: &dyn Window, subject: &Subject<'_>) -> Vec<Vec<super::Row>> {
    (0..window.tables().len()).map(|table| window.rows_of_all(table, subject)).collect()
}

/// Runs what may panic: a defect in one window holds up no other.
fn catching<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        format!("panicked: {}", text.unwrap_or_default())
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
