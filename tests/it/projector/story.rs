//! Logs of many random executions, written straight into an archive.

use super::seed::{events_of, new_event, request};
use anyhow::{Context, Result};
use planexe_ax::domain::{Event, ExecutionId, StreamName};
use planexe_ax::store::{Expected, Store, StreamWrite};

/// The rest of a random execution that is yet to be written.
pub(super) struct Story {
    stream: StreamName,
    events: Vec<Event>,
    written: usize,
}

impl Story {
    pub(super) fn of(seed: u64) -> Self {
        let id = ExecutionId::parse(&format!("exec_{seed}")).expect("it is an id");
        Self { stream: StreamName::execution(&id), events: events_of(seed), written: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.written == self.events.len()
    }

    /// Writes the next events, so many at most.
    pub(super) async fn go_on(&mut self, store: &Store, count: usize) -> Result<()> {
        let to = self.events.len().min(self.written + count);
        let events = &self.events[self.written..to];
        if events.is_empty() {
            return Ok(());
        }
        let expected = match u64::try_from(self.written)? {
            0 => Expected::NoStream,
            version => Expected::Exact(version.into()),
        };
        let events = events.iter().map(new_event).collect();
        let write = StreamWrite { stream: self.stream.clone(), expected, events };
        store.append(request(vec![write])).await.context("a story goes on")?;
        self.written = to;
        Ok(())
    }
}

/// Writes random executions, a few events of each in turn.
pub(super) async fn write_all(
    store: &Store,
    seeds: std::ops::Range<u64>,
    at_once: usize,
) -> Result<()> {
    let mut stories: Vec<_> = seeds.map(Story::of).collect();
    while stories.iter().any(|story| !story.is_over()) {
        for story in &mut stories {
            story.go_on(store, at_once).await?;
        }
    }
    Ok(())
}
