//! The contents of a log in memory.

use super::plan::{AnswerKey, KnownStream, Plan, StreamKey};
use super::presence::{AgentPresence, EndedLease, Renewal, newest_renewals, newest_signs};
use super::rows::{KeyRow, NumberedRow, receipt_to_text, to_row};
use super::streams::{Stream, StreamEvent, StreamRange};
use super::types::{
    Batch, Head, LogFilter, Position, RecordedEvent, Snapshot, StoredAnswer, Version,
};
use crate::domain::{StreamName, WorkspaceId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use uuid::Uuid;

/// A log in memory. Clones are the same log, so that it outlives the store over it.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    contents: Arc<Mutex<Contents>>,
    pub(super) committed: Arc<watch::Sender<Position>>,
}

#[derive(Debug)]
pub(super) struct Contents {
    pub(super) head: Head,
    events: Vec<RecordedEvent>,
    batches: Vec<Batch>,
    pub(super) streams: HashMap<StreamKey, (KnownStream, Vec<Position>)>,
    pub(super) keys: HashMap<AnswerKey, StoredAnswer>,
    snapshots: HashMap<StreamKey, Snapshot>,
    leases: BTreeMap<(WorkspaceId, String, String), Renewal>,
    agents: BTreeMap<(WorkspaceId, String), AgentPresence>,
}

impl MemoryLog {
    /// An empty log of this name.
    pub fn new(log_id: Uuid) -> Self {
        let head = Head { log_id, position: Position::ZERO, batch_no: 0, batch_hash: [0; 32] };
        let contents = Contents {
            head,
            events: Vec::new(),
            batches: Vec::new(),
            streams: HashMap::new(),
            keys: HashMap::new(),
            snapshots: HashMap::new(),
            leases: BTreeMap::new(),
            agents: BTreeMap::new(),
        };
        let committed = Arc::new(watch::Sender::new(Position::ZERO));
        Self { contents: Arc::new(Mutex::new(contents)), committed }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn head(&self) -> Head {
        self.lock().head
    }

    pub(super) fn stored_answer(&self, key: &AnswerKey) -> Option<StoredAnswer> {
        self.lock().keys.get(key).cloned()
    }

    pub(super) fn read_stream(
        &self,
        stream: &StreamKey,
        after: Version,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let contents = self.lock();
        let Some((_, positions)) = contents.streams.get(stream) else { return Vec::new() };
        let skipped = usize::try_from(after.get()).unwrap_or(usize::MAX);
        let wanted = positions.iter().skip(skipped).take(limit);
        wanted.filter_map(|position| contents.event(*position)).cloned().collect()
    }

    pub(super) fn read_filtered(
        &self,
        after: Position,
        to: Position,
        filter: &LogFilter,
        limit: usize,
    ) -> Vec<RecordedEvent> {
        let contents = self.lock();
        let skipped = usize::try_from(after.get()).unwrap_or(usize::MAX);
        let rest = contents.events.iter().skip(skipped).take_while(|event| event.position <= to);
        rest.filter(|event| filter.wants(event)).take(limit).cloned().collect()
    }

    pub(super) fn streams(&self, after: Position, to: Position, limit: usize) -> Vec<Stream> {
        let contents = self.lock();
        let known = contents.streams.iter().map(|((workspace, name), (known, positions))| Stream {
            id: positions.first().copied().unwrap_or_default(),
            workspace: workspace.clone(),
            name: name.clone(),
            version: known.version,
        });
        let mut streams: Vec<_> = known.filter(|it| it.id > after && it.id <= to).collect();
        streams.sort_by_key(|stream| stream.id);
        streams.truncate(limit);
        streams
    }

    pub(super) fn stream_events(&self, range: &StreamRange, limit: usize) -> Vec<StreamEvent> {
        let contents = self.lock();
        let mut places = BTreeMap::new();
        for (_, positions) in contents.streams.values() {
            let stream_id = positions.first().copied().unwrap_or_default();
            for position in positions.iter().filter(|position| **position <= range.until) {
                let Some(event) = contents.event(*position) else { continue };
                places.insert((stream_id, event.version), event);
            }
        }
        let wanted = places.into_iter().filter(|(at, _)| *at > range.after && at.0 <= range.to);
        let events = wanted.take(limit).map(|((stream_id, version), event)| StreamEvent {
            stream_id,
            version,
            position: event.position,
            kind: event.kind.clone(),
            schema_version: event.schema_version,
            recorded_at: event.recorded_at,
            payload: event.payload.clone(),
        });
        events.collect()
    }

    pub(super) fn batches(&self, after: u64, limit: usize) -> Vec<Batch> {
        let contents = self.lock();
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        contents.batches.iter().skip(skipped).take(limit).cloned().collect()
    }

    pub(super) fn stream_rows(&self, after: i64, limit: usize) -> Vec<NumberedRow> {
        let contents = self.lock();
        let row = |((workspace, name), (known, _)): (&StreamKey, &(KnownStream, Vec<Position>))| {
            let stream_id = to_row(known.stream_id.get());
            (stream_id, workspace.to_string(), name.to_string(), to_row(known.version.get()))
        };
        let mut rows: Vec<_> = contents.streams.iter().map(row).collect();
        rows.retain(|(stream_id, ..)| *stream_id > after);
        rows.sort_unstable();
        rows.truncate(limit);
        rows
    }

    pub(super) fn key_rows(&self, after: &(String, String, String), limit: usize) -> Vec<KeyRow> {
        let contents = self.lock();
        let row = |((workspace, actor, key), stored): (&AnswerKey, &StoredAnswer)| {
            let receipt = receipt_to_text(&stored.receipt);
            (workspace.to_string(), actor.clone(), key.clone(), receipt)
        };
        let mut rows: Vec<_> = contents.keys.iter().map(row).collect();
        let (workspace, actor, key) = after;
        rows.retain(|row| (&row.0, &row.1, &row.2) > (workspace, actor, key));
        rows.sort_unstable();
        rows.truncate(limit);
        rows
    }

    pub(super) fn places(&self, positions: &[Position]) -> Vec<NumberedRow> {
        let contents = self.lock();
        let events = positions.iter().filter_map(|position| contents.event(*position));
        let row = |event: &RecordedEvent| {
            let (position, version) = (to_row(event.position.get()), to_row(event.version.get()));
            (position, event.workspace.to_string(), event.stream.to_string(), version)
        };
        events.map(row).collect()
    }

    pub(super) fn save_snapshot(&self, snapshot: &Snapshot) {
        let key = (snapshot.workspace.clone(), snapshot.stream.clone());
        let mut contents = self.lock();
        let newer = contents.snapshots.get(&key).is_none_or(|kept| {
            kept.fingerprint != snapshot.fingerprint || kept.version < snapshot.version
        });
        if newer {
            contents.snapshots.insert(key, snapshot.clone());
        }
    }

    pub(super) fn load_snapshot(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        fingerprint: [u8; 16],
    ) -> Option<Snapshot> {
        let contents = self.lock();
        let kept = contents.snapshots.get(&(workspace.clone(), stream.clone()))?;
        (kept.fingerprint == fingerprint).then(|| kept.clone())
    }

    pub(super) fn renew(&self, renewals: &[Renewal]) {
        let mut contents = self.lock();
        for renewal in newest_renewals(renewals) {
            let (execution, task) = (renewal.execution_id.clone(), renewal.task_id.clone());
            let key = (renewal.workspace.clone(), execution, task);
            let kept = contents.leases.entry(key).or_insert_with(|| renewal.clone());
            if (renewal.epoch, renewal.seen_at) >= (kept.epoch, kept.seen_at) {
                *kept = renewal.clone();
            }
        }
    }

    pub(super) fn see(&self, signs: &[AgentPresence]) {
        let mut contents = self.lock();
        for sign in newest_signs(signs) {
            let key = (sign.workspace.clone(), sign.agent_id.clone());
            let kept = contents.agents.entry(key).or_insert_with(|| sign.clone());
            kept.last_seen_at = kept.last_seen_at.max(sign.last_seen_at);
        }
    }

    pub(super) fn forget(&self, ended: &[EndedLease]) {
        let mut contents = self.lock();
        for lease in ended {
            let (execution, task) = (lease.execution_id.clone(), lease.task_id.clone());
            let key = (lease.workspace.clone(), execution, task);
            if contents.leases.get(&key).is_some_and(|kept| kept.epoch <= lease.epoch) {
                contents.leases.remove(&key);
            }
        }
    }

    pub(super) fn leases(&self) -> Vec<Renewal> {
        self.lock().leases.values().cloned().collect()
    }

    pub(super) fn agents(&self) -> Vec<AgentPresence> {
        self.lock().agents.values().cloned().collect()
    }
}

impl Contents {
    fn event(&self, position: Position) -> Option<&RecordedEvent> {
        self.events.get(usize::try_from(position.get()).ok()?.checked_sub(1)?)
    }

    pub(super) fn apply(&mut self, plan: &Plan<'_>) {
        let names: HashMap<_, _> =
            plan.streams.iter().map(|s| (s.stream_id, (s.workspace, s.stream))).collect();
        for planned in &plan.events {
            let (workspace, stream) = names[&planned.stream_id];
            let key = (workspace.clone(), stream.clone());
            let fresh = KnownStream { stream_id: planned.stream_id, version: Version::ZERO };
            let (known, positions) = self.streams.entry(key).or_insert_with(|| (fresh, Vec::new()));
            known.version = planned.version;
            positions.push(planned.position);
            self.events.push(RecordedEvent {
                position: planned.position,
                workspace: workspace.clone(),
                stream: stream.clone(),
                version: planned.version,
                event_id: planned.event.event_id,
                kind: planned.event.kind.to_string(),
                schema_version: planned.event.schema_version,
                payload: planned.event.payload.clone(),
                metadata: planned.event.metadata.clone(),
                recorded_at: planned.event.recorded_at,
                leaf_hash: planned.leaf,
            });
        }
        for planned in &plan.keys {
            let (actor, key) = (planned.key.actor.clone(), planned.key.key.clone());
            let stored = StoredAnswer {
                request_hash: planned.key.request_hash,
                receipt: planned.receipt.clone(),
                answer: planned.answer.to_vec(),
            };
            self.keys.insert((planned.workspace.clone(), actor, key), stored);
        }
        self.head.position = plan.batch.last_position;
        self.head.batch_no = plan.batch.batch_no;
        self.head.batch_hash = plan.batch.hash;
        self.batches.push(plan.batch.clone());
    }
}
