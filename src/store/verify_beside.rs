//! Proving that what is kept beside the events says what they say: where each stream is, and which
//! events each kept answer is about.

use super::Store;
use super::error::StoreError;
use super::plan::StreamKey;
use super::rows::{KeyRow, NumberedRow, from_row, receipt_from_text};
use super::types::{Position, Receipt, Version};
use super::verify::{Damage, VerifyError, damaged};
use crate::domain::{StreamName, WorkspaceId};
use std::collections::HashMap;

/// How many rows are read at once.
const PAGE_ROWS: usize = 1000;

/// The events of one stream, as they were counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) first: Position,
    pub(super) version: Version,
}

/// Compares every row of `stream` with the events that were counted up to a position.
pub(super) async fn check_streams(
    store: &Store,
    counted: &HashMap<StreamKey, Counted>,
    until: Position,
) -> Result<(), VerifyError> {
    let mut after = i64::MIN;
    loop {
        let page = store.stream_rows(after, PAGE_ROWS).await?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        for row in page {
            check_stream(store, counted, until, row).await?;
        }
    }
}

async fn check_stream(
    store: &Store,
    counted: &HashMap<StreamKey, Counted>,
    until: Position,
    row: NumberedRow,
) -> Result<(), VerifyError> {
    let place = Position::new(u64::try_from(row.0).unwrap_or(0));
    let unreadable = |error: StoreError| damaged(place, Damage::Unreadable(error.to_string()));
    let (begins, stream, noted) = numbered(row).map_err(unreadable)?;
    let known = counted.get(&stream).copied();
    let found = known.map_or(Version::ZERO, |counted| counted.version);
    if let Some(Counted { first, .. }) = known.filter(|counted| counted.first != begins) {
        return Err(damaged(begins, Damage::StreamStart { found: first }));
    }
    if noted == found && known.is_some() || moved_on(store, &stream, noted, until).await? {
        return Ok(());
    }
    Err(damaged(begins, Damage::Stream { noted, found }))
}

/// Whether a stream got its version by an event that was stored after the walk had begun.
async fn moved_on(
    store: &Store,
    (workspace, stream): &StreamKey,
    noted: Version,
    until: Position,
) -> Result<bool, StoreError> {
    let Some(before) = noted.get().checked_sub(1) else { return Ok(false) };
    let page = store.read_stream(workspace, stream, Version::new(before), 1).await?;
    Ok(page.first().is_some_and(|event| event.version == noted && event.position > until))
}

fn numbered(row: NumberedRow) -> Result<(Position, StreamKey, Version), StoreError> {
    let (position, workspace, stream, version) = row;
    let workspace = WorkspaceId::parse(&workspace)
        .map_err(|_| StoreError::Damaged("a workspace's name".to_owned()))?;
    let stream = StreamName::parse(&stream)
        .map_err(|_| StoreError::Damaged("a stream's name".to_owned()))?;
    Ok((from_row(position)?.into(), (workspace, stream), from_row(version)?.into()))
}

/// Compares every kept answer with the events that its receipt names.
pub(super) async fn check_keys(store: &Store) -> Result<(), VerifyError> {
    let mut after = (String::new(), String::new(), String::new());
    loop {
        let page = store.key_rows(&after, PAGE_ROWS).await?;
        let Some((workspace, actor, key, _)) = page.last() else { return Ok(()) };
        after = (workspace.clone(), actor.clone(), key.clone());
        check_key_page(store, &page).await?;
    }
}

async fn check_key_page(store: &Store, page: &[KeyRow]) -> Result<(), VerifyError> {
    let mut receipts = Vec::with_capacity(page.len());
    for row in page {
        let receipt = receipt_from_text(&row.3);
        receipts.push(receipt.map_err(|_| wrong(row, "its receipt cannot be read"))?);
    }
    let ends = receipts.iter().flat_map(|receipt| [receipt.first_position, receipt.last_position]);
    let mut places = HashMap::new();
    for place in store.places(&ends.collect::<Vec<_>>()).await? {
        let (position, stream, version) = numbered(place)?;
        places.insert(position, (stream, version));
    }
    for (row, receipt) in page.iter().zip(&receipts) {
        check_receipt(&row.0, receipt, &places).map_err(|what| wrong(row, what))?;
    }
    Ok(())
}

/// The last event of a request is the last of those that its receipt names; the first one belongs
/// to a stream that it names. A request without events names the head that it was decided at.
fn check_receipt(
    workspace: &str,
    receipt: &Receipt,
    places: &HashMap<Position, (StreamKey, Version)>,
) -> Result<(), &'static str> {
    const MISSING: &str = "its receipt names an event that is not there";
    const OTHER: &str = "its receipt names events of others";
    let Receipt { first_position, last_position, versions } = receipt;
    let Some(written) = versions.last() else {
        let is_there = *last_position == Position::ZERO || places.contains_key(last_position);
        return if is_there && first_position == last_position { Ok(()) } else { Err(MISSING) };
    };
    let (first, _) = places.get(first_position).ok_or(MISSING)?;
    let (last, version) = places.get(last_position).ok_or(MISSING)?;
    let is_own = |(of, stream): &StreamKey, written: &StreamName| {
        of.as_str() == workspace && stream == written
    };
    let is_first_own = versions.iter().any(|(stream, _)| is_own(first, stream));
    let is_last_own = is_own(last, &written.0) && *version == written.1;
    if is_first_own && is_last_own && first_position <= last_position {
        return Ok(());
    }
    Err(OTHER)
}

fn wrong(row: &KeyRow, what: &'static str) -> VerifyError {
    let (workspace, actor, key, _) = row.clone();
    VerifyError::Answer { workspace, actor, key, what }
}
