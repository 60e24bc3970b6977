//! Logs of many random executions, written straight into an archive.

use anyhow::{Context, Result};
use planexe_ax::domain::harness::{COMMANDS_MAX, Program, Witness};
use planexe_ax::domain::{Event, ExecutionId, StreamName, Timestamp, WorkspaceId};
use planexe_ax::store::{AppendRequest, Expected, NewEvent, Store, StreamWrite};
use uuid::Uuid;

/// Bytes that look random, the same for the same seed.
fn bytes_of(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..700).map(|_| next()).collect()
}

/// The events of one random execution.
pub(crate) fn events_of(seed: u64) -> Vec<Event> {
    let bytes = bytes_of(seed);
    let mut program = Program::of(&bytes);
    let mut witness = Witness::new();
    witness.begin(&mut program);
    for _ in 0..COMMANDS_MAX {
        if program.is_over() {
            break;
        }
        let (command, moment) = program.next_command(witness.execution());
        witness.step(&command, &moment);
    }
    witness.log().to_vec()
}

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

pub(crate) fn new_event(event: &Event) -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        kind: event.kind().into(),
        schema_version: event.schema_version(),
        payload: event.payload(),
        metadata: br#"{"actor":"system:engine"}"#.to_vec(),
        recorded_at: Timestamp::from_unix_ms(1_700_000_000_000),
    }
}

pub(crate) fn request(writes: Vec<StreamWrite>) -> AppendRequest {
    let workspace = WorkspaceId::parse("acme").expect("it is an id");
    AppendRequest { workspace, writes, conditions: Vec::new(), key: None, answer: Vec::new() }
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
