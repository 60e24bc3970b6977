//! Which generations there are, which there should be, and what follows from the difference.

use crate::domain::{Event, Timestamp};
use crate::projections::{Table, Window};
use crate::store::views::{Generation, NewGeneration, Phase, Views};
use crate::store::{Head, LogFilter, Position, Store, StoreError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::sync::Arc;

/// Raised by hand whenever the same events fold to other states.
const STATES_VERSION: u32 = 1;

/// Names a window's fold and tables: where it differs, the rows must be made anew.
pub fn fingerprint(window: &dyn Window) -> String {
    let mut text = format!("{STATES_VERSION} {} {}", window.name(), window.version());
    for Table { name, columns, key, mode, indexes, search } in window.tables() {
        write!(text, "\n{name} {columns:?} {key} {mode:?} {indexes:?} {search:?}")
            .expect("a text grows");
    }
    for entry in Event::catalogue() {
        write!(text, "\n{} {}", entry.kind, entry.schema_version).expect("a text grows");
    }
    hex(&Sha256::digest(text.as_bytes())[..16])
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text grows");
        text
    })
}

/// Makes the generations that are missing, and answers all that can be worked on.
pub(super) async fn settle(
    store: &Store,
    views: &Views,
    windows: &[Arc<dyn Window>],
    at: Timestamp,
) -> Result<Vec<Generation>, StoreError> {
    let head = store.head().await?;
    let known = views.generations().await?;
    let (mut is_changed, mut seen) = (false, Seen::new());
    for window in windows {
        let fingerprint = fingerprint(window.as_ref());
        let own = || known.iter().filter(|known| known.name == window.name());
        let mut is_there = false;
        for generation in own().filter(|it| it.fingerprint == fingerprint && is_open(it)) {
            if fits(store, &head, generation, &mut seen).await? {
                is_there = true;
                continue;
            }
            tracing::error!(
                window = window.name(),
                position = %generation.position,
                "window {} was made from another log: it is made anew", window.name()
            );
            is_changed |= give_up(views, generation, at).await?;
        }
        if !is_there {
            begin(store, views, window.as_ref(), &known, at).await?;
            is_changed = true;
        }
    }
    if is_changed { views.generations().await } else { Ok(known) }
}

fn is_open(generation: &Generation) -> bool {
    generation.phase == Phase::Building || generation.phase.follows()
}

/// What stands in the log at some positions.
type Seen = BTreeMap<Position, Option<String>>;

/// Whether the log still holds what the generation was made from.
async fn fits(
    store: &Store,
    head: &Head,
    known: &Generation,
    seen: &mut Seen,
) -> Result<bool, StoreError> {
    let is_built = known.phase != Phase::Building;
    let position = if is_built { known.position } else { known.target };
    if known.log_id != head.log_id || position > head.position {
        return Ok(false);
    }
    if let Entry::Vacant(free) = seen.entry(position) {
        free.insert(prefix_hash(store, position).await?);
    }
    Ok(seen[&position].as_ref() == Some(&known.prefix_hash))
}

/// What stands in the log at a position; nothing at its start, none behind its end.
pub(super) async fn prefix_hash(
    store: &Store,
    position: Position,
) -> Result<Option<String>, StoreError> {
    if position == Position::ZERO {
        return Ok(Some(String::new()));
    }
    let before = Position::new(position.get() - 1);
    let page = store.read_log(before, &LogFilter::default(), 1).await?;
    Ok(page.first().map(|event| hex(&event.leaf_hash)))
}

/// A live one is read until another takes its place; it only moves no more.
async fn give_up(views: &Views, known: &Generation, at: Timestamp) -> Result<bool, StoreError> {
    let place = (known.name.as_str(), known.generation);
    if known.phase == Phase::Live {
        return views.disown(place).await;
    }
    views.set_phase(place, known.phase, Phase::Cancelled, at).await
}

/// The first generation over an empty log is live at once. One of the same fold that was live
/// before is gone back to. Any other is built.
async fn begin(
    store: &Store,
    views: &Views,
    window: &dyn Window,
    known: &[Generation],
    at: Timestamp,
) -> Result<(), StoreError> {
    let name = window.name();
    let head = store.head().await?;
    let fingerprint = fingerprint(window);
    for old in known.iter().filter(|it| it.phase == Phase::Retired && it.name == name) {
        let is_same =
            old.fingerprint == fingerprint && fits(store, &head, old, &mut Seen::new()).await?;
        if is_same && views.revive((name, old.generation), at).await? {
            tracing::info!(window = name, generation = old.generation, "window {name} goes back");
            return Ok(());
        }
    }
    let is_first = head.position == Position::ZERO && known.iter().all(|it| it.name != name);
    let phase = if is_first { Phase::Live } else { Phase::Building };
    let plan = Plan { phase, events_per_second_max: None, switches_by_itself: true };
    create(store, views, window, known, (&plan, at)).await?;
    Ok(())
}

/// How a generation begins.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) phase: Phase,
    pub(super) events_per_second_max: Option<u64>,
    pub(super) switches_by_itself: bool,
}

/// Makes a generation that is built up to where the log is now; what the live one skips it skips.
pub(super) async fn create(
    store: &Store,
    views: &Views,
    window: &dyn Window,
    known: &[Generation],
    (plan, at): (&Plan, Timestamp),
) -> Result<u64, StoreError> {
    let head = store.head().await?;
    let name = window.name();
    let live = known.iter().find(|it| it.name == name && it.phase == Phase::Live);
    let live = live.filter(|live| live.log_id == head.log_id && !live.fingerprint.is_empty());
    let prefix_hash = prefix_hash(store, head.position).await?.ok_or(StoreError::WentBackwards)?;
    let new = NewGeneration {
        name,
        window_version: window.version(),
        fingerprint: &fingerprint(window),
        tables: window.tables(),
        phase: plan.phase,
        log_id: head.log_id,
        target: head.position,
        prefix_hash: &prefix_hash,
        skipped: live.map_or(&[], |live| live.skipped.as_slice()),
        events_per_second_max: plan.events_per_second_max,
        switches_by_itself: plan.switches_by_itself,
        at,
    };
    let generation = views.create(&new).await?;
    if head.position == Position::ZERO {
        tracing::debug!(window = name, generation, "window {name} begins with the log");
    } else {
        tracing::info!(window = name, generation, "window {name} gets generation {generation}");
    }
    Ok(generation)
}
