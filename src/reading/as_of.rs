//! The windows of one execution as they were at another moment: the same folds, over the part of
//! its log that lies before.

use super::{ReadError, Reader};
use crate::domain::{ExecutionId, State, StreamKind, StreamName, Timestamp, WorkspaceId};
use crate::projections::{Folder, Mark, MemoryTables, Row, StreamId, Window};
use crate::store::{Position, RecordedEvent, Version};
use std::sync::Arc;

/// How many events are read at once.
const PAGE_EVENTS: usize = 2_000;

/// A moment in the life of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// When its stream had so many events.
    Version(Version),
    /// When the log had so many.
    Position(Position),
    /// A time.
    Time(Timestamp),
}

impl AsOf {
    fn has_come(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Version(version) => event.version <= version,
            Self::Position(position) => event.position <= position,
            Self::Time(at) => event.recorded_at <= at,
        }
    }
}

/// An execution at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then {
    /// The version of its last event.
    pub version: Version,
    /// The position of its last event.
    pub position: Position,
    /// What its events fold to.
    pub state: State,
    tables: Vec<(&'static str, MemoryTables)>,
}

impl Then {
    /// The rows of a window's table, by key.
    pub fn rows(&self, window: &str, table: usize) -> impl Iterator<Item = &(Row, Mark)> {
        let found = self.tables.iter().filter(move |(name, _)| *name == window);
        found.flat_map(move |(_, tables)| tables.rows(table))
    }
}

impl Reader {
    /// What these windows showed of an execution at a moment; none when it was not there yet.
    pub async fn then(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        as_of: AsOf,
        windows: &[Arc<dyn Window>],
    ) -> Result<Option<Then>, ReadError> {
        let id: StreamId = (workspace.clone(), StreamName::execution(execution_id));
        let mut folder = Folder::new(windows.to_vec());
        let (mut version, mut position) = (Version::ZERO, Position::ZERO);
        loop {
            let page = self.store.read_stream(&id.0, &id.1, version, PAGE_EVENTS).await?;
            let is_last = page.len() < PAGE_EVENTS;
            for event in page.iter().take_while(|event| as_of.has_come(event)) {
                (version, position) = (event.version, event.position);
                let stopped = folder.fold(&event.entry());
                if let Some(stopped) = stopped.into_iter().next() {
                    return Err(ReadError::Broken(format!("position {position}: {}", stopped.why)));
                }
            }
            if is_last || page.last().is_some_and(|last| last.version > version) {
                break;
            }
        }
        if version == Version::ZERO {
            return Ok(None);
        }
        let state = folder.state(&id).cloned();
        let state = state.unwrap_or_else(|| State::new(StreamKind::Execution));
        let tables = windows.iter().zip(folder.flush().writes).map(|(window, (name, writes))| {
            let mut tables = MemoryTables::new(window.tables());
            tables.write(writes);
            (name, tables)
        });
        Ok(Some(Then { version, position, state, tables: tables.collect() }))
    }
}
