//! Whatever happens in whatever order, a reader sees everything once and in order.

use super::reader::{Pace, ReaderInput, ReaderState, ReaderStep};
use crate::store::Position;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

const RING: usize = 3;
const PAGE: usize = 4;

#[derive(Debug, Clone)]
enum Happening {
    /// Events are published that concern the reader, or do not.
    Publish(Vec<bool>),
    /// The reader does what it needs next.
    Step,
    /// The reader hears nothing for long.
    Silence,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => prop::collection::vec(any::<bool>(), 1..6).prop_map(Happening::Publish),
        3 => Just(Happening::Step),
        1 => Just(Happening::Silence),
    ]
}

/// What goes through the ring at once.
type Batch = (Position, Position, Vec<u64>);

/// A log, a ring, and a reader.
struct World {
    state: ReaderState,
    concerning: BTreeSet<u64>,
    published: u64,
    told: Position,
    ring: Option<VecDeque<Batch>>,
    has_overflowed: bool,
    seen: Vec<u64>,
    lags: u32,
}

impl World {
    fn new(state: ReaderState) -> Self {
        Self {
            state,
            concerning: (1..=5).collect(),
            published: 5,
            told: Position::new(5),
            ring: None,
            has_overflowed: false,
            seen: Vec::new(),
            lags: 0,
        }
    }

    fn publish(&mut self, events: &[bool]) {
        let mut batch = Vec::new();
        for concerns in events {
            self.published += 1;
            if *concerns {
                self.concerning.insert(self.published);
                batch.push(self.published);
            }
        }
        let Some(ring) = &mut self.ring else { return };
        if batch.is_empty() {
            return;
        }
        let upto = Position::new(self.published);
        ring.push_back((self.told, upto, batch));
        self.told = upto;
        if ring.len() > RING {
            ring.pop_front();
            self.has_overflowed = true;
        }
    }

    fn take(&mut self, input: ReaderInput) {
        if self.state.take(input) == Pace::Lost {
            self.ring = None;
            self.lags += 1;
        }
    }

    /// Whether there was something to do.
    fn step(&mut self) -> bool {
        match self.state.step() {
            ReaderStep::Read(after, to) => {
                let published = Position::new(self.published);
                let to = to.unwrap_or(published);
                let rest = self.concerning.range(after.get() + 1..);
                let page: Vec<u64> = rest.copied().take_while(|at| *at <= to.get()).collect();
                let upto = if page.len() > PAGE { page[PAGE - 1].into() } else { to.max(after) };
                self.seen.extend(page.iter().take(PAGE));
                self.take(ReaderInput::Page { upto, published });
            }
            ReaderStep::Join(after) => {
                assert!(after.get() <= self.published, "it waits for what is published here");
                let at = Position::new(self.published);
                (self.ring, self.has_overflowed) = (Some(VecDeque::new()), false);
                self.told = at;
                self.take(ReaderInput::Joined(at));
            }
            ReaderStep::Receive => return self.receive(),
            ReaderStep::End(position) => self.state = ReaderState::after(position),
        }
        true
    }

    fn receive(&mut self) -> bool {
        if std::mem::take(&mut self.has_overflowed) {
            self.take(ReaderInput::Overflowed);
            return true;
        }
        let Some(batch) = self.ring.as_mut().and_then(VecDeque::pop_front) else { return false };
        let (after, upto, events) = batch;
        self.take(ReaderInput::Batch { after, upto });
        if self.ring.is_some() {
            self.seen.extend(events);
        }
        true
    }

    fn silence(&mut self) {
        let is_empty = self.ring.as_ref().is_some_and(VecDeque::is_empty);
        if self.state.step() == ReaderStep::Receive && is_empty && !self.has_overflowed {
            self.take(ReaderInput::Silence(Position::new(self.published)));
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_interleaving_everything_is_seen_once_and_in_order(
        after in 0..5_u64,
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut world = World::new(ReaderState::after(Position::new(after)));
        for happening in &happenings {
            match happening {
                Happening::Publish(events) => world.publish(events),
                Happening::Step => {
                    world.step();
                }
                Happening::Silence => world.silence(),
            }
        }
        while world.step() {}
        let all: Vec<u64> = world.concerning.range(after + 1..).copied().collect();
        prop_assert_eq!(world.seen, all);
    }

    #[test]
    fn who_begins_now_sees_all_that_follows(
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        let mut world = World::new(ReaderState::now());
        world.step();
        let from = world.published + 1;
        for happening in &happenings {
            match happening {
                Happening::Publish(events) => world.publish(events),
                Happening::Step => {
                    world.step();
                }
                Happening::Silence => world.silence(),
            }
        }
        while world.step() {}
        let all: Vec<u64> = world.concerning.range(from..).copied().collect();
        prop_assert_eq!(world.seen, all);
    }
}

#[test]
fn who_falls_behind_again_and_again_is_cut_and_told_where_to_resume() {
    let mut world = World::new(ReaderState::after(Position::new(5)));
    while world.state.step() != ReaderStep::End(Position::new(5)) {
        while world.state.step() != ReaderStep::Receive {
            world.step();
        }
        let before = world.state.delivered();
        assert_eq!(world.state.take(ReaderInput::Overflowed), Pace::Lost);
        assert_eq!(world.state.delivered(), before, "nothing was delivered");
        world.lags += 1;
    }
    assert_eq!(world.lags, 4);
}
