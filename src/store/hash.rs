//! The hashes of the log: a leaf for each event, taken before any lock, and a chain of batches.

use super::types::{Hash, NewEvent, RecordedEvent, Version};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How many bytes of a leaf are kept with its batch.
pub(super) const LEAF_PREFIX_BYTES: usize = 8;

const LEAF: [u8; 1] = [0x00];
const BATCH: [u8; 1] = [0x02];

struct Header<'a> {
    workspace: &'a WorkspaceId,
    stream: &'a StreamName,
    event_id: Uuid,
    kind: &'a str,
    schema_version: u16,
    recorded_at: Timestamp,
}

/// The leaf of an event that is to be stored.
pub(super) fn leaf_of_new(workspace: &WorkspaceId, stream: &StreamName, event: &NewEvent) -> Hash {
    let header = Header {
        workspace,
        stream,
        event_id: event.event_id,
        kind: &event.kind,
        schema_version: event.schema_version,
        recorded_at: event.recorded_at,
    };
    leaf(&header, &event.payload, &event.metadata)
}

/// The leaf that a stored event should have.
pub(super) fn leaf_of_recorded(event: &RecordedEvent) -> Hash {
    let header = Header {
        workspace: &event.workspace,
        stream: &event.stream,
        event_id: event.event_id,
        kind: &event.kind,
        schema_version: event.schema_version,
        recorded_at: event.recorded_at,
    };
    leaf(&header, &event.payload, &event.metadata)
}

fn leaf(header: &Header<'_>, payload: &[u8], metadata: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(LEAF);
    sized(&mut hasher, header.workspace.as_str().as_bytes());
    sized(&mut hasher, header.stream.as_str().as_bytes());
    hasher.update(header.event_id.as_bytes());
    sized(&mut hasher, header.kind.as_bytes());
    hasher.update(header.schema_version.to_be_bytes());
    hasher.update(header.recorded_at.unix_ms().to_be_bytes());
    hasher.update(Sha256::digest(payload));
    hasher.update(Sha256::digest(metadata));
    hasher.finalize().into()
}

fn sized(hasher: &mut Sha256, field: &[u8]) {
    let length = u64::try_from(field.len()).expect("a length fits 64 bits");
    hasher.update(length.to_be_bytes());
    hasher.update(field);
}

/// The hash of a batch while its events are counted in.
pub(super) struct BatchHasher(Sha256);

impl BatchHasher {
    /// Starts the hash of the batch that follows `previous` in this log.
    pub(super) fn new(log_id: Uuid, previous: &Hash, batch_no: u64, first_position: u64) -> Self {
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
    pub(super) fn add(&mut self, version: Version, leaf: &Hash) {
        self.0.update(version.get().to_be_bytes());
        self.0.update(leaf);
    }

    /// The hash of the batch.
    pub(super) fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
