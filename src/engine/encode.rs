//! Events on their way into the archive.

use super::EngineInner;
use super::request::{KeptAnswer, Metadata, Recorded};
use crate::domain::{Event, Timestamp};
use crate::store::{Expected, NewEvent, Version};
use std::borrow::Cow;

/// The events as the archive takes them.
pub(super) fn new_events(
    engine: &EngineInner,
    events: &[Event],
    metadata: &Metadata,
    at: Timestamp,
) -> Vec<NewEvent> {
    let metadata = serde_json::to_vec(metadata).expect("metadata holds nothing that JSON cannot");
    let encoded = events.iter().map(|event| NewEvent {
        event_id: engine.random.event_id(at),
        kind: Cow::Borrowed(event.kind()),
        schema_version: event.schema_version(),
        payload: event.payload(),
        metadata: metadata.clone(),
        recorded_at: at,
    });
    encoded.collect()
}

/// What is told of the events.
pub(super) fn recorded(events: &[NewEvent]) -> Vec<Recorded> {
    let told =
        events.iter().map(|e| Recorded { event_id: e.event_id, kind: e.kind.clone().into_owned() });
    told.collect()
}

/// The answer as it is kept with a key.
pub(super) fn answer(kept: &KeptAnswer) -> Vec<u8> {
    serde_json::to_vec(kept).expect("an answer holds nothing that JSON cannot")
}

/// What a stream is expected to be at.
pub(super) fn expected(version: Version) -> Expected {
    if version == Version::ZERO { Expected::NoStream } else { Expected::Exact(version) }
}
