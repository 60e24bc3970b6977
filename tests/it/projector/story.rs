//! Logs of many random executions, written straight into an archive.

pub(crate) use super::seed::{events_of, new_event, request};

use anyhow::{Context, Result};
use planexe_ax::domain::{Event, ExecutionId, StreamName, WorkspaceId};
use planexe_ax::store::{AppendRequest, Expected, Store, StreamWrite};

/// The rest of a random execution that is yet to be written.
pub(crate) struct Story {
    stream: StreamName,
    events: Vec<Event>,
    written: usize,
}

impl Story {
    pub(crate) fn of(seed: u64) -> Self {
        let id = ExecutionId::parse(&format!("exec_{seed}")).expect("it is an id");
        Self { stream: StreamName::execution(&id), events: events_of(seed), written: 0 }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.written == self.events.len()
    }

    /// Its first events, as a request that writes them to another workspace.
    pub(crate) fn written_for(&self, workspace: &WorkspaceId, count: usize) -> AppendRequest {
        let events = self.events.iter().take(count).map(new_event).collect();
        let (stream, expected) = (self.stream.clone(), Expected::NoStream);
        let request = request(vec![StreamWrite { stream, expected, events }]);
        AppendRequest { workspace: workspace.clone(), ..request }
    }

    /// Writes the next events, so many at most.
    pub(crate) async fn go_on(&mut self, store: &Store, count: usize) -> Result<()> {
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
pub(crate) async fn write_all(
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
