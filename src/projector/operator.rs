//! What an operator can do: have a window made anew, slow that down, switch, go back, drop, and let
//! a window go on without an event that it cannot take in. Whoever leads does the work.

use super::lists::{Plan, create, fingerprint};
use super::load::{apply, entry};
use crate::clock::Clock;
use crate::domain::workspace::WorkspaceCommand;
use crate::domain::{Actor, Moment, Rejection, State, StreamKind, StreamName, Text, Title};
use crate::domain::{Event, Timestamp, WorkspaceId};
use crate::engine::{Metadata, Random};
use crate::projections::Window;
use crate::store::views::{Generation, Phase, Views};
use crate::store::{
    AppendError, AppendRequest, Expected, LogFilter, NewEvent, Position, Store, StoreError,
    StreamWrite, Version,
};
use std::sync::Arc;

/// How many events of a workspace are read at once.
const PAGE_EVENTS: usize = 2_000;

/// How a window is made anew.
#[derive(Debug, Clone, Default)]
pub struct RebuildOptions {
    /// How fast at most.
    pub events_per_second_max: Option<u64>,
    /// Whether the one that is read stays, until the operator switches.
    pub is_kept_ready: bool,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// There is no such window.
    #[error("there is no window `{name}`, only: {known}")]
    NoSuchWindow {
        /// What was named.
        name: String,
        /// What there is.
        known: String,
    },
    /// The window has no generation that this can be done to.
    #[error("{0}")]
    NotPossible(String),
    /// The workspace's law refused it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The archive did not take the event.
    #[error("the archive did not take it")]
    Append(#[source] AppendError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Does what operators ask for.
#[derive(Clone)]
pub struct Operator {
    store: Option<Store>,
    views: Views,
    windows: Vec<Arc<dyn Window>>,
    clock: Clock,
}

type Done<T = ()> = Result<T, OperatorError>;

fn impossible<T>(why: impl Into<String>) -> Done<T> {
    Err(OperatorError::NotPossible(why.into()))
}

impl Operator {
    /// For these windows; without an archive only for what needs none.
    pub fn new(
        store: Option<Store>,
        views: Views,
        windows: Vec<Arc<dyn Window>>,
        clock: Clock,
    ) -> Self {
        Self { store, views, windows, clock }
    }

    fn store(&self) -> Done<&Store> {
        let why = "the log cannot be opened here";
        self.store.as_ref().ok_or_else(|| OperatorError::NotPossible(why.to_owned()))
    }

    fn window(&self, name: &str) -> Done<&Arc<dyn Window>> {
        let found = self.windows.iter().find(|window| window.name() == name);
        found.ok_or_else(|| {
            let known: Vec<_> = self.windows.iter().map(|window| window.name()).collect();
            OperatorError::NoSuchWindow { name: name.to_owned(), known: known.join(", ") }
        })
    }

    /// Every generation of a window, or of all.
    pub async fn generations(&self, name: Option<&str>) -> Done<Vec<Generation>> {
        let mut known = self.views.generations().await?;
        if let Some(name) = name {
            known.retain(|it| it.name == name);
            if known.is_empty() {
                self.window(name)?;
            }
        }
        Ok(known)
    }

    /// Begins a generation that is built from the log, unless one is begun; answers its number.
    pub async fn rebuild(&self, name: &str, options: &RebuildOptions) -> Done<u64> {
        let (window, store) = (self.window(name)?, self.store()?);
        let known = self.views.generations().await?;
        let own = fingerprint(window.as_ref());
        let is_open = |it: &&Generation| {
            let is_begun = matches!(it.phase, Phase::Building | Phase::CatchingUp | Phase::Ready);
            it.name == name && it.fingerprint == own && is_begun
        };
        if let Some(open) = known.iter().rfind(is_open) {
            return Ok(open.generation);
        }
        let plan = Plan {
            phase: Phase::Building,
            events_per_second_max: options.events_per_second_max,
            switches_by_itself: !options.is_kept_ready,
        };
        let at = self.clock.now();
        Ok(create(store, &self.views, window.as_ref(), &known, (&plan, at)).await?)
    }

    /// Lets building rest, or go on; answers the generation.
    pub async fn pause(&self, name: &str, is_paused: bool) -> Done<u64> {
        let found = self.of_phase(name, &[Phase::Building], "is being built").await?;
        let place = (name, found.generation);
        self.views.set_pace(place, is_paused, found.events_per_second_max).await?;
        Ok(found.generation)
    }

    /// Says how fast a window is built at most; answers the generation.
    pub async fn set_rate(&self, name: &str, events_per_second_max: Option<u64>) -> Done<u64> {
        let found = self.of_phase(name, &[Phase::Building], "is being built").await?;
        let place = (name, found.generation);
        self.views.set_pace(place, found.is_paused, events_per_second_max).await?;
        Ok(found.generation)
    }

    /// Gives up a generation that is not read yet; answers its number.
    pub async fn cancel(&self, name: &str) -> Done<u64> {
        let begun = [Phase::Building, Phase::CatchingUp, Phase::Ready];
        let found = self.of_phase(name, &begun, "is being built").await?;
        let known = self.generations(Some(name)).await?;
        let is_other = |it: &Generation| {
            let is_live = it.phase == Phase::Live && it.fingerprint == found.fingerprint;
            is_live && it.generation != found.generation
        };
        if !known.iter().any(is_other) {
            return impossible(format!(
                "{name} needs generation {}: no other has its shape; pause it instead",
                found.generation
            ));
        }
        let place = (name, found.generation);
        if !self.views.set_phase(place, found.phase, Phase::Cancelled, self.clock.now()).await? {
            return impossible(format!("generation {} of {name} has moved on", found.generation));
        }
        Ok(found.generation)
    }

    /// Has another generation read.
    pub async fn switch(&self, name: &str, generation: u64) -> Done {
        let known = self.generations(Some(name)).await?;
        let Some(found) = known.iter().find(|it| it.generation == generation) else {
            return impossible(format!("{name} has no generation {generation}"));
        };
        if let (true, Some(compared)) = (found.is_refused, &found.compared) {
            return impossible(format!("generation {generation} of {name} {compared}"));
        }
        if !self.views.switch(name, generation, self.clock.now()).await? {
            let phase = found.phase.as_str();
            return impossible(format!(
                "generation {generation} of {name} is {phase} at {} and cannot be switched to: it \
                 must be as far as the live one",
                found.position
            ));
        }
        Ok(())
    }

    /// Has the generation that was read before follow the log again, to be switched to when it is
    /// there; answers its number.
    pub async fn roll_back(&self, name: &str) -> Done<u64> {
        let window = self.window(name)?;
        let found = self.of_phase(name, &[Phase::Retired], "was read before").await?;
        let (place, at) = ((name, found.generation), self.clock.now());
        if found.fingerprint == fingerprint(window.as_ref()) {
            self.views.revive(place, at).await?;
        } else if !self.views.switch(name, found.generation, at).await? {
            return impossible(format!(
                "generation {} of {name} has the shape of another version: the program that made \
                 it goes back to it when it starts",
                found.generation
            ));
        }
        Ok(found.generation)
    }

    /// Drops a generation that is not in use.
    pub async fn drop(&self, name: &str, generation: u64) -> Done {
        let known = self.generations(Some(name)).await?;
        let found = known.iter().find(|it| it.generation == generation);
        match found.map(|it| it.phase) {
            None => return impossible(format!("{name} has no generation {generation}")),
            Some(Phase::Live) => {
                return impossible(format!("generation {generation} of {name} is read"));
            }
            Some(Phase::Building | Phase::CatchingUp) => {
                return impossible(format!(
                    "generation {generation} of {name} is being built: cancel it first"
                ));
            }
            Some(Phase::Ready | Phase::Retired | Phase::Cancelled) => {}
        }
        self.views.drop_generation(name, generation).await?;
        Ok(())
    }

    /// The newest generation in one of these phases.
    async fn of_phase(&self, name: &str, phases: &[Phase], what: &str) -> Done<Generation> {
        let known = self.generations(Some(name)).await?;
        let found = known.into_iter().rfind(|it| phases.contains(&it.phase));
        let why = || OperatorError::NotPossible(format!("no generation of {name} {what}"));
        found.ok_or_else(why)
    }

    /// Lets the generations of a window that stopped go on without the event at which they did;
    /// that is an event itself. Answers the position.
    pub async fn skip(&self, name: &str, reason: Option<Text>, by: Actor) -> Done<Position> {
        let store = self.store()?;
        let known = self.generations(Some(name)).await?;
        let mut stopped: Vec<_> = known.iter().filter(|it| it.stopped.is_some()).collect();
        stopped.sort_by_key(|it| it.phase != Phase::Live);
        let at = stopped.first().and_then(|it| it.stopped.as_ref());
        let Some(position) = at.map(|(position, _)| *position) else {
            return impossible(format!("{name} has not stopped: there is nothing to skip"));
        };
        self.note_skip(store, name, position, (reason, by)).await?;
        let at_it = |it: &&&Generation| it.stopped.as_ref().is_some_and(|it| it.0 == position);
        for found in stopped.iter().filter(at_it) {
            let mut skipped = found.skipped.clone();
            skipped.push(position.get());
            skipped.sort_unstable();
            skipped.dedup();
            let place = (name, found.generation);
            self.views.resume(place, &skipped, self.clock.now()).await?;
        }
        Ok(position)
    }

    async fn note_skip(
        &self,
        store: &Store,
        name: &str,
        position: Position,
        (reason, by): (Option<Text>, Actor),
    ) -> Done {
        let before = Position::new(position.get().saturating_sub(1));
        let page = store.read_log(before, &LogFilter::default(), 1).await?;
        let Some(poison) = page.into_iter().next() else {
            return impossible(format!("there is nothing at position {position}"));
        };
        let projection = Title::parse(name).map_err(|error| {
            OperatorError::NotPossible(format!("{name} cannot be named in an event: {error}"))
        })?;
        let stream = StreamName::workspace(&poison.workspace);
        let (state, version) = fold(store, &poison.workspace, &stream).await?;
        let command = WorkspaceCommand::SkipProjectionEvent {
            projection,
            position: position.get(),
            reason: reason.clone(),
        };
        let random = Random::from_system();
        let moment = Moment { at: self.clock.now(), by: by.clone(), random: random.number() };
        let State::Workspace(state) = state else {
            return impossible("a workspace is no workspace");
        };
        let events = state.decide(&command, &moment)?;
        if events.is_empty() {
            return Ok(());
        }
        let metadata = Metadata { reason, ..Metadata::by(by) };
        let events = events.iter().map(|it| new_event(it, &metadata, &random, moment.at)).collect();
        let write = StreamWrite { stream, expected: Expected::Exact(version), events };
        let request = AppendRequest {
            workspace: poison.workspace,
            writes: vec![write],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        };
        store.append(request).await.map_err(OperatorError::Append)?;
        Ok(())
    }
}

fn new_event(event: &Event, metadata: &Metadata, random: &Random, at: Timestamp) -> NewEvent {
    NewEvent {
        event_id: random.event_id(at),
        kind: event.kind().into(),
        schema_version: event.schema_version(),
        payload: event.payload(),
        metadata: serde_json::to_vec(metadata).expect("metadata always becomes JSON"),
        recorded_at: at,
    }
}

/// A workspace, as far as its events can be folded: what is broken in it must not keep operators
/// from skipping.
async fn fold(
    store: &Store,
    workspace: &WorkspaceId,
    stream: &StreamName,
) -> Result<(State, Version), StoreError> {
    let (mut state, mut version) = (State::new(StreamKind::Workspace), Version::ZERO);
    loop {
        let page = store.read_stream(workspace, stream, version, PAGE_EVENTS).await?;
        for event in &page {
            version = event.version;
            apply(&mut state, &entry(event), true);
        }
        if page.len() < PAGE_EVENTS {
            return Ok((state, version));
        }
    }
}
