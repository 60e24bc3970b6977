//! A subscription: reads the log and the ring as its state says, and hands out frames.

use super::batch::Batch;
use super::catch_up::Touched;
use super::frame::{Frame, Heartbeat, LagReason, Lagged, Snapshot};
use super::load::Loaded;
use super::publisher::{Answer, Ask};
use super::reader::{Pace, ReaderInput, ReaderState, ReaderStep};
use super::rings::Line;
use super::topic::{Filter, Since, Topic};
use super::{RETRY_MS, Shared};
use crate::domain::Timestamp;
use crate::store::{Position, StoreError};
use async_broadcast::{RecvError, TryRecvError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What one reader hears of a topic. It works only while it is asked for the next frame, and
/// holds at most [`super::READER_BYTES_MAX`].
pub struct Subscription {
    shared: Arc<Shared>,
    topic: Topic,
    filter: Filter,
    state: ReaderState,
    line: Option<Line>,
    /// What was read and not handed out yet, and how many frames of the first batch were.
    queue: VecDeque<Arc<Batch>>,
    handed: usize,
    landing: Option<Landing>,
    touched: Touched,
    looks_back: bool,
    position: Position,
    beat_at: Timestamp,
}

/// The snapshot that follows when everything before it is handed out.
enum Landing {
    Narrow(Box<Snapshot>),
    Wide(Position),
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>, topic: Topic, filter: Filter, since: Since) -> Self {
        let (state, position) = match since {
            Since::Now => (ReaderState::now(), Position::ZERO),
            Since::After(position) => (ReaderState::after(position), position),
        };
        let beat_at = shared.config.clock.now().plus_ms(shared.config.heartbeat_ms);
        let looks_back = since != Since::Now && topic.execution().is_none();
        Self {
            shared,
            topic,
            filter,
            state,
            line: None,
            queue: VecDeque::new(),
            handed: 0,
            landing: None,
            touched: Touched::default(),
            looks_back,
            position,
            beat_at,
        }
    }

    /// The position of the last frame: where to resume, here or at another server.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next frame; none when the feed has stopped, or after the frame that says that the
    /// reader is cut. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Option<Arc<Frame>> {
        loop {
            if let Some(frame) = self.take_frame() {
                self.position = self.position.max(frame.position());
                self.beat_at = self.now().plus_ms(self.shared.config.heartbeat_ms);
                return Some(frame);
            }
            let is_open = match self.state.step() {
                ReaderStep::Read(after, to) => self.read(after, to).await,
                ReaderStep::Join(after) => self.join(after).await,
                ReaderStep::Receive if self.landing.is_some() => self.land().await,
                ReaderStep::Receive => self.receive().await,
                ReaderStep::End(_) => false,
            };
            if !is_open {
                return None;
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.config.clock.now()
    }

    fn take_frame(&mut self) -> Option<Arc<Frame>> {
        while let Some(batch) = self.queue.front() {
            while let Some(frame) = batch.frames.get(self.handed) {
                self.handed += 1;
                if self.filter.wants(&self.topic, frame) {
                    return Some(Arc::clone(frame));
                }
            }
            self.queue.pop_front();
            self.handed = 0;
        }
        None
    }

    fn push(&mut self, frame: Frame) {
        self.queue.push_back(Batch::single(frame, &self.shared.gauge));
    }

    fn beat(&mut self) {
        if self.now() >= self.beat_at {
            let position = self.state.delivered();
            self.push(Frame::Heartbeat(Heartbeat { timestamp: self.now(), position }));
        }
    }

    fn take(&mut self, input: ReaderInput) {
        if self.state.take(input) == Pace::Kept {
            return;
        }
        self.line = None;
        self.landing = None;
        self.touched = Touched::default();
        self.looks_back = self.topic.execution().is_none();
        let is_cut = matches!(self.state.step(), ReaderStep::End(_));
        self.lag(LagReason::TooSlow, is_cut, self.state.delivered());
    }

    fn lag(&mut self, reason: LagReason, is_cut: bool, position: Position) {
        let timestamp = self.now();
        self.push(Frame::Lagged(Lagged { reason, is_cut, timestamp, position }));
    }

    /// Reads a page of the log.
    async fn read(&mut self, after: Position, to: Option<Position>) -> bool {
        let published = *self.shared.published.borrow();
        let to = to.unwrap_or(published);
        if to <= after {
            self.take(ReaderInput::Page { upto: after, published });
            return true;
        }
        match self.read_page(after, to).await {
            Ok(()) => {}
            Err(error) => retry(&error).await,
        }
        true
    }

    async fn read_page(&mut self, after: Position, to: Position) -> Result<(), StoreError> {
        let published = *self.shared.published.borrow();
        if self.looks_back {
            self.shared.look_back(&self.topic, after, &mut self.touched).await?;
            self.looks_back = false;
        }
        let page = self.shared.read_page(&self.topic, after, to, &mut self.touched).await?;
        self.queue.push_back(page.batch);
        self.take(ReaderInput::Page { upto: page.upto, published });
        self.beat();
        Ok(())
    }

    /// Takes a place on the ring, once everything that the reader has is published here too.
    async fn join(&mut self, after: Position) -> bool {
        let mut published = self.shared.published.clone();
        if *published.borrow_and_update() < after {
            match self.shared.store.head().await {
                Ok(head) if head.position < after => {
                    self.lag(LagReason::LogWentBack, false, head.position);
                    self.position = Position::ZERO;
                    self.state = ReaderState::now();
                    return true;
                }
                Ok(_) => {}
                Err(error) => retry(&error).await,
            }
            tokio::select! {
                changed = published.changed() => return changed.is_ok(),
                () = self.shared.config.clock.sleep_until(self.beat_at) => self.beat(),
            }
            return true;
        }
        self.take_place(after).await
    }

    async fn take_place(&mut self, at_least: Position) -> bool {
        let mut offered = None;
        loop {
            let Some(answer) = self.ask(at_least, offered.take()).await else { return false };
            match answer {
                Answer::Later => return true,
                Answer::Cold { at } => {
                    let Some(execution_id) = self.topic.execution() else { return true };
                    match self.shared.load(&self.topic, execution_id, at).await {
                        Ok(loaded) => offered = Some(loaded),
                        Err(error) => retry(&error).await,
                    }
                }
                Answer::Joined { at, line, snapshot } => {
                    self.line = Some(line);
                    self.landing = Some(snapshot.map_or(Landing::Wide(at), Landing::Narrow));
                    self.take(ReaderInput::Joined(at));
                    return true;
                }
            }
        }
    }

    async fn ask(&self, at_least: Position, offered: Option<Loaded>) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        let topic = self.topic.clone();
        let wants_tasks = self.filter.wants_tasks(&topic);
        let ask = Ask { topic, wants_tasks, at_least, offered, reply };
        self.shared.asks.send(ask).await.ok()?;
        answer.await.ok()
    }

    /// Hands the snapshot out: everything before it was.
    async fn land(&mut self) -> bool {
        let snapshot = match &self.landing {
            None => return true,
            Some(Landing::Narrow(snapshot)) => Ok(Snapshot::clone(snapshot)),
            Some(Landing::Wide(at)) => {
                self.shared.wide_snapshot(&self.topic, &self.touched, *at).await
            }
        };
        match snapshot {
            Ok(snapshot) => {
                self.landing = None;
                self.touched = Touched::default();
                self.push(Frame::Snapshot(snapshot));
            }
            Err(error) => retry(&error).await,
        }
        true
    }

    /// Takes what comes through the ring; after a long silence, says up to where it reaches.
    async fn receive(&mut self) -> bool {
        let published = *self.shared.published.borrow();
        let Some(line) = &mut self.line else { return false };
        let received = match line.try_recv() {
            Ok(batch) => Ok(batch),
            Err(TryRecvError::Overflowed(missed)) => Err(RecvError::Overflowed(missed)),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
            Err(TryRecvError::Empty) => {
                let clock = &self.shared.config.clock;
                if clock.now() >= self.beat_at {
                    self.take(ReaderInput::Silence(published));
                    self.beat();
                    return true;
                }
                tokio::select! {
                    biased;
                    received = line.recv_direct() => received,
                    () = clock.sleep_until(self.beat_at) => return true,
                }
            }
        };
        match received {
            Ok(batch) => {
                self.take(ReaderInput::Batch { after: batch.after, upto: batch.upto });
                if self.line.is_some() {
                    self.queue.push_back(batch);
                }
            }
            Err(RecvError::Overflowed(_)) => self.take(ReaderInput::Overflowed),
            Err(RecvError::Closed) => return false,
        }
        true
    }
}

async fn retry(error: &StoreError) {
    tracing::warn!(%error, "a reader of the feed could not read the log; it tries again");
    tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
}
