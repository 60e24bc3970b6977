//! Where a reader is: what to do next is a pure state machine. It lives on a ring; when it falls
//! behind, it leaves the ring, reads the log, and comes back.

use super::FEED_CAPACITY;
use crate::planted::is_planted;
use crate::store::Position;

/// How often in a row a reader may fall behind before it is cut.
const LAGS_MAX: u32 = 3;
/// How far a reader of the log may fall behind further before that counts as falling behind.
const GAP_EVENTS_MAX: u64 = 10_000;

/// What a reader needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderStep {
    /// A page of the log after this position, up to that one or as far as is published.
    Read(Position, Option<Position>),
    /// A place on the ring, once everything up to this position is published.
    Join(Position),
    /// What comes through the ring.
    Receive,
    /// Nothing more: it is too slow, and is to resume from this position.
    End(Position),
}

/// What happens to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderInput {
    /// The log was read.
    Page {
        /// Up to where.
        upto: Position,
        /// What was published when the reading began.
        published: Position,
    },
    /// It is on the ring, which brings everything after this position.
    Joined(Position),
    /// The ring brought everything between two positions.
    Batch {
        /// From here.
        after: Position,
        /// To there.
        upto: Position,
    },
    /// The ring is empty, and this was published before that was seen.
    Silence(Position),
    /// The ring went on without it.
    Overflowed,
}

/// Whether a reader fell behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pace {
    /// It keeps up.
    Kept,
    /// It fell behind, and is to be told so.
    Lost,
}

/// Where a reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderState {
    delivered: Position,
    place: Place,
    lags: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Reads the log, from here to what was published then.
    Log { from: Position, to: Position },
    /// Wants onto the ring.
    Gate { is_fresh: bool },
    /// Is on the ring, and reads what is missing up to where that begins.
    Landing { to: Position },
    /// Lives on the ring, since so many batches.
    Ring { batches: usize },
    /// Is cut.
    Out,
}

impl ReaderState {
    /// A reader that wants what happens from now on.
    pub fn now() -> Self {
        Self { delivered: Position::ZERO, place: Place::Gate { is_fresh: true }, lags: 0 }
    }

    /// A reader that has everything up to a position.
    pub fn after(position: Position) -> Self {
        let place = Place::Log { from: position, to: position };
        Self { delivered: position, place, lags: 0 }
    }

    /// Up to where everything was delivered.
    pub fn delivered(&self) -> Position {
        self.delivered
    }

    /// What is needed next.
    pub fn step(&self) -> ReaderStep {
        match self.place {
            Place::Log { .. } => ReaderStep::Read(self.delivered, None),
            Place::Landing { to } => ReaderStep::Read(self.delivered, Some(to)),
            Place::Gate { .. } => ReaderStep::Join(self.delivered),
            Place::Ring { .. } => ReaderStep::Receive,
            Place::Out => ReaderStep::End(self.delivered),
        }
    }

    /// Takes in what happened.
    pub fn take(&mut self, input: ReaderInput) -> Pace {
        match input {
            ReaderInput::Page { upto, published } => return self.take_page(upto, published),
            ReaderInput::Joined(at) => self.join(at),
            ReaderInput::Batch { after, upto } => return self.take_batch(after, upto),
            ReaderInput::Silence(published) => self.delivered = self.delivered.max(published),
            ReaderInput::Overflowed => {
                if !is_planted("broadcast_lag_ignored") {
                    return self.fall_behind();
                }
            }
        }
        Pace::Kept
    }

    fn take_page(&mut self, upto: Position, published: Position) -> Pace {
        self.delivered = self.delivered.max(upto);
        match self.place {
            Place::Log { from, to } => {
                if self.delivered >= published {
                    self.place = Place::Gate { is_fresh: false };
                } else if self.delivered >= to {
                    return self.take_leg(from, published);
                }
            }
            Place::Landing { to } if self.delivered >= to => {
                self.place = Place::Ring { batches: 0 };
            }
            Place::Landing { .. } | Place::Gate { .. } | Place::Ring { .. } | Place::Out => {}
        }
        Pace::Kept
    }

    /// Came to where the log ended when it began; by now, it is longer.
    fn take_leg(&mut self, from: Position, published: Position) -> Pace {
        let went = self.delivered.get() - from.get();
        let left = published.get() - self.delivered.get();
        self.place = Place::Log { from: self.delivered, to: published };
        let is_losing = went > 0 && left > went && left > GAP_EVENTS_MAX;
        if is_losing { self.fall_behind() } else { Pace::Kept }
    }

    fn join(&mut self, at: Position) {
        if let Place::Gate { is_fresh } = self.place {
            let is_missing = at > self.delivered && !is_fresh;
            self.delivered = if is_missing { self.delivered } else { at };
            self.place =
                if is_missing { Place::Landing { to: at } } else { Place::Ring { batches: 0 } };
        }
    }

    fn take_batch(&mut self, after: Position, upto: Position) -> Pace {
        if after > self.delivered && !is_planted("broadcast_lag_ignored") {
            return self.fall_behind();
        }
        self.delivered = self.delivered.max(upto);
        if let Place::Ring { batches } = &mut self.place {
            *batches += 1;
            if *batches >= FEED_CAPACITY {
                self.lags = 0;
            }
        }
        Pace::Kept
    }

    fn fall_behind(&mut self) -> Pace {
        self.lags += 1;
        let (from, to) = (self.delivered, self.delivered);
        self.place = if self.lags > LAGS_MAX { Place::Out } else { Place::Log { from, to } };
        Pace::Lost
    }
}
