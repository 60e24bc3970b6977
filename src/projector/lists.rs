//! Which generations there are, which there should be, and what follows from the difference.

use crate::domain::{Event, Timestamp};
use crate::projections::{Table, Window};
use crate::store::views::{Generation, NewGeneration, Phase, Views};
use crate::store::{Head, LogFilter, Position, Store, StoreError};
use sha2::{Digest, Sha256};
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
    let mut is_changed = false;
    for window in windows {
        let fingerprint = fingerprint(window.as_ref());
        let own = || known.iter().filter(|known| known.name == window.name());
        let mut is_there = false;
        for generation in own().filter(|it| it.fingerprint == fingerprint && is_open(it)) {
            if fits(store, &head, generation).await? {
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
            begin(store, views, window.as_ref(), &fingerprint, own().count(), at).await?;
            is_changed = true;
        }
    }
    if is_changed { views.generations().await } else { Ok(known) }
}

fn is_open(generation: &Generation) -> bool {
    generation.phase == Phase::Building || generation.phase.follows()
}

/// Whether the log still holds what the generation was made from.
async fn fits(store: &Store, head: &Head, known: &Generation) -> Result<bool, StoreError> {
    if known.log_id != head.log_id || known.position > head.position {
        return Ok(false);
    }
    if known.position == Position::ZERO || known.phase == Phase::Building {
        return Ok(known.target <= head.position);
    }
    let before = Position::new(known.position.get() - 1);
    let page = store.read_log(before, &LogFilter::default(), 1).await?;
    Ok(page.first().is_some_and(|event| hex(&event.leaf_hash) == known.prefix_hash))
}

/// A live one is read until another takes its place; it only moves no more.
async fn give_up(views: &Views, known: &Generation, at: Timestamp) -> Result<bool, StoreError> {
    let place = (known.name.as_str(), known.generation);
    if known.phase == Phase::Live {
        return views.disown(place).await;
    }
    views.set_phase(place, known.phase, Phase::Cancelled, at).await
}

/// The first generation over an empty log is live at once; any other is built.
async fn begin(
    store: &Store,
    views: &Views,
    window: &dyn Window,
    fingerprint: &str,
    others: usize,
    at: Timestamp,
) -> Result<(), StoreError> {
    let head = store.head().await?;
    let is_first = others == 0 && head.position == Position::ZERO;
    let new = NewGeneration {
        name: window.name(),
        window_version: window.version(),
        fingerprint,
        tables: window.tables(),
        phase: if is_first { Phase::Live } else { Phase::Building },
        log_id: head.log_id,
        target: head.position,
        events_per_second_max: None,
        at,
    };
    let generation = views.create(&new).await?;
    let name = window.name();
    tracing::info!(window = name, generation, "window {name} gets generation {generation}");
    Ok(())
}
