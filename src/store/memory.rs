//! The log in memory, for simulations: the contract of the databases, with faults on demand.

use super::appender::Queue;
use super::config::StoreConfig;
use super::error::StoreError;
pub use super::memory_log::MemoryLog;
use super::plan::{Known, Plan, Prepared};
use super::presence::{AgentPresence, EndedLease, Renewal};
use super::rows::{KeyRow, NumberedRow, READ_ROWS_MAX};
use super::streams::{Stream, StreamEvent, StreamRange};
use super::tokens::{Token, TokenHash, TokenKind};
use super::types::{
    Batch, Hash, Head, LogFilter, Position, RecordedEvent, Snapshot, StoredAnswer, Version,
};
use super::write_tx::Writer;
use crate::domain::{StreamName, WorkspaceId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How often, of a thousand times, each thing fails. The same seed fails in the same places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryFaults {
    /// Where the sequence of faults begins.
    pub seed: u64,
    /// A transaction does not begin.
    pub begin_fails: u16,
    /// The writes are refused: a serialization failure or a lost connection.
    pub write_fails: u16,
    /// The commit happens, and reports a failure.
    pub commit_then_error: u16,
    /// The commit reports a failure and did not happen.
    pub commit_fails: u16,
    /// What happened to a commit cannot be looked up.
    pub settle_fails: u16,
    /// A read fails.
    pub read_fails: u16,
}

/// An open archive in memory.
pub struct MemoryStore {
    pub(super) queue: Queue,
    pub(super) committed: Arc<watch::Sender<Position>>,
    log: MemoryLog,
    dice: Mutex<FaultDice>,
    tokens: Mutex<Tokens>,
}

/// Who is let in without an API key.
type Tokens = BTreeMap<(TokenHash, TokenKind), Token>;

impl MemoryStore {
    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn start(log: &MemoryLog, faults: MemoryFaults, config: &StoreConfig) -> Self {
        let committed = Arc::clone(&log.committed);
        let writer =
            Writer::Memory(MemoryWriter { log: log.clone(), dice: FaultDice::new(faults, 1) });
        let queue = Queue::start(writer, config.queue_requests_max, Arc::clone(&committed));
        let dice = Mutex::new(FaultDice::new(faults, 2));
        Self { queue, committed, log: log.clone(), dice, tokens: Mutex::default() }
    }

    /// The log, unless this read fails.
    fn read(&self) -> Result<&MemoryLog, StoreError> {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        lost_if(dice.fails(|faults| faults.read_fails))?;
        Ok(&self.log)
    }

    pub(super) fn head(&self) -> Result<Head, StoreError> {
        Ok(self.read()?.head())
    }

    pub(super) fn stored_answer(
        &self,
        workspace: &WorkspaceId,
        actor: &str,
        key: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let key = (workspace.clone(), actor.to_owned(), key.to_owned());
        Ok(self.read()?.stored_answer(&key))
    }

    pub(super) fn read_stream(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let stream = (workspace.clone(), stream.clone());
        Ok(self.read()?.read_stream(&stream, after, limit.min(READ_ROWS_MAX)))
    }

    pub(super) fn read_positions(
        &self,
        after: Position,
        to: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.read()?.read_filtered(after, to, &LogFilter::default(), usize::MAX))
    }

    pub(super) fn read_filtered(
        &self,
        after: Position,
        to: Position,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.read()?.read_filtered(after, to, filter, limit))
    }

    pub(super) fn streams(
        &self,
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<Stream>, StoreError> {
        Ok(self.read()?.streams(after, to, limit))
    }

    pub(super) fn stream_events(
        &self,
        range: &StreamRange,
        limit: usize,
    ) -> Result<Vec<StreamEvent>, StoreError> {
        Ok(self.read()?.stream_events(range, limit))
    }

    pub(super) fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        Ok(self.read()?.batches(after, limit))
    }

    pub(super) fn stream_rows(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        Ok(self.read()?.stream_rows(after, limit))
    }

    pub(super) fn key_rows(
        &self,
        after: &(String, String, String),
        limit: usize,
    ) -> Result<Vec<KeyRow>, StoreError> {
        Ok(self.read()?.key_rows(after, limit))
    }

    pub(super) fn places(&self, positions: &[Position]) -> Result<Vec<NumberedRow>, StoreError> {
        Ok(self.read()?.places(positions))
    }

    pub(super) fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.read()?.save_snapshot(snapshot);
        Ok(())
    }

    pub(super) fn load_snapshot(
        &self,
        workspace: &WorkspaceId,
        stream: &StreamName,
        fingerprint: [u8; 16],
    ) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.read()?.load_snapshot(workspace, stream, fingerprint))
    }

    pub(super) fn renew(&self, renewals: &[Renewal]) -> Result<(), StoreError> {
        self.read()?.renew(renewals);
        Ok(())
    }

    pub(super) fn see(&self, signs: &[AgentPresence]) -> Result<(), StoreError> {
        self.read()?.see(signs);
        Ok(())
    }

    pub(super) fn forget(&self, ended: &[EndedLease]) -> Result<(), StoreError> {
        self.read()?.forget(ended);
        Ok(())
    }

    pub(super) fn leases(
        &self,
        of: Option<(&WorkspaceId, &str)>,
    ) -> Result<Vec<Renewal>, StoreError> {
        let mut leases = self.read()?.leases();
        leases.retain(|lease| {
            of.is_none_or(|(workspace, execution)| {
                lease.workspace == *workspace && lease.execution_id == execution
            })
        });
        Ok(leases)
    }

    pub(super) fn agents(&self) -> Result<Vec<AgentPresence>, StoreError> {
        Ok(self.read()?.agents())
    }
}

/// Draws the faults, one after the other, from their seed.
#[derive(Debug)]
struct FaultDice {
    faults: MemoryFaults,
    state: u64,
}

impl FaultDice {
    fn new(faults: MemoryFaults, lane: u64) -> Self {
        Self { faults, state: faults.seed.wrapping_mul(4).wrapping_add(lane) }
    }

    /// Whether something fails that fails so often of a thousand times (SplitMix64).
    fn fails(&mut self, per_mille: impl FnOnce(&MemoryFaults) -> u16) -> bool {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 1000 < u64::from(per_mille(&self.faults))
    }
}

fn lost_if(fails: bool) -> Result<(), StoreError> {
    if fails { Err(StoreError::timed_out()) } else { Ok(()) }
}

/// Writes the log in memory.
pub(super) struct MemoryWriter {
    log: MemoryLog,
    dice: FaultDice,
}

impl MemoryWriter {
    pub(super) fn begin(&mut self) -> Result<MemoryTx<'_>, StoreError> {
        lost_if(self.dice.fails(|faults| faults.begin_fails))?;
        Ok(MemoryTx { writer: self, began_at: 0 })
    }

    pub(super) fn find_batch(&mut self, batch_no: u64) -> Result<Option<Hash>, StoreError> {
        lost_if(self.dice.fails(|faults| faults.settle_fails))?;
        let found = self.log.batches(batch_no - 1, 1);
        Ok(found.first().map(|batch| batch.hash))
    }
}

/// A transaction on the log in memory. It has no lock: its commit fails when another one came in
/// between, as a serializable transaction's would.
pub(super) struct MemoryTx<'w> {
    writer: &'w mut MemoryWriter,
    began_at: u64,
}

impl MemoryTx<'_> {
    pub(super) fn read(&mut self, requests: &[Prepared]) -> Known {
        let contents = self.writer.log.lock();
        self.began_at = contents.head.batch_no;
        let mut known =
            Known { head: contents.head, streams: HashMap::new(), keys: HashMap::new() };
        for (workspace, stream) in super::plan::wanted_streams(requests) {
            let key = (workspace.clone(), stream.clone());
            if let Some((stream, _)) = contents.streams.get(&key) {
                known.streams.insert(key, *stream);
            }
        }
        for prepared in requests {
            let request = &prepared.request;
            let Some(key) = &request.key else { continue };
            let key = (request.workspace.clone(), key.actor.clone(), key.key.clone());
            if let Some(stored) = contents.keys.get(&key) {
                known.keys.insert(key, stored.clone());
            }
        }
        known
    }

    pub(super) fn write(&mut self) -> Result<(), StoreError> {
        lost_if(self.writer.dice.fails(|faults| faults.write_fails))
    }

    pub(super) fn commit(self, plan: &Plan<'_>) -> Result<(), StoreError> {
        lost_if(self.writer.dice.fails(|faults| faults.commit_fails))?;
        let mut contents = self.writer.log.lock();
        if contents.head.batch_no != self.began_at {
            return Err(StoreError::NotCommitted);
        }
        contents.apply(plan);
        drop(contents);
        lost_if(self.writer.dice.fails(|faults| faults.commit_then_error))
    }
}
