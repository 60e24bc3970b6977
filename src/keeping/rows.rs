//! What stands in the lines of a backup beside the events: batches, answers that are kept for keys,
//! and rows of tables.

use crate::audit::{Hash, from_hex, to_hex};
use crate::projections::{ColumnType, Row, Value};
use crate::store::Batch;
use crate::store::keep::{BesideTable, KeptKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What was committed at once. The prefixes of its leaves follow from its events.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchLine {
    pub(super) batch_no: u64,
    pub(super) first_position: u64,
    pub(super) last_position: u64,
    hash: String,
}

impl BatchLine {
    pub(super) fn of(batch: &Batch) -> Self {
        Self {
            batch_no: batch.batch_no,
            first_position: batch.first_position.get(),
            last_position: batch.last_position.get(),
            hash: to_hex(&batch.hash),
        }
    }

    pub(super) fn hash(&self) -> Option<Hash> {
        from_hex(&self.hash).ok()
    }
}

/// The answer that is kept for a request that had a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyLine {
    workspace: String,
    actor: String,
    key: String,
    request_hash: String,
    receipt: String,
    answer_base64: String,
}

impl KeyLine {
    pub(super) fn of(kept: &KeptKey) -> Self {
        Self {
            workspace: kept.workspace.clone(),
            actor: kept.actor.clone(),
            key: kept.key.clone(),
            request_hash: to_hex(&kept.request_hash),
            receipt: kept.receipt.clone(),
            answer_base64: STANDARD.encode(&kept.answer),
        }
    }

    /// None when its hash or its answer cannot be read.
    pub(super) fn kept(self) -> Option<KeptKey> {
        Some(KeptKey {
            request_hash: from_hex(&self.request_hash).ok()?,
            answer: STANDARD.decode(&self.answer_base64).ok()?,
            workspace: self.workspace,
            actor: self.actor,
            key: self.key,
            receipt: self.receipt,
        })
    }
}

/// A row as a line: its cells, in the order of the columns.
pub(super) fn line_of(row: &Row) -> Vec<u8> {
    let cells = row.iter().map(|cell| match cell {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => (**text).into(),
    });
    serde_json::Value::Array(cells.collect()).to_string().into_bytes()
}

/// A row of a table; none when the line is none.
pub(super) fn row_of(table: BesideTable, line: &[u8]) -> Option<Row> {
    let cells: Vec<serde_json::Value> = serde_json::from_slice(line).ok()?;
    if cells.len() != table.columns().len() {
        return None;
    }
    let cells = cells.into_iter().zip(table.columns());
    cells.map(|(cell, holds)| cell_of(cell, *holds)).collect()
}

fn cell_of(cell: serde_json::Value, holds: ColumnType) -> Option<Value> {
    if cell.is_null() {
        return Some(Value::Null);
    }
    match holds {
        ColumnType::Integer => cell.as_i64().map(Value::Integer),
        ColumnType::Text => cell.as_str().map(|text| Value::Text(text.into())),
    }
}
