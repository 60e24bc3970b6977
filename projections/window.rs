//! What a window is: tables, and a fold that says which of their rows an event changes.

use super::changes::Changes;
use super::table::Table;
use super::value::{Cell as _, Row, Value};
use planexe_ax_domain::execution::MemoryKey;
use planexe_ax_domain::{Event, State, StreamKind, StreamName, TaskId, Timestamp, WorkspaceId};
use std::sync::Arc;

/// A window could not take an event in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FoldError(pub String);

/// An event of the log, with where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
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
    pub event: &'a Event,
}

/// A stream and what its events fold to, at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// The stream.
    pub stream: &'a StreamName,
    /// The version of its last event.
    pub version: u64,
    /// What they fold to.
    pub state: &'a State,
}

impl Subject<'_> {
    /// The workspace, as it stands in a cell.
    pub fn workspace_cell(&self) -> Arc<str> {
        self.workspace.as_str().into()
    }

    /// The id behind the slash of the stream's name, as it stands in a cell.
    pub fn id_cell(&self) -> Arc<str> {
        self.stream.id().into()
    }

    /// The two, which begin every key.
    pub fn key(&self) -> Vec<Value> {
        vec![self.workspace_cell().to_value(), self.id_cell().to_value()]
    }
}

/// What of a stream a row is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Whole,
    /// A task.
    Task(TaskId),
    /// Something that an execution remembers.
    Memory(MemoryKey),
    /// Something that has a name in the window alone.
    Named(Arc<str>),
}

impl Part {
    /// The name, when it is one that the window alone has.
    pub fn name(&self) -> Option<Arc<str>> {
        match self {
            Self::Named(name) => Some(Arc::clone(name)),
            Self::Whole | Self::Task(_) | Self::Memory(_) => None,
        }
    }

    /// The task that it is about.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Task(task_id) => Some(task_id),
            Self::Whole | Self::Memory(_) | Self::Named(_) => None,
        }
    }
}

/// The row of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// It is there.
    There(Row),
    /// There is none any more; this was its key.
    Gone(Vec<Value>),
}

/// A window on the log.
///
/// Rows follow from the state of a stream: the fold only says which parts an event touched, and
/// the row of a touched part is made once, however many events touched it. What a state does not
/// keep (history, sums over many streams) is put or added as it happens.
pub trait Window: Send + Sync + 'static {
    /// Its name, for ever.
    fn name(&self) -> &'static str;

    /// Raised when the same events give other rows.
    fn version(&self) -> u16 {
        1
    }

    /// Its tables.
    fn tables(&self) -> &'static [Table];

    /// The kinds of stream whose events it takes in.
    fn streams(&self) -> &'static [StreamKind];

    /// Marks what an event takes away, while the state still has it.
    fn before(
        &self,
        _happened: &Happened<'_>,
        _subject: &Subject<'_>,
        _changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        Ok(())
    }

    /// Marks what an event changed, as the state has it now.
    fn after(
        &self,
        _happened: &Happened<'_>,
        _subject: &Subject<'_>,
        _changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        Ok(())
    }

    /// The row of a touched part in the table at that place among [`Self::tables`], as the state
    /// has it now.
    fn row(&self, _table: usize, subject: &Subject<'_>, _part: &Part) -> Shape {
        Shape::Gone(subject.key())
    }

    /// Every part that has a row in a table, as the state has it now.
    fn parts(&self, _table: usize, _subject: &Subject<'_>) -> Vec<Part> {
        Vec::new()
    }

    /// Every row of a table, as the state has it now. A window whose rows are cheaper to make
    /// together than one by one makes them here.
    fn rows_of_all(&self, table: usize, subject: &Subject<'_>) -> Vec<Row> {
        let parts = self.parts(table, subject);
        let rows = parts.iter().filter_map(|part| match self.row(table, subject, part) {
            Shape::There(row) => Some(row),
            Shape::Gone(_) => None,
        });
        rows.collect()
    }

    /// The keys of the rows that a sum counts in. A window that counts the same at many places
    /// adds it once, under a key of its own, and names the places here, when they are written.
    fn spread(&self, _table: usize, key: &[Value]) -> Vec<Vec<Value>> {
        vec![key.to_vec()]
    }
}
