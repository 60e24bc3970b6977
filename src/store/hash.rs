//! The hashes of the log: a leaf for each event, taken before any lock, and a chain of batches.

use super::types::{Hash, NewEvent, RecordedEvent, Version};
use crate::audit::{Leaf, leaf_hash};
use crate::domain::{StreamName, WorkspaceId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How many bytes of a leaf are kept with its batch.
pub(crate) const LEAF_PREFIX_BYTES: usize = 8;

const BATCH: [u8; 1] = [0x02];

/// The leaf of an event that is to be stored.
pub(super) fn leaf_of_new(workspace: &WorkspaceId, stream: &StreamName, event: &NewEvent) -> Hash {
    leaf_hash(&Leaf {
        workspace: workspace.as_str(),
        stream: stream.as_str(),
        event_id: event.event_id,
        kind: &event.kind,
        schema_version: event.schema_version,
        recorded_at_ms: event.recorded_at.unix_ms(),
        payload: &event.payload,
        metadata: &event.metadata,
    })
}

/// The leaf that a stored event should have.
pub(super) fn leaf_of_recorded(event: &RecordedEvent) -> Hash {
    leaf_hash(&event.audited().leaf)
}

/// The hash of a batch while its events are counted in.
pub(crate) struct BatchHasher(Sha256);

impl BatchHasher {
    /// Starts the hash of the batch that follows `previous` in this log.
    pub(crate) fn new(log_id: Uuid, previous: &Hash, batch_no: u64, first_position: u64) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(BATCH);
        hasher.update(log_id.as_bytes());
        if !crate::planted::is_planted("hash_without_previous") {
            hasher.update(previous);
        }
        hasher.update(batch_no.to_be_bytes());
        hasher.update(first_position.to_be_bytes());
        Self(hasher)
    }

    /// Counts the next event in.
    pub(crate) fn add(&mut self, version: Version, leaf: &Hash) {
        self.0.update(version.get().to_be_bytes());
        self.0.update(leaf);
    }

    /// The hash of the batch.
    pub(crate) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
