//! Following the log: what other servers write reaches the states that are cached here and the
//! index, and what an agent's going and coming means for executions is passed on to them.

use super::cell::Job;
use super::request::EngineError;
use super::{Engine, StreamKey};
use crate::domain::{AgentId, StreamKind};
use crate::planted::is_planted;
use crate::store::{LogFilter, Position, RecordedEvent, TailError, Tailer};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

/// How many events are read at once when catching up.
const PAGE_EVENTS: usize = 1000;
/// How many executions are loaded at once on start.
const LOADED_AT_ONCE: usize = 64;
/// How long to wait before the log is read again after a failure.
const FOLLOW_RETRY_MS: u64 = 500;

/// The events after which an execution is alive, or not any more, and an agent expected to be
/// heard of, or not any more.
const LIVES: [&str; 8] = [
    "execution_created",
    "execution_completed",
    "execution_failed",
    "execution_cancelled",
    "agent_registered",
    "agent_returned",
    "agent_lost",
    "agent_retired",
];

/// Counts the rounds of catching up: who waited while a whole round went by need not go another.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    begun: AtomicU64,
    done: AtomicU64,
}

/// Tells when a stream has taken events in.
type Taken = oneshot::Receiver<Result<(), EngineError>>;

impl Engine {
    /// Fills the index from the log: every execution that is not over; and learns which agents
    /// there are: a crash forgets the last signs of life. One that cannot be folded holds up no
    /// other, unless the log must be whole.
    pub(super) async fn rebuild(&self) -> Result<(), EngineError> {
        let head = self.inner.store.head().await?.position;
        let alive = self.alive().await?;
        for keys in alive.chunks(LOADED_AT_ONCE) {
            let mut taken = Vec::with_capacity(keys.len());
            for key in keys {
                taken.push(self.hand_over(key, Vec::new())?);
            }
            for taken in taken {
                match self.inner.config.needs_whole_log {
                    true => taken.await.unwrap_or(Err(EngineError::OutcomeUnknown))?,
                    false => self.taken_in(taken).await?,
                }
            }
        }
        self.set_followed(head);
        for (workspace, agent_id) in self.inner.index.agents_concerned() {
            self.pass_on(&workspace, &agent_id).await?;
        }
        Ok(())
    }

    async fn alive(&self) -> Result<Vec<StreamKey>, EngineError> {
        let filter = LogFilter { kinds: LIVES.map(str::to_owned).to_vec(), ..LogFilter::default() };
        let mut alive: BTreeMap<StreamKey, bool> = BTreeMap::new();
        let mut after = Position::ZERO;
        loop {
            let page = self.inner.store.read_log(after, &filter, PAGE_EVENTS).await?;
            for event in &page {
                after = event.position;
                let key = StreamKey::of(event);
                self.turned(&key, std::slice::from_ref(event));
                let is_alive = event.kind == LIVES[0] || event.kind == LIVES[3];
                if key.stream.kind() == StreamKind::Execution {
                    alive.insert(key, is_alive);
                }
            }
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        Ok(alive.into_iter().filter(|(_, is_alive)| *is_alive).map(|(key, _)| key).collect())
    }

    /// Takes in everything that is in the log by now: states and index have it when this returns.
    pub async fn catch_up(&self) -> Result<(), EngineError> {
        let rounds = &self.inner.rounds;
        let came_in = rounds.begun.load(Ordering::Acquire);
        let guard = self.inner.following.lock().await;
        if rounds.done.load(Ordering::Acquire) > came_in {
            return Ok(());
        }
        let round = rounds.begun.fetch_add(1, Ordering::AcqRel) + 1;
        loop {
            let after = self.pass_own();
            let all = LogFilter::default();
            let page = self.inner.store.read_log(after, &all, PAGE_EVENTS).await?;
            self.take(&page).await?;
            if page.len() < PAGE_EVENTS {
                rounds.done.store(round, Ordering::Release);
                drop(guard);
                return Ok(());
            }
        }
    }

    /// Follows the log until the engine stops. Safe to cancel: what was not taken in is read
    /// again.
    pub(super) async fn follow(&self) {
        if is_planted("others_not_followed") {
            return;
        }
        let mut tailer = Tailer::new(self.inner.store.clone(), self.followed());
        loop {
            let failed = match self.next_page(&mut tailer).await {
                Ok(page) => {
                    let guard = self.inner.following.lock().await;
                    let taken = self.take(&page).await;
                    drop(guard);
                    taken.err()
                }
                Err(TailError::Closed) => return,
                Err(error @ TailError::Broken(_)) => {
                    tracing::error!(%error, "the log is not what a log can be; following stops");
                    return;
                }
                Err(TailError::Store(error)) => Some(error.into()),
            };
            if let Some(error) = failed {
                tracing::warn!(%error, "following the log stumbled; it is read again");
                self.inner.clock.sleep_ms(FOLLOW_RETRY_MS).await;
                tailer = Tailer::new(self.inner.store.clone(), self.followed());
            }
        }
    }

    /// The next events that this engine has not taken in yet, and perhaps some that it has. What it
    /// wrote itself is known a moment after it was committed: that moment is waited for.
    async fn next_page(&self, tailer: &mut Tailer) -> Result<Vec<RecordedEvent>, TailError> {
        loop {
            tailer.woken().await?;
            let before = tailer.delivered();
            tailer.linger().await;
            let guard = self.inner.following.lock().await;
            let known = self.pass_own();
            drop(guard);
            tailer.skip_to(known)?;
            if tailer.delivered() == before {
                return tailer.read().await;
            }
        }
    }

    /// Passes over what this engine wrote and took in by itself.
    fn pass_own(&self) -> Position {
        let known = self.inner.own.follow(self.followed());
        self.set_followed(known);
        known
    }

    /// Executions first: those that are new must be known when their agents turn.
    async fn take(&self, page: &[RecordedEvent]) -> Result<(), EngineError> {
        let after = self.followed();
        let mut streams: BTreeMap<StreamKey, Vec<RecordedEvent>> = BTreeMap::new();
        for event in page.iter().filter(|event| event.position > after) {
            streams.entry(StreamKey::of(event)).or_default().push(event.clone());
        }
        let mut turned = Vec::new();
        let mut taken = Vec::new();
        for (key, events) in streams {
            turned.extend(self.turned(&key, &events).map(|agent_id| (key.clone(), agent_id)));
            let last = events.last().map(|event| event.version).unwrap_or_default();
            let cached = self.cached(&key);
            let is_known = cached.as_ref().is_some_and(|cell| cell.seen() >= last);
            let matters = key.stream.kind() == StreamKind::Execution || cached.is_some();
            if !is_known && matters {
                taken.push(self.hand_over(&key, events)?);
            }
        }
        for taken in taken {
            self.taken_in(taken).await?;
        }
        for (key, agent_id) in turned {
            self.pass_on(&key.workspace, &agent_id).await?;
        }
        if let Some(last) = page.last() {
            self.set_followed(last.position.max(after));
        }
        Ok(())
    }

    fn hand_over(&self, key: &StreamKey, events: Vec<RecordedEvent>) -> Result<Taken, EngineError> {
        let (done, taken) = oneshot::channel();
        self.push(key, Job::Take { events, done })?;
        Ok(taken)
    }

    /// A stream that cannot be folded is left behind; anything else must be tried again.
    async fn taken_in(&self, taken: Taken) -> Result<(), EngineError> {
        match taken.await.unwrap_or(Err(EngineError::OutcomeUnknown)) {
            Err(EngineError::BrokenStream { stream, why }) => {
                tracing::error!(%stream, why, "{stream} cannot be folded; it is left behind");
                Ok(())
            }
            taken => taken,
        }
    }

    /// Learns from an agent's events when it was seen, and whether it is to be heard of; names it
    /// when it went or came.
    fn turned(&self, key: &StreamKey, events: &[RecordedEvent]) -> Option<AgentId> {
        if key.stream.kind() != StreamKind::Agent {
            return None;
        }
        let agent_id = AgentId::parse(key.stream.id()).ok()?;
        let presence = &self.inner.presence;
        let mut has_turned = false;
        for event in events {
            let kind = event.kind.as_str();
            if ["agent_registered", "agent_took_task", "agent_returned"].contains(&kind) {
                presence.learn_of(&key.workspace, &agent_id, event.recorded_at);
                presence.settle(&key.workspace, &agent_id, false);
            }
            if ["agent_lost", "agent_retired"].contains(&kind) {
                presence.settle(&key.workspace, &agent_id, true);
            }
            if kind != "agent_took_task" {
                self.inner.index.agent_turned();
            }
            has_turned |= ["agent_lost", "agent_returned", "agent_retired"].contains(&kind);
        }
        has_turned.then_some(agent_id)
    }
}
