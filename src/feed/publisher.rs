//! The one task of the feed: follows the log as far as the windows are, and tells the rings.

use super::batch::Gauge;
use super::frame::{EventFrame, Frame, Snapshot};
use super::load::{LoadError, Loaded};
use super::plans::Plans;
use super::rings::{Line, Rings};
use super::sentence::{Told, told};
use super::states::{States, stream_id};
use super::topic::Topic;
use super::window::Sayings;
use super::{FeedConfig, RETRY_MS, SWEEP_MS};
use crate::domain::{PlanId, StreamKind, StreamName, WorkspaceId};
use crate::planted::is_planted;
use crate::projections::StreamId;
use crate::store::{Position, RecordedEvent, Store, StoreError, TailError, Tailer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How many events are told at once.
const BATCH_EVENTS_MAX: usize = 500;

/// A reader asks for a place on a ring.
pub(super) struct Ask {
    pub(super) topic: Topic,
    pub(super) wants_tasks: bool,
    /// What must be published before.
    pub(super) at_least: Position,
    /// The state of the one execution, when the feed did not hold it.
    pub(super) offered: Option<Loaded>,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// What a reader is answered.
pub(super) enum Answer {
    /// It has the place: everything after the position comes through the line.
    Joined { at: Position, line: Line, snapshot: Option<Box<Snapshot>> },
    /// The feed does not hold the state: it is to be brought, as of that position.
    Cold { at: Position },
    /// Not yet.
    Later,
}

/// The one task of the feed.
pub(super) struct Publisher {
    parts: Parts,
    rings: Rings,
    states: States,
    tailer: Option<Tailer>,
    pending: VecDeque<RecordedEvent>,
    shown: Position,
    is_reached_closed: bool,
}

/// What wakes the task.
enum Input {
    Ask(Ask),
    Page(Result<Vec<RecordedEvent>, TailError>),
    Reached(bool),
    Time,
    Stop,
}

/// What the task works with.
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) config: FeedConfig,
    pub(super) reached: watch::Receiver<Position>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) published: watch::Sender<Position>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) counts: watch::Sender<(usize, usize)>,
    pub(super) plans: Plans,
    pub(super) gauge: Gauge,
}

impl Publisher {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            rings: Rings::new(parts.gauge.clone()),
            parts,
            states: States::default(),
            tailer: None,
            pending: VecDeque::new(),
            shown: Position::ZERO,
            is_reached_closed: false,
        }
    }

    /// Works until it is stopped. Each wait may be cancelled: a page that was not taken is read
    /// again.
    pub(super) async fn run(mut self) {
        loop {
            match self.input().await {
                Input::Stop => return,
                Input::Ask(ask) => self.answer(ask).await,
                Input::Page(Ok(page)) => self.pending.extend(page),
                Input::Page(Err(error)) => {
                    tracing::warn!(%error, "the feed could not read the log; it tries again");
                    tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
                }
                Input::Reached(is_open) => self.is_reached_closed = !is_open,
                Input::Time => {}
            }
            self.publish().await;
            self.clear_up();
        }
    }

    async fn input(&mut self) -> Input {
        let is_hungry = self.pending.is_empty();
        let page = async {
            match &mut self.tailer {
                Some(tailer) if is_hungry => tailer.next().await,
                Some(_) | None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.parts.stop.wait_for(|is_stopping| *is_stopping) => Input::Stop,
            ask = self.parts.asks.recv() => ask.map_or(Input::Stop, Input::Ask),
            changed = self.parts.reached.changed(), if !self.is_reached_closed => {
                Input::Reached(changed.is_ok())
            }
            page = page => Input::Page(page),
            () = tokio::time::sleep(Duration::from_millis(SWEEP_MS)) => Input::Time,
        }
    }

    /// How far the windows are; what is not in them is not told.
    fn look(&mut self) {
        let reached = *self.parts.reached.borrow_and_update();
        self.shown = self.shown.max(reached);
    }

    fn position(&self) -> Position {
        *self.parts.published.borrow()
    }

    async fn publish(&mut self) {
        self.look();
        if self.tailer.is_none() {
            self.publish_upto(self.shown);
            return;
        }
        let shown = if is_planted("frames_before_windows") { u64::MAX.into() } else { self.shown };
        while self.pending.front().is_some_and(|event| event.position <= shown) {
            let visible = self.pending.iter().take_while(|event| event.position <= shown);
            let count = visible.count().min(BATCH_EVENTS_MAX);
            let batch: Vec<_> = self.pending.drain(..count).collect();
            while let Err(error) = self.tell(&batch).await {
                tracing::warn!(%error, "the feed could not read the log; it tries again");
                if *self.parts.stop.borrow() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            }
        }
    }

    fn publish_upto(&self, position: Position) {
        self.parts.published.send_if_modified(|published| {
            let is_further = position > *published;
            *published = position.max(*published);
            is_further
        });
    }

    /// Tells the rings of a batch of events: first what happened, then how things stand.
    async fn tell(&mut self, batch: &[RecordedEvent]) -> Result<(), StoreError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let concerned = self.concerned(batch).await?;
        self.provide(batch, &concerned).await?;
        let mut touched: BTreeMap<StreamId, BTreeSet<Topic>> = BTreeMap::new();
        for (event, (told, topics)) in batch.iter().zip(concerned) {
            let id = stream_id(event);
            self.states.fold(&id, event);
            if topics.is_empty() {
                continue;
            }
            let frame = Arc::new(Frame::Event(event_frame(event, told)));
            for topic in topics {
                self.rings.draft(&topic, &frame);
                if event.stream.kind() == StreamKind::Execution {
                    touched.entry(id.clone()).or_default().insert(topic);
                }
            }
        }
        for (id, topics) in touched {
            let changes = self.states.changes(&id, last.position);
            for topic in &topics {
                for frame in changes.executions.iter().chain(&changes.tasks) {
                    if is_for(topic, frame) {
                        self.rings.draft(topic, frame);
                    }
                }
            }
        }
        self.rings.send(last.position);
        self.publish_upto(last.position);
        Ok(())
    }

    /// For each event what is told of it, and the topics that it concerns.
    async fn concerned(
        &self,
        batch: &[RecordedEvent],
    ) -> Result<Vec<(Told, Vec<Topic>)>, StoreError> {
        let mut concerned = Vec::with_capacity(batch.len());
        for event in batch {
            let topics: Vec<&Topic> = self.rings.topics(&event.workspace).collect();
            let by_plan = topics.iter().any(|topic| matches!(topic, Topic::Plan(..)));
            let plan: Option<PlanId> =
                if by_plan { self.parts.plans.of(&self.parts.store, event).await? } else { None };
            let told = told(event);
            let is_concerned = |topic: &&&Topic| topic.concerns(event, &told, plan.as_ref());
            let topics = topics.iter().filter(is_concerned).map(|topic| (*topic).clone()).collect();
            concerned.push((told, topics));
        }
        let mut sayings = self.sayings(batch, &concerned).await?;
        let improve = |(event, (told, topics)): (&RecordedEvent, (Told, Vec<Topic>))| {
            (sayings.improve(event, told), topics)
        };
        Ok(batch.iter().zip(concerned).map(improve).collect())
    }

    /// What the window says of the events that somebody hears of: one question a workspace.
    async fn sayings(
        &self,
        batch: &[RecordedEvent],
        concerned: &[(Told, Vec<Topic>)],
    ) -> Result<Sayings, StoreError> {
        let mut sayings = Sayings::default();
        let Some(views) = &self.parts.config.views else { return Ok(sayings) };
        let heard = batch.iter().zip(concerned).filter(|(_, (_, topics))| !topics.is_empty());
        let heard: BTreeSet<&WorkspaceId> = heard.map(|(event, _)| &event.workspace).collect();
        for workspace in heard {
            let events = batch.iter().filter(|event| event.workspace == *workspace);
            sayings.add(views, workspace, None, &events.collect::<Vec<_>>()).await?;
        }
        Ok(sayings)
    }

    /// Gets the states that the updates need, as they were before the batch.
    async fn provide(
        &mut self,
        batch: &[RecordedEvent],
        concerned: &[(Told, Vec<Topic>)],
    ) -> Result<(), StoreError> {
        let before = self.position();
        for (event, (_, topics)) in batch.iter().zip(concerned) {
            let id = stream_id(event);
            let is_execution = event.stream.kind() == StreamKind::Execution;
            if topics.is_empty() || !is_execution || self.states.holds(&id) {
                continue;
            }
            let mut loaded = Loaded::nothing(&id.1);
            if event.version.get() == 1 {
                self.states.insert(id, loaded);
                continue;
            }
            match loaded.take_upto(&self.parts.store, &id.0, &id.1, before).await {
                Ok(()) => {}
                Err(LoadError::Store(error)) => return Err(error),
                Err(error @ LoadError::Broken { .. }) => {
                    tracing::error!(%error, "the feed cannot follow {}", id.1);
                }
            }
            self.states.insert(id, loaded);
        }
        Ok(())
    }

    async fn answer(&mut self, ask: Ask) {
        self.publish().await;
        let Ask { topic, wants_tasks, at_least, offered, reply } = ask;
        let at = self.position();
        let answer = if at < at_least {
            Answer::Later
        } else if self.warm(&topic, offered).await {
            let line = self.rings.join(&topic, wants_tasks, at);
            let store = &self.parts.store;
            self.tailer.get_or_insert_with(|| Tailer::new(store.clone(), at));
            Answer::Joined { at, line, snapshot: self.snapshot(&topic, at) }
        } else {
            Answer::Cold { at }
        };
        drop(reply.send(answer));
    }

    /// Whether the state of the one execution that a topic is about is held, if it is about one.
    async fn warm(&mut self, topic: &Topic, offered: Option<Loaded>) -> bool {
        let Some(id) = id_of(topic).filter(|id| !self.states.holds(id)) else { return true };
        let Some(mut loaded) = offered else { return false };
        let topped = loaded.take_upto(&self.parts.store, &id.0, &id.1, self.position()).await;
        if let Err(error @ LoadError::Store(_)) = topped {
            tracing::warn!(%error, "the feed could not read a stream; the reader asks again");
            return false;
        }
        self.states.insert(id, loaded);
        true
    }

    fn snapshot(&mut self, topic: &Topic, at: Position) -> Option<Box<Snapshot>> {
        let now = self.parts.config.clock.now();
        self.states.snapshot(&id_of(topic)?, at, now).map(Box::new)
    }

    fn clear_up(&mut self) {
        self.rings.sweep();
        if self.rings.is_empty() {
            self.tailer = None;
            self.pending.clear();
        }
        let rings = &self.rings;
        self.states.forget(self.parts.config.states_max, |id| rings.wants_state(id));
        let counts = (self.rings.count(), self.states.count());
        self.parts.counts.send_if_modified(|known| std::mem::replace(known, counts) != counts);
    }
}

fn id_of(topic: &Topic) -> Option<StreamId> {
    let stream = StreamName::execution(topic.execution()?);
    Some((topic.workspace().clone(), stream))
}

/// Whether an update is for a topic: an agent hears of its own tasks only.
fn is_for(topic: &Topic, frame: &Frame) -> bool {
    match (topic, frame) {
        (Topic::Agent(_, agent_id), Frame::TaskUpdate(update)) => {
            update.task.agent_id.as_deref() == Some(agent_id.as_str())
        }
        (
            Topic::Agent(..) | Topic::Execution(..) | Topic::Plan(..) | Topic::Workspace(_),
            Frame::TaskUpdate(_)
            | Frame::ExecutionUpdate(_)
            | Frame::Event(_)
            | Frame::Snapshot(_)
            | Frame::Heartbeat(_)
            | Frame::Lagged(_),
        ) => true,
    }
}

/// What subscribers are sent of an event.
pub(super) fn event_frame(event: &RecordedEvent, told: Told) -> EventFrame {
    let own = |kind: StreamKind| {
        (event.stream.kind() == kind).then(|| Arc::<str>::from(event.stream.id()))
    };
    EventFrame {
        event_id: event.event_id,
        execution_id: own(StreamKind::Execution),
        plan_id: own(StreamKind::Plan),
        event_type: event.kind.as_str().into(),
        task_id: told.task_id.map(|id| id.as_str().into()),
        agent_id: told.agent_id.map(|id| id.as_str().into()),
        message: told.sentence,
        said: told.said,
        timestamp: event.recorded_at,
        position: event.position,
    }
}
