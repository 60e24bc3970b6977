//! Streams that are folded anew, to see whether a window holds what it must.

use super::ProjectorError;
use super::rebuild::entry;
use crate::engine::Random;
use crate::projections::{Folder, Mode, StreamId, Table, TableWrites, Window};
use crate::store::views::{Frozen, Generation};
use crate::store::{Position, Store, Stream, StreamRange, Version};
use std::sync::Arc;

/// How many streams are looked at for one of the right kind.
const LOOKS: usize = 50;
/// How many events of a stream are read at once.
const PAGE_EVENTS: usize = 5_000;
/// A stream that is longer than this is left out.
const EVENTS_MAX: u64 = 50_000;
/// How many rows of one stream are looked up in each table.
const ROWS_MAX: usize = 50;

/// A stream of a kind that the window takes in, drawn at random.
pub(super) async fn draw(
    store: &Store,
    window: &dyn Window,
    position: Position,
    random: &Random,
) -> Result<Option<Stream>, ProjectorError> {
    let somewhere = Position::new(random.number() % position.get().max(1));
    for after in [somewhere, Position::ZERO] {
        let page = store.streams(after, position, LOOKS).await?;
        let is_fit = |it: &Stream| {
            window.streams().contains(&it.name.kind()) && it.version.get() <= EVENTS_MAX
        };
        if let Some(found) = page.into_iter().find(is_fit) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Folds a stream anew and looks its rows up; the first that is not as it must be, with both
/// values. Sums are left out: many streams add to one.
pub(super) async fn look_up(
    store: &Store,
    frozen: &mut Frozen<'_>,
    window: &Arc<dyn Window>,
    stream: &Stream,
    rows: &mut usize,
) -> Result<Option<String>, ProjectorError> {
    let writes = refold(store, window, stream, &frozen.generation).await?;
    for (table, writes) in window.tables().iter().zip(&writes) {
        if table.mode == Mode::Replace
            && let Some(difference) = look_up_rows(frozen, table, writes, rows).await?
        {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

async fn refold(
    store: &Store,
    window: &Arc<dyn Window>,
    stream: &Stream,
    generation: &Generation,
) -> Result<Vec<TableWrites>, ProjectorError> {
    let id: StreamId = (stream.workspace.clone(), stream.name.clone());
    let mut folder = Folder::new(vec![Arc::clone(window)]);
    let mut range = StreamRange {
        after: (stream.id, Version::ZERO),
        to: stream.id,
        until: generation.position,
    };
    loop {
        let page = store.stream_events(&range, PAGE_EVENTS).await?;
        for event in &page {
            range.after.1 = event.version;
            if generation.skipped.contains(&event.position.get()) {
                folder.skip(&entry(event, &id));
            } else {
                folder.fold(&entry(event, &id));
            }
        }
        if page.len() < PAGE_EVENTS {
            break;
        }
    }
    let flushed = folder.flush();
    Ok(flushed.writes.into_iter().next().map(|(_, writes)| writes).unwrap_or_default())
}

/// The first row that is not as it must be. One that another stream wrote later may be anything.
async fn look_up_rows(
    frozen: &mut Frozen<'_>,
    table: &Table,
    writes: &TableWrites,
    rows: &mut usize,
) -> Result<Option<String>, ProjectorError> {
    for (row, mark) in writes.rows.iter().take(ROWS_MAX) {
        *rows += 1;
        let stored = frozen.row(table, &row[..table.key]).await?;
        let is_later = stored.as_ref().is_some_and(|(_, stored)| stored.position > mark.position);
        if !is_later && stored.as_ref().map(|(stored, _)| stored) != Some(row) {
            let stored = stored.map_or("no row".to_owned(), |(stored, _)| format!("{stored:?}"));
            return Ok(Some(format!("{}: {stored} instead of {row:?}", table.name)));
        }
    }
    for (key, mark) in writes.gone.iter().take(ROWS_MAX) {
        *rows += 1;
        let stored = frozen.row(table, key).await?;
        if let Some((stored, _)) = stored.filter(|(_, it)| it.position <= mark.position) {
            return Ok(Some(format!("{}: {stored:?} instead of no row", table.name)));
        }
    }
    Ok(None)
}
