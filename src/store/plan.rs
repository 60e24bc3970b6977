//! What a batch comes to: each request decided on its own, in the order of arrival, purely.

use super::error::AppendError;
use super::hash::{BatchHasher, LEAF_PREFIX_BYTES};
use super::types::{
    AppendRequest, Appended, Batch, Expected, Hash, Head, IdempotencyKey, NewEvent, Position,
    Receipt, StoredAnswer, StreamWrite, Version,
};
use crate::domain::{StreamName, WorkspaceId};
use crate::planted::is_planted;
use std::collections::HashMap;
use uuid::Uuid;

/// Names a stream in the whole archive.
pub(super) type StreamKey = (WorkspaceId, StreamName);
/// Names a request in the whole archive: workspace, actor, key.
pub(super) type AnswerKey = (WorkspaceId, String, String);
/// What a request is answered with.
pub(super) type Outcome = Result<Appended, AppendError>;

/// A request whose leaves have been hashed, in the order of its events.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) request: AppendRequest,
    pub(super) leaves: Vec<Hash>,
    /// Whether it was decided on what the one before it is to store: it cannot stand without that.
    pub(super) follows: bool,
}

impl Prepared {
    /// What a request is told that cannot stand without the one before it.
    pub(super) fn uncoupled(&self) -> AppendError {
        let writes = self.request.writes.iter().map(|write| (&write.stream, write.expected));
        let conditions =
            self.request.conditions.iter().map(|looked_at| (&looked_at.stream, looked_at.expected));
        match writes.chain(conditions).last() {
            Some((stream, expected)) => {
                let (stream, actual) = (stream.clone(), Version::ZERO);
                AppendError::Conflict { stream, expected, actual }
            }
            None => AppendError::OutcomeUnknown,
        }
    }
}

/// A stream as it is under the lock; not listed when it holds nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownStream {
    pub(super) stream_id: Position,
    pub(super) version: Version,
}

/// What was read under the lock.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) head: Head,
    pub(super) streams: HashMap<StreamKey, KnownStream>,
    pub(super) keys: HashMap<AnswerKey, StoredAnswer>,
}

/// An event with its place.
#[derive(Debug)]
pub(super) struct PlannedEvent<'a> {
    pub(super) position: Position,
    pub(super) stream_id: Position,
    pub(super) version: Version,
    pub(super) event: &'a NewEvent,
    pub(super) leaf: Hash,
}

/// A stream with its new version.
#[derive(Debug)]
pub(super) struct PlannedStream<'a> {
    pub(super) workspace: &'a WorkspaceId,
    pub(super) stream: &'a StreamName,
    pub(super) stream_id: Position,
    pub(super) version: Version,
}

/// A key with its answer.
#[derive(Debug)]
pub(super) struct PlannedKey<'a> {
    pub(super) workspace: &'a WorkspaceId,
    pub(super) key: &'a IdempotencyKey,
    pub(super) receipt: Receipt,
    pub(super) answer: &'a [u8],
}

/// Everything that a batch writes, and what each of its requests is answered.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) events: Vec<PlannedEvent<'a>>,
    pub(super) streams: Vec<PlannedStream<'a>>,
    pub(super) keys: Vec<PlannedKey<'a>>,
    pub(super) batch: Batch,
    /// The hash of the batch before.
    pub(super) previous_hash: Hash,
    pub(super) log_id: Uuid,
}

impl Plan<'_> {
    /// Whether nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.keys.is_empty()
    }

    /// The end of the log once it is written.
    pub(super) fn end(&self) -> Head {
        Head {
            log_id: self.log_id,
            position: self.batch.last_position,
            batch_no: self.batch.batch_no,
            batch_hash: self.batch.hash,
        }
    }
}

/// The streams that the decision needs to know, each once.
pub(super) fn wanted_streams(requests: &[Prepared]) -> Vec<(&WorkspaceId, &StreamName)> {
    let mut wanted: Vec<_> = requests
        .iter()
        .flat_map(|prepared| {
            let request = &prepared.request;
            let written = request.writes.iter().map(|write| &write.stream);
            let looked_at = request.conditions.iter().map(|condition| &condition.stream);
            written.chain(looked_at).map(|stream| (&request.workspace, stream))
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The keys that the decision needs to know, each once: workspace, actor, key.
pub(super) fn wanted_keys(requests: &[Prepared]) -> Vec<(&str, &str, &str)> {
    let mut wanted: Vec<_> = requests
        .iter()
        .filter_map(|prepared| {
            let key = prepared.request.key.as_ref()?;
            Some((prepared.request.workspace.as_str(), key.actor.as_str(), key.key.as_str()))
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// Decides every request of a batch in the order of arrival. A request sees what those before it
/// would store; a refused one leaves no trace.
pub(super) fn plan_batch(known: Known, requests: &[Prepared]) -> Plan<'_> {
    let mut planner = Planner::new(known);
    for prepared in requests {
        let outcome = planner.decide(prepared);
        planner.outcomes.push(outcome);
    }
    planner.finish()
}

struct Planner<'a> {
    known: Known,
    position: Position,
    outcomes: Vec<Outcome>,
    events: Vec<PlannedEvent<'a>>,
    touched: HashMap<StreamKey, usize>,
    streams: Vec<PlannedStream<'a>>,
    keys: Vec<PlannedKey<'a>>,
}

impl<'a> Planner<'a> {
    fn new(known: Known) -> Self {
        Self {
            position: known.head.position,
            known,
            outcomes: Vec::new(),
            events: Vec::new(),
            touched: HashMap::new(),
            streams: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn decide(&mut self, prepared: &'a Prepared) -> Outcome {
        let request = &prepared.request;
        if let Some(repeated) = self.repeated(request) {
            return repeated;
        }
        let is_new = matches!(self.outcomes.last(), Some(Ok(Appended::New(_))) | None);
        if prepared.follows && !is_new && !is_planted("coupled_stands_alone") {
            return Err(prepared.uncoupled());
        }
        if let Err(conflict) = self.check(request) {
            if is_planted("sequence_positions") {
                self.position = self.position.next();
            }
            return Err(conflict);
        }
        let receipt = self.accept(prepared);
        self.remember(request, &receipt);
        Ok(Appended::New(receipt))
    }

    fn repeated(&self, request: &AppendRequest) -> Option<Outcome> {
        let key = request.key.as_ref().filter(|_| !is_planted("no_key_unique"))?;
        let stored = self.known.keys.get(&answer_key(&request.workspace, key))?;
        Some(if stored.request_hash == key.request_hash {
            Ok(Appended::Repeated(stored.clone()))
        } else {
            Err(AppendError::KeyReused)
        })
    }

    fn check(&self, request: &AppendRequest) -> Result<(), AppendError> {
        for condition in &request.conditions {
            let actual = self.version(&request.workspace, &condition.stream);
            check_one(&condition.stream, condition.expected, actual)?;
        }
        let mut moved: HashMap<&StreamName, Version> = HashMap::new();
        for write in &request.writes {
            let actual = match moved.get(&write.stream) {
                Some(version) => *version,
                None => self.version(&request.workspace, &write.stream),
            };
            check_one(&write.stream, write.expected, actual)?;
            moved.insert(&write.stream, actual.plus(count(&write.events)));
        }
        Ok(())
    }

    fn version(&self, workspace: &WorkspaceId, stream: &StreamName) -> Version {
        let known = self.known.streams.get(&(workspace.clone(), stream.clone()));
        known.map_or(Version::ZERO, |known| known.version)
    }

    fn accept(&mut self, prepared: &'a Prepared) -> Receipt {
        let request = &prepared.request;
        let before = self.position;
        let mut leaves = prepared.leaves.iter();
        let mut versions: Vec<(StreamName, Version)> = Vec::new();
        for write in request.writes.iter().filter(|write| !write.events.is_empty()) {
            let version = self.write(&request.workspace, write, &mut leaves);
            versions.retain(|(stream, _)| *stream != write.stream);
            versions.push((write.stream.clone(), version));
        }
        let first = if self.position == before { before } else { before.next() };
        Receipt { first_position: first, last_position: self.position, versions }
    }

    fn write(
        &mut self,
        workspace: &'a WorkspaceId,
        write: &'a StreamWrite,
        leaves: &mut impl Iterator<Item = &'a Hash>,
    ) -> Version {
        let key = (workspace.clone(), write.stream.clone());
        let fresh = KnownStream { stream_id: self.position.next(), version: Version::ZERO };
        let known = self.known.streams.entry(key.clone()).or_insert(fresh);
        for (event, leaf) in write.events.iter().zip(leaves) {
            self.position = self.position.next();
            known.version = known.version.next();
            self.events.push(PlannedEvent {
                position: self.position,
                stream_id: known.stream_id,
                version: known.version,
                event,
                leaf: *leaf,
            });
        }
        let KnownStream { stream_id, version } = *known;
        let index = *self.touched.entry(key).or_insert(self.streams.len());
        if index == self.streams.len() {
            let stream = &write.stream;
            self.streams.push(PlannedStream { workspace, stream, stream_id, version });
        }
        self.streams[index].version = version;
        version
    }

    fn remember(&mut self, request: &'a AppendRequest, receipt: &Receipt) {
        let Some(key) = request.key.as_ref().filter(|_| !is_planted("no_key_unique")) else {
            return;
        };
        let (workspace, answer) = (&request.workspace, request.answer.as_slice());
        let stored = StoredAnswer {
            request_hash: key.request_hash,
            receipt: receipt.clone(),
            answer: request.answer.clone(),
        };
        self.known.keys.insert(answer_key(workspace, key), stored);
        self.keys.push(PlannedKey { workspace, key, receipt: receipt.clone(), answer });
    }

    fn finish(self) -> Plan<'a> {
        let head = &self.known.head;
        let (batch_no, first_position) = (head.batch_no + 1, head.position.next());
        let mut hasher =
            BatchHasher::new(head.log_id, &head.batch_hash, batch_no, first_position.get());
        let mut leaf_prefixes = Vec::with_capacity(self.events.len() * LEAF_PREFIX_BYTES);
        for planned in &self.events {
            hasher.add(planned.version, &planned.leaf);
            leaf_prefixes.extend_from_slice(&planned.leaf[..LEAF_PREFIX_BYTES]);
        }
        let batch = Batch {
            batch_no,
            first_position,
            last_position: self.position,
            hash: hasher.finish(),
            leaf_prefixes,
        };
        let (log_id, previous_hash) = (head.log_id, head.batch_hash);
        let Self { outcomes, events, streams, keys, .. } = self;
        Plan { outcomes, events, streams, keys, batch, previous_hash, log_id }
    }
}

fn check_one(stream: &StreamName, expected: Expected, actual: Version) -> Result<(), AppendError> {
    if expected.holds_at(actual) {
        return Ok(());
    }
    Err(AppendError::Conflict { stream: stream.clone(), expected, actual })
}

fn answer_key(workspace: &WorkspaceId, key: &IdempotencyKey) -> AnswerKey {
    (workspace.clone(), key.actor.clone(), key.key.clone())
}

fn count(events: &[NewEvent]) -> u64 {
    u64::try_from(events.len()).expect("a length fits 64 bits")
}
