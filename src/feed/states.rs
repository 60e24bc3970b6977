//! The executions that somebody listens to, folded, and which of their rows changed.

use super::frame::{ExecutionState, ExecutionUpdate, Frame, Snapshot, TaskState, TaskUpdate};
use super::load::Loaded;
use crate::domain::{State, StreamName, Timestamp};
use crate::projections::progress::{ProgressRow, ProgressWindow};
use crate::projections::task_tree::{TaskRow, TaskTreeWindow};
use crate::projections::{
    Entry, Folder, Mark, Row, StreamId, Subject, TableWrites, Value, Window, recompute,
};
use crate::store::{Position, RecordedEvent, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many executions are kept folded.
pub(super) const STATES_MAX: usize = 1_024;
/// How large a snapshot may be.
pub(super) const SNAPSHOT_BYTES_MAX: usize = 384 * 1024;

/// Executions that are kept folded, each at its last published event.
#[derive(Default)]
pub(super) struct States {
    held: BTreeMap<StreamId, Held>,
    uses: u64,
}

struct Held {
    folder: Folder,
    used_at: u64,
    is_broken: bool,
    /// The last one, and the version that it shows.
    snapshot: Option<(Version, Snapshot)>,
}

impl States {
    /// Whether an execution is held.
    pub(super) fn holds(&self, id: &StreamId) -> bool {
        self.held.contains_key(id)
    }

    /// Keeps an execution from now on.
    pub(super) fn insert(&mut self, id: StreamId, loaded: Loaded) {
        let mut folder = Folder::new(vec![
            Arc::new(ProgressWindow),
            Arc::new(TaskTreeWindow) as Arc<dyn Window>,
        ]);
        folder.insert(id.clone(), loaded.state, loaded.version.get());
        self.uses += 1;
        let held = Held { folder, used_at: self.uses, is_broken: false, snapshot: None };
        self.held.insert(id, held);
    }

    /// Takes an event in, when its execution is held.
    pub(super) fn fold(&mut self, id: &StreamId, event: &RecordedEvent) {
        let Some(held) = self.held.get_mut(id) else { return };
        self.uses += 1;
        held.used_at = self.uses;
        let is_new = held.folder.version_of(id) < event.version.get();
        if held.is_broken || !is_new {
            return;
        }
        let stopped = held.folder.fold(&entry(event));
        if let Some(stopped) = stopped.first() {
            let (at, why) = (stopped.position, &stopped.why);
            tracing::error!(position = at, why, "the feed cannot follow {} at {at}", event.stream);
            held.is_broken = true;
        }
    }

    /// What has changed in an execution since the last time, as updates at a position.
    pub(super) fn changes(&mut self, id: &StreamId, position: Position) -> Changes {
        let Some(held) = self.held.get_mut(id).filter(|held| !held.is_broken) else {
            return Changes::default();
        };
        let mut changes = Changes::default();
        for (window, mut tables) in held.folder.flush().writes {
            let Some(writes) = (!tables.is_empty()).then(|| tables.swap_remove(0)) else {
                continue;
            };
            if window == ProgressWindow.name() {
                changes.executions.extend(
                    writes
                        .rows
                        .iter()
                        .filter_map(|(row, mark)| execution_update(row, mark, position)),
                );
            } else {
                changes.tasks = task_updates(id, &writes, position);
            }
        }
        changes
    }

    /// How an execution stands at a position.
    pub(super) fn snapshot(
        &mut self,
        id: &StreamId,
        position: Position,
        timestamp: Timestamp,
    ) -> Option<Snapshot> {
        let held = self.held.get_mut(id)?;
        let version = Version::from(held.folder.version_of(id));
        if held.snapshot.as_ref().is_none_or(|(of, _)| *of != version) {
            let snapshot = standing(id, held.folder.state(id)?, version);
            held.snapshot = Some((version, snapshot));
        }
        let (_, snapshot) = held.snapshot.as_ref()?;
        Some(Snapshot { timestamp, position, ..snapshot.clone() })
    }

    /// Forgets those that nobody listens to, and those that were not used for longest where there
    /// are too many.
    pub(super) fn forget(&mut self, states_max: usize, is_wanted: impl Fn(&StreamId) -> bool) {
        self.held.retain(|id, _| is_wanted(id));
        let excess = self.held.len().saturating_sub(states_max);
        if excess == 0 {
            return;
        }
        let mut uses: Vec<_> = self.held.iter().map(|(id, it)| (it.used_at, id.clone())).collect();
        uses.sort();
        for (_, id) in uses.into_iter().take(excess) {
            self.held.remove(&id);
        }
    }

    /// How many are held.
    pub(super) fn count(&self) -> usize {
        self.held.len()
    }
}

/// What has changed in an execution.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) executions: Vec<Arc<Frame>>,
    pub(super) tasks: Vec<Arc<Frame>>,
}

/// The execution and its tasks, as many as fit.
fn standing(id: &StreamId, state: &State, version: Version) -> Snapshot {
    let subject = Subject { workspace: &id.0, stream: &id.1, version: version.get(), state };
    let rows = recompute(&TaskTreeWindow, &subject).into_iter().flatten();
    let mut rows: Vec<_> = rows.filter_map(|row| TaskRow::from_row(&row).ok()).collect();
    rows.sort_by_key(|row| row.ordinal);
    let all = rows.len();
    let mut room = SNAPSHOT_BYTES_MAX;
    let fitting = rows.into_iter().map(TaskState::from).take_while(|task| {
        let fits = task.bytes() <= room;
        room = room.saturating_sub(task.bytes());
        fits
    });
    let tasks: Arc<[TaskState]> = fitting.collect();
    Snapshot {
        execution: execution_state(id, state, version),
        is_partial: tasks.len() < all,
        tasks,
        executions: Vec::new(),
        timestamp: Timestamp::default(),
        position: Position::ZERO,
    }
}

/// How an execution stands; none before it is made.
pub(super) fn execution_state(
    id: &StreamId,
    state: &State,
    version: Version,
) -> Option<ExecutionState> {
    let subject = Subject { workspace: &id.0, stream: &id.1, version: version.get(), state };
    let row = recompute(&ProgressWindow, &subject).into_iter().next()?.into_iter().next()?;
    ProgressRow::from_row(&row).ok().map(ExecutionState::from)
}

fn execution_update(row: &Row, mark: &Mark, position: Position) -> Option<Arc<Frame>> {
    let execution = ExecutionState::from(ProgressRow::from_row(row).ok()?);
    let update = ExecutionUpdate { execution, timestamp: mark.at, position };
    Some(Arc::new(Frame::ExecutionUpdate(update)))
}

fn task_updates(id: &StreamId, writes: &TableWrites, position: Position) -> Vec<Arc<Frame>> {
    let execution_id: Arc<str> = id.1.id().into();
    let there = writes.rows.iter().filter_map(|(row, mark)| {
        let row = TaskRow::from_row(row).ok()?;
        Some((row.ordinal, TaskState::from(row), mark.at))
    });
    let mut there: Vec<_> = there.collect();
    there.sort_by_key(|(ordinal, ..)| *ordinal);
    let there = there.into_iter().map(|(_, task, at)| (task, at));
    let gone = writes.gone.iter().filter_map(|(key, mark)| match key.last()? {
        Value::Text(task_id) => Some((TaskState::removed(Arc::clone(task_id)), mark.at)),
        Value::Null | Value::Integer(_) => None,
    });
    let update = |(task, timestamp)| {
        let execution_id = Arc::clone(&execution_id);
        Arc::new(Frame::TaskUpdate(TaskUpdate { execution_id, task, timestamp, position }))
    };
    gone.chain(there).map(update).collect()
}

fn entry(event: &RecordedEvent) -> Entry<'_> {
    Entry {
        position: event.position.get(),
        workspace: &event.workspace,
        stream: &event.stream,
        version: event.version.get(),
        at: event.recorded_at,
        kind: &event.kind,
        schema_version: event.schema_version,
        payload: &event.payload,
    }
}

/// The stream of an execution, within its workspace.
pub(super) fn stream_id(event: &RecordedEvent) -> StreamId {
    let stream: &StreamName = &event.stream;
    (event.workspace.clone(), stream.clone())
}
