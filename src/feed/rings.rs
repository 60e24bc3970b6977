//! A ring for each topic that somebody listens to: what does not fit any more is overwritten, so
//! that no reader holds up another.

use super::FEED_CAPACITY;
use super::batch::{Batch, Gauge};
use super::frame::Frame;
use super::topic::Topic;
use crate::domain::{StreamKind, WorkspaceId};
use crate::planted::is_planted;
use crate::projections::StreamId;
use crate::store::Position;
use async_broadcast::{InactiveReceiver, Receiver, Sender, TrySendError, broadcast};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a reader listens on.
pub(super) type Line = Receiver<Arc<Batch>>;

/// All rings.
#[derive(Default)]
pub(super) struct Rings {
    rings: BTreeMap<Topic, Ring>,
    gauge: Gauge,
}

struct Ring {
    sender: Sender<Arc<Batch>>,
    /// Keeps the ring open while readers come and go.
    _open: InactiveReceiver<Arc<Batch>>,
    upto: Position,
    wants_tasks: bool,
    draft: Vec<Arc<Frame>>,
}

impl Rings {
    pub(super) fn new(gauge: Gauge) -> Self {
        Self { rings: BTreeMap::new(), gauge }
    }

    /// A place on the ring of a topic, which brings everything after a position.
    pub(super) fn join(&mut self, topic: &Topic, wants_tasks: bool, at: Position) -> Line {
        let ring = self.rings.entry(topic.clone()).or_insert_with(|| Ring::new(at));
        ring.wants_tasks |= wants_tasks;
        ring.sender.new_receiver()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.rings.len()
    }

    /// The topics of a workspace that somebody listens to.
    pub(super) fn topics<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
    ) -> impl Iterator<Item = &'a Topic> {
        self.rings.keys().filter(move |topic| topic.workspace() == workspace)
    }

    /// Whether somebody listens to something that an execution may concern.
    pub(super) fn wants_state(&self, id: &StreamId) -> bool {
        let (workspace, stream) = id;
        self.topics(workspace).any(|topic| {
            let one = topic.execution();
            let is_it = |id: &str| stream.kind() == StreamKind::Execution && stream.id() == id;
            one.is_none_or(|execution_id| is_it(execution_id.as_str()))
        })
    }

    /// Adds a frame to what is sent next to a topic.
    pub(super) fn draft(&mut self, topic: &Topic, frame: &Arc<Frame>) {
        if let Some(ring) = self.rings.get_mut(topic) {
            let is_task = matches!(**frame, Frame::TaskUpdate(_));
            if ring.wants_tasks || !is_task {
                ring.draft.push(Arc::clone(frame));
            }
        }
    }

    /// Sends what was drafted; with it, everything up to there is told.
    pub(super) fn send(&mut self, upto: Position) {
        for ring in self.rings.values_mut().filter(|ring| !ring.draft.is_empty()) {
            let frames = std::mem::take(&mut ring.draft);
            for chunk in Batch::chunks(ring.upto, upto, frames, &self.gauge) {
                ring.send(chunk);
            }
            ring.upto = upto;
        }
    }

    /// Lets go of the rings that nobody is on any more.
    pub(super) fn sweep(&mut self) {
        self.rings.retain(|_, ring| ring.sender.receiver_count() > 0);
    }
}

impl Ring {
    fn new(upto: Position) -> Self {
        let (mut sender, receiver) = broadcast(FEED_CAPACITY);
        sender.set_overflow(!is_planted("unbounded_reader"));
        let open = receiver.deactivate();
        Self { sender, _open: open, upto, wants_tasks: false, draft: Vec::new() }
    }

    fn send(&mut self, batch: Arc<Batch>) {
        if is_planted("unbounded_reader") && self.sender.is_full() {
            self.sender.set_capacity(self.sender.capacity() * 2);
        }
        match self.sender.try_broadcast(batch) {
            Ok(_) | Err(TrySendError::Inactive(_)) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                tracing::error!("a ring of the feed did not take a batch");
            }
        }
    }
}
