//! Random executions, as an archive takes them; `examples/seed_log` shares it.

use planexe_ax::domain::harness::{COMMANDS_MAX, Program, Witness};
use planexe_ax::domain::{Event, Timestamp, WorkspaceId};
use planexe_ax::store::{AppendRequest, NewEvent, StreamWrite};
use uuid::Uuid;

/// Bytes that look random, the same for the same seed.
pub(crate) fn bytes_of(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// The events of one random execution.
pub(crate) fn events_of(seed: u64) -> Vec<Event> {
    let bytes = bytes_of(seed, 700);
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
