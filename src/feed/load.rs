//! How the state of an execution as of a position is found: from its events.

use crate::domain::{Event, State, StreamName, WorkspaceId};
use crate::store::{Position, RecordedEvent, Store, StoreError, Version};

/// How many events are read at once.
const PAGE_EVENTS: usize = 1_000;

/// A state, and the version that it is at.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) version: Version,
}

/// Why a state could not be found.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The events do not fold.
    #[error("the events of {stream} cannot be folded at {position}: {why}")]
    Broken { stream: StreamName, position: Position, why: String },
}

impl Loaded {
    /// The state of a stream to which nothing happened.
    pub(super) fn nothing(stream: &StreamName) -> Self {
        Self { state: State::new(stream.kind()), version: Version::ZERO }
    }

    /// Takes in what happened to the stream up to a position.
    pub(super) async fn take_upto(
        &mut self,
        store: &Store,
        workspace: &WorkspaceId,
        stream: &StreamName,
        to: Position,
    ) -> Result<(), LoadError> {
        loop {
            let page = store.read_stream(workspace, stream, self.version, PAGE_EVENTS).await?;
            for event in page.iter().take_while(|event| event.position <= to) {
                self.apply(event)?;
            }
            let is_last = page.len() < PAGE_EVENTS;
            if is_last || page.last().is_some_and(|event| event.position > to) {
                return Ok(());
            }
        }
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), LoadError> {
        let broken = |why: String| LoadError::Broken {
            stream: event.stream.clone(),
            position: event.position,
            why,
        };
        let decoded = Event::decode(&event.kind, event.schema_version, &event.payload);
        let decoded = decoded.map_err(|error| broken(error.to_string()))?;
        self.state.apply(&decoded).map_err(|error| broken(error.to_string()))?;
        self.version = event.version;
        Ok(())
    }
}
