//! How the state of a stream is found again when the folder no longer holds it.

use crate::domain::{Event, State};
use crate::projections::{Entry, Folder, StreamId};
use crate::store::{RecordedEvent, Store, StoreError, Version};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many events are read at once.
const PAGE_EVENTS: usize = 2_000;

/// An event as a folder takes it.
pub(super) fn entry(event: &RecordedEvent) -> Entry<'_> {
    Entry {
        position: event.position.get(),
        workspace: &event.workspace,
        stream: &event.stream,
        version: event.version.get(),
        at: event.recorded_at,
        kind: &event.kind,
        schema_version: event.schema_version,
        payload: &event.payload,
    }
}

/// Gives the folder the states that it needs before it takes this event in. What cannot be folded
/// is left out: the folder then says at which event it stops.
pub(super) async fn provide(
    store: &Store,
    folder: &mut Folder,
    event: &RecordedEvent,
    skipped: &BTreeSet<u64>,
) -> Result<(), StoreError> {
    let id: StreamId = (event.workspace.clone(), event.stream.clone());
    let wanted = event.version.get().saturating_sub(1);
    if wanted == 0 || !folder.wants(event.stream.kind()) || folder.version_of(&id) == wanted {
        return Ok(());
    }
    let mut state = State::new(event.stream.kind());
    let mut version = 0;
    while version < wanted {
        let after = Version::from(version);
        let page = store.read_stream(&id.0, &id.1, after, PAGE_EVENTS).await?;
        if page.is_empty() {
            return Ok(());
        }
        for event in page.iter().take_while(|event| event.version.get() <= wanted) {
            version = event.version.get();
            let is_skipped = skipped.contains(&event.position.get());
            if !apply(&mut state, &entry(event), is_skipped) {
                return Ok(());
            }
        }
    }
    folder.insert(id, state, version);
    Ok(())
}

/// Takes an event in; a skipped one only where that can be done. False when it cannot be.
pub(super) fn apply(state: &mut State, event: &Entry<'_>, is_skipped: bool) -> bool {
    let before = is_skipped.then(|| state.clone());
    let applied = catch_unwind(AssertUnwindSafe(|| {
        let event = Event::decode(event.kind, event.schema_version, event.payload).ok()?;
        state.apply(&event).ok()
    }));
    let is_applied = matches!(applied, Ok(Some(())));
    if let (false, Some(before)) = (is_applied, before) {
        *state = before;
        return true;
    }
    is_applied
}
