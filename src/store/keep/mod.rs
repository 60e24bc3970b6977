//! What a backup needs of the archive: everything in it that cannot be made again, read at one
//! moment beside whoever writes, and put back into a database that holds nothing.

mod beside;
mod original;
mod target;

pub use beside::{BesideTable, LEFT_OUT};
pub use original::{Moment, Original};
pub use target::{End, Loading, Target, TargetError};

use super::error::StoreError;
use super::migrate::SQLITE;
use super::rows;
use super::types::{Batch, Hash, Position, RecordedEvent, Version};
use crate::domain::{StreamName, WorkspaceId};

/// How many rows are read or put back at once.
pub const PAGE_ROWS: usize = 1_000;

/// The answer that is kept for a request that had a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The workspace of the request.
    pub workspace: String,
    /// Who asked.
    pub actor: String,
    /// The key.
    pub key: String,
    /// The hash of what was asked.
    pub request_hash: Hash,
    /// Where its events went, as the archive writes it.
    pub receipt: String,
    /// What it was answered with.
    pub answer: Vec<u8>,
}

pub(super) type KeptKeyRow = (String, String, String, Vec<u8>, String, Vec<u8>);

impl KeptKey {
    pub(super) fn of_row(row: KeptKeyRow) -> Result<Self, StoreError> {
        let (workspace, actor, key, request_hash, receipt, answer) = row;
        let request_hash = rows::hash(request_hash)?;
        Ok(Self { workspace, actor, key, request_hash, receipt, answer })
    }

    /// The last position that the answer is about; none when its receipt cannot be read.
    pub fn last_position(&self) -> Option<Position> {
        Some(rows::receipt_from_text(&self.receipt).ok()?.last_position)
    }
}

/// A part of the log: whole batches with their events, each with the id of its stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewRows<'a> {
    pub(super) events: &'a [(RecordedEvent, Position)],
    pub(super) batches: &'a [Batch],
}

/// A stream: where it begins, and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamRow<'a> {
    pub(super) stream_id: Position,
    pub(super) workspace: &'a WorkspaceId,
    pub(super) name: &'a StreamName,
    pub(super) version: Version,
}

/// The newest step of the schema that this program knows: its number and its name.
pub fn newest_schema() -> (i64, &'static str) {
    SQLITE.last().map_or((0, ""), |migration| (migration.number, migration.name))
}

/// The name of a step of the schema; none when this program does not know it.
pub fn schema_name(number: i64) -> Option<&'static str> {
    SQLITE.iter().find(|migration| migration.number == number).map(|migration| migration.name)
}
