//! Walking the log to prove that nothing in it was changed, removed, inserted or reordered, and
//! that what is kept beside it fits.

use super::Store;
use super::error::StoreError;
use super::hash::{BatchHasher, LEAF_PREFIX_BYTES, leaf_of_recorded};
use super::plan::StreamKey;
use super::types::{Batch, Hash, Head, Position, RecordedEvent, Version};
use super::verify_beside::{self, Counted};
use std::collections::HashMap;

/// How many batches and events are read at once.
const PAGE_ROWS: usize = 1000;

/// A log in which everything is as it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The end that was reached.
    pub head: Head,
    /// How many events there are.
    pub events: u64,
    /// How many batches there are.
    pub batches: u64,
}

/// What is wrong at a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No event is there, or its stream is gone.
    #[error("the event is missing")]
    Missing,
    /// An event is there that no batch committed.
    #[error("the event was never committed")]
    Inserted,
    /// Its hash does not fit what it holds.
    #[error("the event was changed")]
    Changed,
    /// Another event was committed there.
    #[error("another event was committed here: it was replaced or moved")]
    Replaced,
    /// Its version does not follow the one before in its stream.
    #[error("the version is {found}, but {expected} must follow in its stream")]
    Version {
        /// What must follow.
        expected: Version,
        /// What is there.
        found: Version,
    },
    /// The batch that begins there does not follow the one before.
    #[error("the batch that begins here does not follow the one before")]
    Chain,
    /// The batch that begins there is gone.
    #[error("the record of the batch that begins here is missing")]
    BatchMissing,
    /// The head of the log does not fit its last batch.
    #[error("the head of the log is not where its last batch ends")]
    Head,
    /// The row of the stream that begins there names another version than that of its last event.
    #[error("its stream is noted at version {noted}, but its events end at {found}")]
    Stream {
        /// What the row of the stream says.
        noted: Version,
        /// Where its events end; 0 when it has none.
        found: Version,
    },
    /// The row of a stream says that it begins there.
    #[error("a stream is noted to begin here, but its first event is at {found}")]
    StreamStart {
        /// Where it begins.
        found: Position,
    },
    /// The log does not hold what was known of it.
    #[error("the log is not the one that was known up to here")]
    Anchor,
    /// A row cannot even be read.
    #[error("the row cannot be read: {0}")]
    Unreadable(String),
}

/// Why a log could not be verified.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    /// Something is wrong; this is the first place.
    #[error("position {position}: {damage}")]
    Damaged {
        /// The first bad position.
        position: Position,
        /// What is wrong there.
        damage: Damage,
    },
    /// The answer that is kept for a key does not fit the events.
    #[error("key {key} of {actor} in workspace {workspace}: {what}")]
    Answer {
        /// The workspace of the request.
        workspace: String,
        /// Who asked.
        actor: String,
        /// The key of the request.
        key: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Walks the whole log of a store. `anchor` is a head that was seen earlier and kept elsewhere: it
/// proves that the end was not cut off together with its records.
pub(super) async fn verify(store: &Store, anchor: Option<&Head>) -> Result<Verified, VerifyError> {
    let head = store.head().await?;
    let mut walk = Walk::new(head, anchor.copied());
    while walk.batch_no < head.batch_no {
        let page = store.batches(walk.batch_no, PAGE_ROWS).await?;
        let page: Vec<Batch> =
            page.into_iter().filter(|batch| batch.batch_no <= head.batch_no).collect();
        if page.is_empty() {
            return Err(walk.damaged(Damage::BatchMissing));
        }
        for batch in page {
            walk.begin_batch(&batch)?;
            let events = read_batch(store, &batch).await?;
            walk.take_batch(&batch, &events)?;
        }
    }
    if let Some(stray) = store.first_after(head.position).await?
        && stray.position > store.head().await?.position
    {
        return Err(damaged(stray.position, Damage::Inserted));
    }
    let (verified, streams) = walk.finish()?;
    verify_beside::check_streams(store, &streams, verified.head.position).await?;
    verify_beside::check_keys(store).await?;
    Ok(verified)
}

/// The events of a batch; a row that cannot be read is looked for one by one.
async fn read_batch(store: &Store, batch: &Batch) -> Result<Vec<RecordedEvent>, VerifyError> {
    let (first, last) = (batch.first_position.get(), batch.last_position.get());
    let error = match store.read_positions((first - 1).into(), last.into()).await {
        Ok(events) => return Ok(events),
        Err(error @ StoreError::Damaged(_)) => error,
        Err(error) => return Err(error.into()),
    };
    for position in first..=last {
        let read = store.read_positions((position - 1).into(), position.into()).await;
        if let Err(StoreError::Damaged(what)) = read {
            return Err(damaged(position.into(), Damage::Unreadable(what)));
        }
    }
    Err(error.into())
}

/// The error for this place.
pub(super) fn damaged(position: Position, damage: Damage) -> VerifyError {
    VerifyError::Damaged { position, damage }
}

struct Walk {
    head: Head,
    anchor: Option<Head>,
    position: Position,
    batch_no: u64,
    batch_hash: Hash,
    streams: HashMap<StreamKey, Counted>,
}

impl Walk {
    fn new(head: Head, anchor: Option<Head>) -> Self {
        Self {
            head,
            anchor,
            position: Position::ZERO,
            batch_no: 0,
            batch_hash: [0; 32],
            streams: HashMap::new(),
        }
    }

    fn damaged(&self, damage: Damage) -> VerifyError {
        damaged(self.position.next(), damage)
    }

    fn begin_batch(&self, batch: &Batch) -> Result<(), VerifyError> {
        if batch.batch_no != self.batch_no + 1 {
            return Err(self.damaged(Damage::BatchMissing));
        }
        let count = batch.last_position.get().checked_sub(self.position.get());
        let prefixes = batch.leaf_prefixes.len() / LEAF_PREFIX_BYTES;
        let fits = count.is_some_and(|count| usize::try_from(count) == Ok(prefixes));
        if batch.first_position != self.position.next() || !fits {
            return Err(self.damaged(Damage::Chain));
        }
        Ok(())
    }

    fn take_batch(&mut self, batch: &Batch, events: &[RecordedEvent]) -> Result<(), VerifyError> {
        let (log_id, first) = (self.head.log_id, batch.first_position);
        let mut hasher = BatchHasher::new(log_id, &self.batch_hash, batch.batch_no, first.get());
        let mut events = events.iter();
        for prefix in batch.leaf_prefixes.chunks_exact(LEAF_PREFIX_BYTES) {
            let event = events.next().filter(|event| event.position == self.position.next());
            let event = event.ok_or_else(|| self.damaged(Damage::Missing))?;
            self.take_event(event, prefix)?;
            hasher.add(event.version, &event.leaf_hash);
        }
        self.batch_no = batch.batch_no;
        self.batch_hash = hasher.finish();
        if self.batch_hash != batch.hash {
            return Err(damaged(first, Damage::Chain));
        }
        self.check_anchor(first)
    }

    fn take_event(&mut self, event: &RecordedEvent, prefix: &[u8]) -> Result<(), VerifyError> {
        let leaf = leaf_of_recorded(event);
        if !leaf.starts_with(prefix) && leaf == event.leaf_hash {
            return Err(self.damaged(Damage::Replaced));
        }
        if leaf != event.leaf_hash {
            return Err(self.damaged(Damage::Changed));
        }
        let key = (event.workspace.clone(), event.stream.clone());
        let fresh = Counted { first: event.position, version: Version::ZERO };
        let counted = self.streams.entry(key).or_insert(fresh);
        let (expected, found) = (counted.version.next(), event.version);
        if expected != found {
            return Err(self.damaged(Damage::Version { expected, found }));
        }
        counted.version = found;
        self.position = event.position;
        Ok(())
    }

    fn check_anchor(&self, first: Position) -> Result<(), VerifyError> {
        let Some(anchor) = self.anchor.filter(|anchor| anchor.batch_no == self.batch_no) else {
            return Ok(());
        };
        let is_known = anchor.batch_hash == self.batch_hash && anchor.position == self.position;
        if is_known { Ok(()) } else { Err(damaged(first, Damage::Anchor)) }
    }

    fn finish(self) -> Result<(Verified, HashMap<StreamKey, Counted>), VerifyError> {
        if self.head.position != self.position || self.head.batch_hash != self.batch_hash {
            return Err(self.damaged(Damage::Head));
        }
        if self.anchor.is_some_and(|anchor| anchor.batch_no > self.batch_no) {
            return Err(self.damaged(Damage::Anchor));
        }
        let (events, batches) = (self.position.get(), self.batch_no);
        Ok((Verified { head: self.head, events, batches }, self.streams))
    }
}
