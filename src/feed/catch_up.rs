//! What a reader that is not on a ring reads from the log.

use super::batch::Batch;
use super::frame::{ExecutionState, Frame, Snapshot};
use super::load::{LoadError, Loaded};
use super::publisher::event_frame;
use super::sentence::told;
use super::states::execution_state;
use super::topic::Topic;
use super::window::Sayings;
use super::{LOOK_BACK_EVENTS, Shared};
use crate::domain::{ExecutionId, StreamKind, StreamName};
use crate::store::{Position, RecordedEvent, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many events are read at once.
const PAGE_EVENTS: usize = 100;
/// How large what is made of them may be.
pub(super) const PAGE_BYTES_MAX: usize = 192 * 1024;
/// How many executions a snapshot of a wide topic has at most.
const EXECUTIONS_MAX: usize = 100;

/// A page of the log, as frames.
pub(super) struct Page {
    pub(super) batch: Arc<Batch>,
    /// Everything up to there is in it.
    pub(super) upto: Position,
}

/// The executions to which something happened while a reader of a wide topic read the log.
#[derive(Debug, Default)]
pub(super) struct Touched {
    executions: BTreeSet<ExecutionId>,
    is_partial: bool,
}

impl Touched {
    fn note(&mut self, event: &RecordedEvent) {
        if event.stream.kind() != StreamKind::Execution {
            return;
        }
        if self.executions.len() >= EXECUTIONS_MAX {
            self.is_partial = true;
        } else if let Ok(execution_id) = ExecutionId::parse(event.stream.id()) {
            self.executions.insert(execution_id);
        }
    }
}

impl Shared {
    /// The events between two positions that concern a topic, as far as they fit in a page.
    pub(super) async fn read_page(
        &self,
        topic: &Topic,
        after: Position,
        to: Position,
        touched: &mut Touched,
    ) -> Result<Page, StoreError> {
        let _turn = self.log_readers.acquire().await;
        let mut events = self.store.read_log(after, &topic.log_filter(), PAGE_EVENTS).await?;
        let is_last = events.len() < PAGE_EVENTS;
        events.retain(|event| event.position <= to);
        let mut sayings = self.sayings(topic, &events).await?;
        let mut upto = if is_last { Some(to) } else { None };
        let (mut frames, mut bytes, mut read) = (Vec::new(), 0, after);
        for event in &events {
            if let Some(frame) = self.frame(topic, event, &mut sayings).await? {
                bytes += frame.bytes();
                if bytes > PAGE_BYTES_MAX && !frames.is_empty() {
                    upto = Some(read);
                    break;
                }
                frames.push(Arc::new(frame));
                touched.note(event);
            }
            read = event.position;
        }
        let upto = upto.unwrap_or(if events.len() < PAGE_EVENTS { to } else { read });
        Ok(Page { batch: Batch::new(after, upto, frames, &self.gauge), upto })
    }

    async fn frame(
        &self,
        topic: &Topic,
        event: &RecordedEvent,
        sayings: &mut Sayings,
    ) -> Result<Option<Frame>, StoreError> {
        let plan = match topic {
            Topic::Plan(..) => self.plans.of(&self.store, event).await?,
            Topic::Execution(..) | Topic::Workspace(_) | Topic::Agent(..) => None,
        };
        let told = told(event);
        let is_concerned = topic.concerns(event, &told, plan.as_ref());
        Ok(is_concerned.then(|| Frame::Event(event_frame(event, sayings.improve(event, told)))))
    }

    /// What the window says of a page of events.
    async fn sayings(
        &self,
        topic: &Topic,
        events: &[RecordedEvent],
    ) -> Result<Sayings, StoreError> {
        let mut sayings = Sayings::default();
        if let Some(views) = &self.config.views {
            let events: Vec<_> = events.iter().collect();
            sayings.add(views, topic.workspace(), topic.execution(), &events).await?;
        }
        Ok(sayings)
    }

    /// Notes to which executions something happened shortly before a position: their updates may
    /// not have come any more.
    pub(super) async fn look_back(
        &self,
        topic: &Topic,
        before: Position,
        touched: &mut Touched,
    ) -> Result<(), StoreError> {
        let mut after = Position::new(before.get().saturating_sub(LOOK_BACK_EVENTS));
        while after < before {
            after = self.read_page(topic, after, before, touched).await?.upto;
        }
        Ok(())
    }

    /// The state of an execution as of a position.
    pub(super) async fn load(
        &self,
        topic: &Topic,
        execution_id: &ExecutionId,
        at: Position,
    ) -> Result<Loaded, StoreError> {
        let _turn = self.log_readers.acquire().await;
        let stream = StreamName::execution(execution_id);
        let mut loaded = Loaded::nothing(&stream);
        match loaded.take_upto(&self.store, topic.workspace(), &stream, at).await {
            Ok(()) => {}
            Err(LoadError::Store(error)) => return Err(error),
            Err(error @ LoadError::Broken { .. }) => {
                tracing::error!(%error, "the feed cannot follow {stream}");
            }
        }
        Ok(loaded)
    }

    /// How the executions stand at a position to which something happened.
    pub(super) async fn wide_snapshot(
        &self,
        topic: &Topic,
        touched: &Touched,
        at: Position,
    ) -> Result<Snapshot, StoreError> {
        let mut executions: Vec<ExecutionState> = Vec::new();
        for execution_id in &touched.executions {
            let Loaded { state, version } = self.load(topic, execution_id, at).await?;
            let id = (topic.workspace().clone(), StreamName::execution(execution_id));
            executions.extend(execution_state(&id, &state, version));
        }
        Ok(Snapshot {
            execution: None,
            tasks: Arc::new([]),
            executions,
            is_partial: touched.is_partial,
            timestamp: self.config.clock.now(),
            position: at,
        })
    }
}
