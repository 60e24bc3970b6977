//! Following the log: from any position, to its end and on, without a gap and without a repeat.
//! What to do next is a pure state machine; the driver around it only reads and waits.

use super::Store;
use super::error::StoreError;
use super::types::{LogFilter, Position, RecordedEvent};
use std::time::Duration;
use tokio::sync::watch;

/// How many events are read at once.
pub const TAIL_PAGE_EVENTS: usize = 1000;
/// How long at most before the log is looked at without having been woken.
const POLL_MS: u64 = 1_000;
/// How long a follower that can wait lets more come.
const LINGER_MS: u64 = 10;

/// What the follower needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailStep {
    /// A page of the log that begins after this position.
    Read(Position),
    /// A hint, or that time passes.
    Wait,
}

/// What happens to the follower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailInput<'a> {
    /// A page was read: these positions follow in it, and this many would have fitted.
    Page(&'a [Position], usize),
    /// Something up to there has been committed, as it seems.
    Woken(Position),
    /// Nothing was heard for a while.
    TimePassed,
    /// Everything up to there is known from elsewhere. Not while a read is on its way.
    Known(Position),
}

/// The log is not what a log can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log has position {found} where {expected} must follow")]
pub struct BrokenOrder {
    /// What must have followed.
    pub expected: Position,
    /// What was found.
    pub found: Position,
}

/// Where a follower is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailState {
    delivered: Position,
    hinted: Position,
    is_reading: bool,
    woken_meanwhile: bool,
}

impl TailState {
    /// A follower that has seen everything up to this position.
    pub fn after(position: Position) -> Self {
        Self { delivered: position, hinted: position, is_reading: true, woken_meanwhile: false }
    }

    /// The last position that was delivered.
    pub fn delivered(&self) -> Position {
        self.delivered
    }

    /// What is needed next.
    pub fn step(&self) -> TailStep {
        if self.is_reading { TailStep::Read(self.delivered) } else { TailStep::Wait }
    }

    /// Takes in what happened. A page moves the state only as far as its events follow.
    pub fn take(&mut self, input: &TailInput<'_>) -> Result<(), BrokenOrder> {
        match input {
            TailInput::Page(positions, limit) => self.take_page(positions, *limit)?,
            TailInput::Woken(position) => {
                self.hinted = self.hinted.max(*position);
                self.woken_meanwhile |= self.is_reading;
                self.is_reading |= self.hinted > self.delivered;
            }
            TailInput::TimePassed => self.is_reading = true,
            TailInput::Known(position) if *position > self.delivered => {
                self.delivered = *position;
                self.is_reading = self.hinted > self.delivered;
                self.woken_meanwhile = false;
            }
            TailInput::Known(_) => {}
        }
        Ok(())
    }

    fn take_page(&mut self, positions: &[Position], limit: usize) -> Result<(), BrokenOrder> {
        let mut last = self.delivered;
        for found in positions {
            let expected = last.next();
            if *found != expected {
                return Err(BrokenOrder { expected, found: *found });
            }
            last = *found;
        }
        self.delivered = last;
        let missed = self.woken_meanwhile && self.hinted > self.delivered;
        self.is_reading = positions.len() >= limit || missed;
        self.woken_meanwhile = false;
        Ok(())
    }
}

/// Why following the log ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TailError {
    /// The log has a gap or a repeat.
    #[error(transparent)]
    Broken(#[from] BrokenOrder),
    /// It could not be read; following may go on.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive has been closed.
    #[error("the archive has been closed")]
    Closed,
}

/// Follows the log of one store.
pub struct Tailer {
    store: Store,
    state: TailState,
    wake: watch::Receiver<Position>,
}

impl Tailer {
    /// Follows everything after this position.
    pub fn new(store: Store, after: Position) -> Self {
        let wake = store.wake();
        Self { store, state: TailState::after(after), wake }
    }

    /// The last position that was delivered.
    pub fn delivered(&self) -> Position {
        self.state.delivered()
    }

    /// The next events, never none; waits until there are some. Safe to cancel: what was not
    /// delivered is read again.
    pub async fn next(&mut self) -> Result<Vec<RecordedEvent>, TailError> {
        loop {
            self.woken().await?;
            let page = self.read().await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }

    /// Waits until there may be something to read.
    pub async fn woken(&mut self) -> Result<(), TailError> {
        while self.state.step() == TailStep::Wait {
            self.wait().await?;
        }
        Ok(())
    }

    /// Lets a little time go by, so that more can be read at once.
    pub async fn linger(&self) {
        tokio::time::sleep(Duration::from_millis(LINGER_MS)).await;
    }

    /// Goes on behind this position: everything before is known from elsewhere.
    pub fn skip_to(&mut self, position: Position) -> Result<(), TailError> {
        Ok(self.state.take(&TailInput::Known(position))?)
    }

    /// The events that follow, none at the end of the log.
    pub async fn read(&mut self) -> Result<Vec<RecordedEvent>, TailError> {
        let (after, filter) = (self.state.delivered(), LogFilter::default());
        let hint = *self.wake.borrow_and_update();
        self.state.take(&TailInput::Woken(hint))?;
        let page = self.store.read_log(after, &filter, TAIL_PAGE_EVENTS).await?;
        let positions: Vec<Position> = page.iter().map(|event| event.position).collect();
        self.state.take(&TailInput::Page(&positions, TAIL_PAGE_EVENTS))?;
        Ok(page)
    }

    async fn wait(&mut self) -> Result<(), TailError> {
        let limit = Duration::from_millis(POLL_MS);
        match tokio::time::timeout(limit, self.wake.changed()).await {
            Ok(Ok(())) => {
                let hint = *self.wake.borrow_and_update();
                self.state.take(&TailInput::Woken(hint))?;
            }
            Ok(Err(_)) => return Err(TailError::Closed),
            Err(_) => self.state.take(&TailInput::TimePassed)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 3;

    #[derive(Debug, Clone)]
    enum Happening {
        Commit(u64),
        Hint,
        BeginRead,
        EndRead,
        Time,
        Known(u64),
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            (1..6_u64).prop_map(Happening::Commit),
            Just(Happening::Hint),
            Just(Happening::BeginRead),
            Just(Happening::EndRead),
            Just(Happening::Time),
            (1..6_u64).prop_map(Happening::Known),
        ]
    }

    /// A log, a follower, and a read that may be on its way.
    struct World {
        state: TailState,
        committed: u64,
        on_its_way: Option<Vec<Position>>,
        seen: Vec<Position>,
    }

    impl World {
        fn begin_read(&mut self) {
            if let (TailStep::Read(after), None) = (self.state.step(), &self.on_its_way) {
                let last = self.committed.min(after.get() + 3);
                self.on_its_way = Some((after.get() + 1..=last).map(Position::new).collect());
            }
        }

        fn end_read(&mut self) -> Result<(), BrokenOrder> {
            let Some(page) = self.on_its_way.take() else { return Ok(()) };
            self.state.take(&TailInput::Page(&page, LIMIT))?;
            self.seen.extend(page);
            Ok(())
        }

        fn happens(&mut self, happening: &Happening) -> Result<(), BrokenOrder> {
            match happening {
                Happening::Commit(count) => self.committed += count,
                Happening::Hint => {
                    self.state.take(&TailInput::Woken(Position::new(self.committed)))?;
                }
                Happening::BeginRead => self.begin_read(),
                Happening::EndRead => self.end_read()?,
                Happening::Time => self.state.take(&TailInput::TimePassed)?,
                Happening::Known(count) => self.know(*count)?,
            }
            Ok(())
        }

        fn know(&mut self, count: u64) -> Result<(), BrokenOrder> {
            let from = self.state.delivered().get();
            if self.on_its_way.is_none() {
                let last = self.committed.min(from + count);
                self.seen.extend((from + 1..=last).map(Position::new));
                self.state.take(&TailInput::Known(Position::new(last)))?;
            }
            Ok(())
        }

        fn settle(&mut self) -> Result<(), BrokenOrder> {
            while let TailStep::Read(_) = self.state.step() {
                self.begin_read();
                self.end_read()?;
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn whatever_the_interleaving_every_position_is_seen_once_and_in_order(
            after in 0..5_u64,
            happenings in prop::collection::vec(happening(), 0..60),
            is_hinted in any::<bool>(),
        ) {
            let state = TailState::after(Position::new(after));
            let mut world = World { state, committed: 5, on_its_way: None, seen: Vec::new() };
            for happening in &happenings {
                world.happens(happening)?;
            }
            let last = if is_hinted { Happening::Hint } else { Happening::Time };
            if !is_hinted {
                world.end_read()?;
            }
            world.happens(&last)?;
            world.settle()?;
            let all: Vec<Position> = (after + 1..=world.committed).map(Position::new).collect();
            prop_assert_eq!(world.seen, all);
        }
    }

    #[test]
    fn a_gap_and_a_repeat_are_refused() {
        let mut state = TailState::after(Position::new(4));
        let gap = state.take(&TailInput::Page(&[Position::new(5), Position::new(7)], LIMIT));
        assert!(gap.is_err_and(|broken| broken.found == Position::new(7)));
        let repeat = state.take(&TailInput::Page(&[Position::new(4)], LIMIT));
        assert!(repeat.is_err_and(|broken| broken.expected == Position::new(5)));
    }
}
