//! Rows as both databases return them, and what they mean.

use super::error::StoreError;
use super::presence::{AgentPresence, Renewal};
use super::types::{Batch, Hash, Head, Position, Receipt, RecordedEvent, StoredAnswer, Version};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many events, rows or positions one statement reads at most.
pub(super) const READ_ROWS_MAX: usize = 5000;

pub(super) type HeadRow = (Uuid, i64, i64, Vec<u8>);
pub(super) type BatchRow = (i64, i64, i64, Vec<u8>, Vec<u8>);
pub(super) type AnswerRow = (Vec<u8>, String, Vec<u8>);
pub(super) type LeaseRow = (String, String, String, String, i64, i64, Option<i16>);
pub(super) type AgentRow = (String, String, i64);
/// A position, the workspace and the name of a stream, and a version.
pub(super) type NumberedRow = (i64, String, String, i64);
/// Workspace, actor and key of a request, and its receipt.
pub(super) type KeyRow = (String, String, String, String);
pub(super) type EventRow =
    (i64, String, String, i64, Uuid, String, i32, Vec<u8>, Vec<u8>, i64, Vec<u8>);

/// A number as the databases keep it.
pub(super) fn to_row(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or a number that the databases keep and that is never negative.
pub(super) fn from_row(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged("a number is negative"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// A hash of the right length.
pub(super) fn hash(bytes: Vec<u8>) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| damaged("a hash does not have 32 bytes"))
}

pub(super) fn head(row: HeadRow) -> Result<Head, StoreError> {
    let (log_id, position, batch_no, batch_hash) = row;
    Ok(Head {
        log_id,
        position: from_row(position)?.into(),
        batch_no: from_row(batch_no)?,
        batch_hash: hash(batch_hash)?,
    })
}

pub(super) fn batch(row: BatchRow) -> Result<Batch, StoreError> {
    let (batch_no, first, last, bytes, leaf_prefixes) = row;
    Ok(Batch {
        batch_no: from_row(batch_no)?,
        first_position: from_row(first)?.into(),
        last_position: from_row(last)?.into(),
        hash: hash(bytes)?,
        leaf_prefixes,
    })
}

pub(super) fn event(row: EventRow) -> Result<RecordedEvent, StoreError> {
    let (position, workspace, stream, version, event_id, ..) = row;
    let (.., kind, schema, payload, metadata, at, leaf) = row;
    let place = |what: &str| StoreError::Damaged(format!("the {what} of position {position}"));
    Ok(RecordedEvent {
        position: from_row(position)?.into(),
        workspace: WorkspaceId::parse(&workspace).map_err(|_| place("workspace"))?,
        stream: StreamName::parse(&stream).map_err(|_| place("stream"))?,
        version: from_row(version)?.into(),
        event_id,
        kind,
        schema_version: u16::try_from(schema).map_err(|_| place("schema version"))?,
        payload,
        metadata,
        recorded_at: Timestamp::from_unix_ms(at),
        leaf_hash: hash(leaf).map_err(|_| place("leaf hash"))?,
    })
}

pub(super) fn answer(row: AnswerRow) -> Result<StoredAnswer, StoreError> {
    let (request_hash, receipt, answer) = row;
    Ok(StoredAnswer {
        request_hash: hash(request_hash)?,
        receipt: receipt_from_text(&receipt)?,
        answer,
    })
}

pub(super) fn lease(row: LeaseRow) -> Result<Renewal, StoreError> {
    let (workspace, agent_id, execution_id, task_id, epoch, seen_at, progress) = row;
    Ok(Renewal {
        workspace: WorkspaceId::parse(&workspace).map_err(|_| damaged("a workspace's name"))?,
        agent_id,
        execution_id,
        task_id,
        epoch: from_row(epoch)?,
        seen_at: Timestamp::from_unix_ms(seen_at),
        progress_percent: progress.and_then(|percent| u8::try_from(percent).ok()),
    })
}

pub(super) fn agent(row: AgentRow) -> Result<AgentPresence, StoreError> {
    let (workspace, agent_id, last_seen_at) = row;
    Ok(AgentPresence {
        workspace: WorkspaceId::parse(&workspace).map_err(|_| damaged("a workspace's name"))?,
        agent_id,
        last_seen_at: Timestamp::from_unix_ms(last_seen_at),
    })
}

#[derive(Serialize, Deserialize)]
struct ReceiptText {
    first_position: Position,
    last_position: Position,
    versions: Vec<(String, Version)>,
}

/// A receipt as it is kept with its key.
pub(super) fn receipt_to_text(receipt: &Receipt) -> String {
    let versions = receipt.versions.iter();
    let text = ReceiptText {
        first_position: receipt.first_position,
        last_position: receipt.last_position,
        versions: versions.map(|(stream, version)| (stream.to_string(), *version)).collect(),
    };
    serde_json::to_string(&text).expect("texts and numbers always become JSON")
}

/// A receipt as it was kept with its key.
pub(super) fn receipt_from_text(text: &str) -> Result<Receipt, StoreError> {
    let text: ReceiptText =
        serde_json::from_str(text).map_err(|_| damaged("the receipt of a request"))?;
    let named = |(stream, version): (String, Version)| {
        let stream = StreamName::parse(&stream).map_err(|_| damaged("a stream's name"))?;
        Ok((stream, version))
    };
    Ok(Receipt {
        first_position: text.first_position,
        last_position: text.last_position,
        versions: text.versions.into_iter().map(named).collect::<Result<_, StoreError>>()?,
    })
}
