//! Given these events, when this command comes, then those events follow: how the law is tested.

use crate::{Actor, AgentId, Event, IllegalTransition, Moment, Rejection, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The two functions that make an aggregate.
pub(crate) struct Law<S, C> {
    pub(crate) decide: fn(&S, &C, &Moment) -> Result<Vec<Event>, Rejection>,
    pub(crate) apply: fn(&mut S, &Event) -> Result<(), IllegalTransition>,
}

impl<S: Default + Clone + PartialEq + Debug, C: Debug> Law<S, C> {
    /// Folds what happened before.
    #[track_caller]
    pub(crate) fn given(&self, events: impl IntoIterator<Item = Event>) -> Given<'_, S, C> {
        Given { law: self, state: self.fold(S::default(), events) }
    }

    #[track_caller]
    fn fold(&self, mut state: S, events: impl IntoIterator<Item = Event>) -> S {
        for event in events {
            (self.apply)(&mut state, &event).expect("the events follow on each other");
        }
        state
    }
}

/// What happened before.
pub(crate) struct Given<'a, S, C> {
    law: &'a Law<S, C>,
    pub(crate) state: S,
}

impl<S: Default + Clone + PartialEq + Debug, C: Debug> Given<'_, S, C> {
    /// Lets a command have happened before.
    #[track_caller]
    pub(crate) fn after(mut self, command: C) -> Self {
        let events = (self.law.decide)(&self.state, &command, &moment());
        self.state = self.law.fold(self.state, events.expect("the command is accepted"));
        self
    }

    /// Gives a command as a person, at the usual moment.
    #[track_caller]
    pub(crate) fn when(self, command: C) -> Then<S> {
        self.when_at(command, moment())
    }

    /// Gives a command under circumstances of one's own; gives it again, which changes nothing.
    #[track_caller]
    pub(crate) fn when_at(self, command: C, moment: Moment) -> Then<S> {
        let Self { law, state } = self;
        let decision = (law.decide)(&state, &command, &moment);
        let events = decision.clone().unwrap_or_default();
        let after = law.fold(state, events);
        let again = (law.decide)(&after, &command, &moment);
        let nothing_more = decision.as_ref().map(|_| Vec::new()).map_err(Clone::clone);
        assert_eq!(again, nothing_more, "the second time, {command:?} changes nothing more");
        Then { decision, state: after }
    }

    /// Says that an event cannot follow, and that it leaves the state as it was.
    #[track_caller]
    pub(crate) fn refuses(self, event: impl Into<Event>) {
        let mut state = self.state.clone();
        let event = event.into();
        assert!((self.law.apply)(&mut state, &event).is_err(), "{event:?} cannot follow");
        assert_eq!(state, self.state, "an event that cannot follow changes nothing");
    }
}

/// What followed.
#[derive(Debug)]
pub(crate) struct Then<S> {
    pub(crate) decision: Result<Vec<Event>, Rejection>,
    pub(crate) state: S,
}

impl<S> Then<S> {
    /// Says what events follow.
    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = Event>) -> S {
        let expected: Vec<Event> = expected.into_iter().collect();
        assert_eq!(self.decision, Ok(expected));
        self.state
    }

    /// Says of which kinds the events are that follow.
    #[track_caller]
    pub(crate) fn then_kinds(self, expected: &[&str]) -> S {
        let events = self.decision.expect("the command is accepted");
        let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
        assert_eq!(kinds, expected);
        self.state
    }

    /// Says that it is so already.
    #[track_caller]
    pub(crate) fn then_nothing(self) -> S {
        self.then([])
    }

    /// Says why it is refused, by the code of the refusal and a part of its text.
    #[track_caller]
    pub(crate) fn then_rejected(self, code: &str, part: &str) {
        let rejection = self.decision.expect_err("the command is refused");
        assert_eq!(rejection.code(), code, "{rejection}");
        assert!(rejection.to_string().contains(part), "{rejection}");
    }
}

/// The laws that hold for every aggregate, whatever commands come.
pub(crate) fn keeps_the_laws<S, C>(law: &Law<S, C>, commands: &[(C, Moment)])
where
    S: Default + Clone + PartialEq + Debug + Serialize + DeserializeOwned,
    C: Debug,
{
    let mut live = S::default();
    let mut log = Vec::new();
    for (command, moment) in commands {
        let decision = (law.decide)(&live, command, moment);
        let events = decision.clone().unwrap_or_default();
        events.iter().for_each(decode_after_encode_is_the_identity);
        live = law.fold(live, events.iter().cloned());
        log.extend(events);
        let nothing_more = decision.map(|_| Vec::new());
        assert_eq!((law.decide)(&live, command, moment), nothing_more, "again: {command:?}");
    }
    assert_eq!(law.fold(S::default(), log), live, "replay equals live");
    let snapshot = serde_json::to_vec(&live).expect("a state can be written");
    let restored: S = serde_json::from_slice(&snapshot).expect("a snapshot can be read");
    assert_eq!(restored, live, "a snapshot equals what it was taken of");
}

fn decode_after_encode_is_the_identity(event: &Event) {
    let decoded = Event::decode(event.kind(), event.schema_version(), &event.payload());
    assert_eq!(&decoded.expect("what was written can be read"), event);
}

/// A minute of the day on which the documents' story happens.
pub(crate) fn minute(minute: u64) -> Timestamp {
    let start = Timestamp::parse("2026-02-11T15:35:00Z").expect("a time with a zone");
    start.plus_ms(minute * 60_000)
}

/// The person in the documents' story.
pub(crate) fn mark() -> Actor {
    Actor::user("mark").expect("a name")
}

/// The usual circumstances: Mark, at the first minute.
pub(crate) fn moment() -> Moment {
    Moment { at: minute(0), by: mark(), random: 7 }
}

/// The usual circumstances at another minute.
pub(crate) fn moment_at(at: u64) -> Moment {
    Moment { at: minute(at), ..moment() }
}

/// The agent in the documents' story.
pub(crate) fn larry() -> AgentId {
    AgentId::parse("agent_larry_001").expect("an id")
}

/// Any circumstances: anyone, at any minute of some hours.
pub(crate) fn circumstances() -> impl Strategy<Value = Moment> {
    let by = prop_oneof![Just(mark()), Just(Actor::agent(&larry())), Just(Actor::system())];
    let any = (0..200_u64, by, any::<u64>());
    any.prop_map(|(at, by, random)| Moment { at: minute(at), by, random })
}
