//! The body of the fuzz target `log_frame`, as an ordinary function that property tests drive too:
//! any bytes as a row of the log and as its order.

use super::hash::leaf_of_recorded;
use super::tail::{TailInput, TailState, TailStep};
use super::types::{Position, RecordedEvent, Version};
use crate::domain::{Event, StreamName, Timestamp, WorkspaceId};
use uuid::Uuid;

/// Takes any bytes as a row of the log: it is read as what was written, or refused; a changed byte
/// changes its hash; and a follower that is given positions of any order never skips one.
pub fn log_frame(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_at_checked(8) else {
        return;
    };
    let row = row_of(head, rest);
    let read = Event::decode(&row.kind, row.schema_version, &row.payload);
    if let Ok(event) = read {
        let again = Event::decode(event.kind(), event.schema_version(), &event.payload());
        assert!(again.is_ok_and(|again| again == event), "what was read reads the same again");
    }
    a_changed_byte_changes_the_hash(&row, usize::from(head[0]));
    a_follower_never_skips(rest);
}

fn row_of(head: &[u8], rest: &[u8]) -> RecordedEvent {
    let kinds: Vec<&str> = Event::catalogue().map(|entry| entry.kind).collect();
    let kind = kinds[usize::from(head[1]) % kinds.len()];
    let cut = usize::from(head[2]).min(rest.len());
    let text = String::from_utf8_lossy(&rest[..cut]);
    let stream = StreamName::parse(&text);
    RecordedEvent {
        position: Position::new(1),
        workspace: WorkspaceId::parse("default").expect("this is an id"),
        stream: stream
            .unwrap_or_else(|_| StreamName::parse("execution/exec_1").expect("this is a stream")),
        version: Version::new(1),
        event_id: Uuid::from_u128(u128::from(head[3])),
        kind: kind.to_owned(),
        schema_version: u16::from(head[4] % 4),
        payload: rest[cut..].to_vec(),
        metadata: rest[..cut].to_vec(),
        recorded_at: Timestamp::from_unix_ms(i64::from(head[5])),
        leaf_hash: [0; 32],
    }
}

fn a_changed_byte_changes_the_hash(row: &RecordedEvent, place: usize) {
    let mut changed = row.clone();
    let field = if place.is_multiple_of(2) { &mut changed.payload } else { &mut changed.metadata };
    match field.len() {
        0 => field.push(0),
        length => field[place % length] ^= 1,
    }
    assert_ne!(leaf_of_recorded(row), leaf_of_recorded(&changed), "a changed byte goes unseen");
}

fn a_follower_never_skips(bytes: &[u8]) {
    let mut state = TailState::after(Position::ZERO);
    for pair in bytes.chunks_exact(2).take(64) {
        let before = state.delivered();
        let position = Position::new(u64::from(pair[1]));
        let taken = match (pair[0] % 3, state.step()) {
            (0, TailStep::Read(_)) => state.take(&TailInput::Page(&[position], 1)),
            (1, TailStep::Read(_) | TailStep::Wait) => state.take(&TailInput::Woken(position)),
            (_, TailStep::Read(_) | TailStep::Wait) => state.take(&TailInput::TimePassed),
        };
        let after = state.delivered();
        let is_next = after == before || after == before.next();
        assert!(is_next, "a follower went from {before} to {after}");
        assert!(taken.is_ok() || after == before, "a follower moved on a broken order");
    }
}

#[cfg(test)]
mod tests {
    use super::log_frame;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_row_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            log_frame(&bytes);
        }
    }
}
