//! The log stream by stream: what a window is made anew from.

use super::error::StoreError;
use super::handle::Store;
use super::rows::{from_row, to_row};
use super::types::{Position, Version};
use crate::domain::{StreamName, Timestamp, WorkspaceId};

/// How many events one statement reads at most.
pub const STREAM_EVENTS_MAX: usize = 10_000;
/// How many streams one statement reads at most.
pub const STREAMS_MAX: usize = 5_000;

pub(super) type StreamRow = (i64, String, String, i64);
pub(super) type StreamEventRow = (i64, i64, i64, String, i32, i64, Vec<u8>);

/// A stream of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The position of its first event, which names it.
    pub id: Position,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// What it is called.
    pub name: StreamName,
    /// The version of its last event.
    pub version: Version,
}

/// What of an event folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// The position of the first event of its stream.
    pub stream_id: Position,
    /// Its place in the stream.
    pub version: Version,
    /// Its place in the log.
    pub position: Position,
    /// What happened.
    pub kind: String,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// When the engine decided it.
    pub recorded_at: Timestamp,
    /// The event itself.
    pub payload: Vec<u8>,
}

/// Which events are wanted, in the order of their streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRange {
    /// The stream and the version that they follow.
    pub after: (Position, Version),
    /// The last stream.
    pub to: Position,
    /// The last position.
    pub until: Position,
}

impl StreamRange {
    /// What a statement takes for it.
    pub(super) fn binds(&self) -> [i64; 4] {
        let (stream, version) = self.after;
        [stream.get(), version.get(), self.to.get(), self.until.get()].map(to_row)
    }
}

impl Store {
    /// The streams whose first event comes after a position and no later than another one, in the
    /// order of these, at most so many (and at most 5,000).
    pub async fn streams(
        &self,
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<Stream>, StoreError> {
        let limit = limit.min(STREAMS_MAX);
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let between = [after.get(), to.get()].map(to_row);
        match self {
            Self::Postgres(store) => store.streams(between, rows).await,
            Self::Sqlite(store) => store.streams(between, rows).await,
            Self::Memory(store) => store.streams(after, to, limit),
        }
    }

    /// Events in the order of their streams and versions, at most so many (and at most 10,000).
    /// Fewer than asked for means that there are no more.
    pub async fn stream_events(
        &self,
        range: &StreamRange,
        limit: usize,
    ) -> Result<Vec<StreamEvent>, StoreError> {
        let limit = limit.min(STREAM_EVENTS_MAX);
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        match self {
            Self::Postgres(store) => store.stream_events(range.binds(), rows).await,
            Self::Sqlite(store) => store.stream_events(range.binds(), rows).await,
            Self::Memory(store) => store.stream_events(range, limit),
        }
    }
}

pub(super) fn stream(row: StreamRow) -> Result<Stream, StoreError> {
    let (id, workspace, name, version) = row;
    let damaged = |what: &str| StoreError::Damaged(format!("the {what} of stream {id}"));
    Ok(Stream {
        id: from_row(id)?.into(),
        workspace: WorkspaceId::parse(&workspace).map_err(|_| damaged("workspace"))?,
        name: StreamName::parse(&name).map_err(|_| damaged("name"))?,
        version: from_row(version)?.into(),
    })
}

pub(super) fn stream_event(row: StreamEventRow) -> Result<StreamEvent, StoreError> {
    let (stream_id, version, position, kind, schema, at, payload) = row;
    let damaged = || StoreError::Damaged(format!("the schema version of position {position}"));
    Ok(StreamEvent {
        stream_id: from_row(stream_id)?.into(),
        version: from_row(version)?.into(),
        position: from_row(position)?.into(),
        kind,
        schema_version: u16::try_from(schema).map_err(|_| damaged())?,
        recorded_at: Timestamp::from_unix_ms(at),
        payload,
    })
}
