//! Which stretches of the log this engine wrote and took in by itself: they need not be read again.

use crate::store::Position;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many stretches are kept; what goes beyond is read from the log.
const STRETCHES_MAX: usize = 1_024;

/// Stretches of the log, each by its first position and its last.
#[derive(Debug, Default)]
pub(super) struct OwnStretches {
    stretches: Mutex<BTreeMap<Position, Position>>,
}

impl OwnStretches {
    /// Remembers what was stored and taken in.
    pub(super) fn note(&self, first: Position, last: Position) {
        let mut stretches = self.stretches.lock().unwrap_or_else(PoisonError::into_inner);
        let last = stretches.remove(&last.next()).unwrap_or(last);
        if let Some((_, before)) = stretches.range_mut(..first).next_back()
            && before.next() == first
        {
            *before = last;
        } else if stretches.len() < STRETCHES_MAX {
            stretches.insert(first, last);
        }
    }

    /// How far own stretches follow on a position without a gap; they are forgotten.
    pub(super) fn follow(&self, position: Position) -> Position {
        let mut stretches = self.stretches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reached = position;
        while let Some(entry) = stretches.first_entry()
            && *entry.key() <= reached.next()
        {
            reached = reached.max(entry.remove());
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(own: &OwnStretches, first: u64, last: u64) {
        own.note(Position::new(first), Position::new(last));
    }

    fn follow(own: &OwnStretches, position: u64) -> u64 {
        own.follow(Position::new(position)).get()
    }

    #[test]
    fn own_stretches_are_followed_up_to_the_first_gap() {
        let own = OwnStretches::default();
        note(&own, 5, 6);
        note(&own, 9, 9);
        note(&own, 3, 4);
        assert_eq!(follow(&own, 1), 1);
        assert_eq!(follow(&own, 2), 6);
        note(&own, 7, 8);
        assert_eq!(follow(&own, 6), 9);
        assert_eq!(follow(&own, 9), 9);
    }

    #[test]
    fn what_was_read_meanwhile_is_forgotten() {
        let own = OwnStretches::default();
        note(&own, 3, 4);
        note(&own, 7, 8);
        assert_eq!(follow(&own, 7), 8);
        assert_eq!(follow(&own, 2), 2);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let own = OwnStretches::default();
        for number in 0..=1_024 {
            note(&own, number * 2 + 1, number * 2 + 1);
        }
        assert_eq!(follow(&own, 2_046), 2_047);
        assert_eq!(follow(&own, 2_048), 2_048);
    }
}
