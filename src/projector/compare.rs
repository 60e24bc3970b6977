//! Whether a generation that has caught up holds what it must: it is compared with the live one
//! where the two must be equal, and else with streams that are folded anew.

use super::ProjectorError;
use super::lists::fingerprint;
use super::pack::Member;
use super::rebuild::entry;
use crate::engine::Random;
use crate::projections::{Folder, Mode, StreamId, Table, TableWrites};
use crate::store::views::{Compared, Frozen, Generation, Verdict, Views};
use crate::store::{Position, Store, Stream, StreamRange, Version};

/// How many streams are folded anew.
const SAMPLE_STREAMS: usize = 32;
/// How many streams are looked at for one of the right kind.
const SAMPLE_LOOKS: usize = 50;
/// How many events of a stream are read at once.
const PAGE_EVENTS: usize = 5_000;
/// A stream that is longer than this is left out.
const SAMPLE_EVENTS_MAX: u64 = 50_000;
/// How many rows of one stream are looked up in each table.
const SAMPLE_ROWS_MAX: usize = 50;

/// Compares a generation with the live one; none when the two were apart for a moment.
pub(super) async fn compare(
    store: &Store,
    views: &Views,
    member: &Member,
    live: Option<&Generation>,
) -> Result<Option<Verdict>, ProjectorError> {
    let Some(live) = live else {
        let compared = "there was nothing to compare with".to_owned();
        return Ok(Some(Verdict { compared, is_refused: false }));
    };
    let own = &member.generation;
    let is_same = live.fingerprint == fingerprint(member.window.as_ref());
    if !is_same || live.stopped.is_some() || live.skipped != own.skipped {
        return sample(store, views, member).await.map(Some);
    }
    let numbers = (live.generation, own.generation);
    let compared = views.compare(&own.name, numbers, member.window.tables()).await?;
    Ok(match compared {
        Compared::Apart => None,
        Compared::Equal { rows } => Some(Verdict {
            compared: format!("equal to generation {}: {rows} rows", live.generation),
            is_refused: false,
        }),
        Compared::Different { what, .. } => Some(Verdict {
            compared: format!("differs from generation {}: {what}", live.generation),
            is_refused: true,
        }),
    })
}

/// Folds some streams anew, drawn at random, and looks their rows up.
async fn sample(store: &Store, views: &Views, member: &Member) -> Result<Verdict, ProjectorError> {
    let name = member.window.name();
    let frozen = views.freeze(name, member.generation.generation).await?;
    let mut frozen = frozen.ok_or(ProjectorError::Overtaken)?;
    let (random, mut streams, mut rows) = (Random::from_system(), 0_usize, 0_usize);
    let mut difference = None;
    while streams < SAMPLE_STREAMS && difference.is_none() {
        let Some(stream) = draw(store, member, frozen.generation.position, &random).await? else {
            break;
        };
        streams += 1;
        let writes = refold(store, member, &stream, &frozen.generation).await?;
        for (table, writes) in member.window.tables().iter().zip(&writes) {
            if table.mode == Mode::Replace && difference.is_none() {
                difference = look_up(&mut frozen, table, writes, &mut rows).await?;
            }
        }
    }
    frozen.end().await?;
    let refolded = format!("{streams} streams folded anew, {rows} rows");
    Ok(match difference {
        None => Verdict { compared: format!("equal to {refolded}"), is_refused: false },
        Some(what) => {
            Verdict { compared: format!("of {refolded}, one differs: {what}"), is_refused: true }
        }
    })
}

/// A stream of a kind that the window takes in.
async fn draw(
    store: &Store,
    member: &Member,
    position: Position,
    random: &Random,
) -> Result<Option<Stream>, ProjectorError> {
    let somewhere = Position::new(random.number() % position.get().max(1));
    for after in [somewhere, Position::ZERO] {
        let page = store.streams(after, position, SAMPLE_LOOKS).await?;
        let is_fit = |it: &Stream| {
            let kinds = member.window.streams();
            kinds.contains(&it.name.kind()) && it.version.get() <= SAMPLE_EVENTS_MAX
        };
        if let Some(found) = page.into_iter().find(is_fit) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn refold(
    store: &Store,
    member: &Member,
    stream: &Stream,
    generation: &Generation,
) -> Result<Vec<TableWrites>, ProjectorError> {
    let id: StreamId = (stream.workspace.clone(), stream.name.clone());
    let mut folder = Folder::new(vec![member.window.clone()]);
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
async fn look_up(
    frozen: &mut Frozen<'_>,
    table: &Table,
    writes: &TableWrites,
    rows: &mut usize,
) -> Result<Option<String>, ProjectorError> {
    for (row, mark) in writes.rows.iter().take(SAMPLE_ROWS_MAX) {
        *rows += 1;
        let stored = frozen.row(table, &row[..table.key]).await?;
        let is_later = stored.as_ref().is_some_and(|(_, stored)| stored.position > mark.position);
        if !is_later && stored.as_ref().map(|(stored, _)| stored) != Some(row) {
            let stored = stored.map_or("no row".to_owned(), |(stored, _)| format!("{stored:?}"));
            return Ok(Some(format!("{}: {stored} instead of {row:?}", table.name)));
        }
    }
    for (key, mark) in writes.gone.iter().take(SAMPLE_ROWS_MAX) {
        *rows += 1;
        let stored = frozen.row(table, key).await?;
        if let Some((stored, _)) = stored.filter(|(_, it)| it.position <= mark.position) {
            return Ok(Some(format!("{}: {stored:?} instead of no row", table.name)));
        }
    }
    Ok(None)
}
