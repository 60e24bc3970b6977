//! The name of the fold, which tells whether a snapshot is of use.

use crate::domain::Event;
use sha2::{Digest, Sha256};

/// Raised by hand whenever the same events fold to another state: snapshots of the old fold are
/// of no use then.
const FOLD_VERSION: u32 = 1;

/// Names the fold: the shapes of all events, and [`FOLD_VERSION`].
pub fn fold_fingerprint() -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(FOLD_VERSION.to_be_bytes());
    hash.update(env!("CARGO_PKG_VERSION"));
    for entry in Event::catalogue() {
        hash.update(entry.kind);
        hash.update(entry.schema_version.to_be_bytes());
        for field in entry.fields {
            hash.update(field.name);
            hash.update(field.type_name);
        }
    }
    let digest = hash.finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}
