//! Rows of the stored tree as both databases return them, and what they mean.

use super::{Anchored, SignedCheckpoint};
use crate::audit::Hash;
use crate::domain::Timestamp;
use crate::projections::{ColumnType, Row};
use crate::store::error::StoreError;
use crate::store::views::Cells;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::str;

use ColumnType::{Integer, Text};

/// How many characters a hash has in base64.
const HASH_CHARS: usize = 43;

/// The columns of a checkpoint.
pub(super) const CHECKPOINT: [ColumnType; 3] = [Integer, Text, Integer];
/// The columns of a place outside.
pub(super) const ANCHOR: [ColumnType; 4] = [Text, Integer, Integer, Text];

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} in the tree over the log"))
}

pub(super) fn whole(row: &Row, at: usize) -> Result<u64, StoreError> {
    Cells(row).number(at)
}

pub(super) fn text(row: &Row, at: usize) -> Result<String, StoreError> {
    Cells(row).text(at).map(str::to_owned)
}

/// The hashes of a tile as one text.
pub(super) fn text_of(hashes: &[Hash]) -> String {
    let mut text = String::with_capacity(hashes.len() * HASH_CHARS);
    hashes.iter().for_each(|hash| STANDARD_NO_PAD.encode_string(hash, &mut text));
    text
}

/// The hashes in the text of a tile.
pub(super) fn hashes(row: &Row) -> Result<Vec<Hash>, StoreError> {
    let bytes = Cells(row).text(0)?.as_bytes().chunks(HASH_CHARS);
    let hash = |chars: &[u8]| STANDARD_NO_PAD.decode(chars).ok()?.try_into().ok();
    bytes.map(|chars| hash(chars).ok_or_else(|| damaged("a tile is damaged"))).collect()
}

pub(super) fn checkpoint(row: &Row) -> Result<SignedCheckpoint, StoreError> {
    let at = Timestamp::from_unix_ms(Cells(row).integer(2)?);
    Ok(SignedCheckpoint { size: whole(row, 0)?, note: text(row, 1)?, at })
}

pub(super) fn anchor(row: &Row) -> Result<Anchored, StoreError> {
    let cells = Cells(row);
    let at = Timestamp::from_unix_ms(cells.integer(2)?);
    let failure = cells.optional_text(3);
    Ok(Anchored { name: text(row, 0)?, size: whole(row, 1)?, at, failure })
}
