//! SHA-256 as the log and its tree use it: the leaf of an event, and the hash of two subtrees.

use crate::planted::is_planted;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root of a tree without leaves: the hash of nothing.
pub const LEAF_TREE_EMPTY: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What a leaf begins with, and what the hash of two subtrees does: neither can pass for the other.
const LEAF: [u8; 1] = [0x00];
const PAIR: [u8; 1] = [0x01];

/// What the leaf of an event is made of. Its place in the log is the leaf's place in the tree, and
/// its place in its stream follows from the events before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// The workspace of its stream.
    pub workspace: &'a str,
    /// The stream that it belongs to.
    pub stream: &'a str,
    /// Names the event for ever.
    pub event_id: Uuid,
    /// What happened.
    pub kind: &'a str,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// When it was decided, in milliseconds since 1970.
    pub recorded_at_ms: i64,
    /// The event itself, as it is stored.
    pub payload: &'a [u8],
    /// Who, why, and after what, as it is stored.
    pub metadata: &'a [u8],
}

/// The leaf hash of an event.
pub fn leaf_hash(leaf: &Leaf<'_>) -> Hash {
    let mut hasher = Sha256::new();
    if !is_planted("leaf_prefix_missing") {
        hasher.update(LEAF);
    }
    sized(&mut hasher, leaf.workspace.as_bytes());
    sized(&mut hasher, leaf.stream.as_bytes());
    hasher.update(leaf.event_id.as_bytes());
    sized(&mut hasher, leaf.kind.as_bytes());
    hasher.update(leaf.schema_version.to_be_bytes());
    hasher.update(leaf.recorded_at_ms.to_be_bytes());
    hasher.update(Sha256::digest(leaf.payload));
    hasher.update(Sha256::digest(leaf.metadata));
    hasher.finalize().into()
}

fn sized(hasher: &mut Sha256, field: &[u8]) {
    let length = u64::try_from(field.len()).expect("a length fits 64 bits");
    hasher.update(length.to_be_bytes());
    hasher.update(field);
}

/// The hash of two subtrees, the left one first.
pub fn hash_of_pair(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(PAIR);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// A hash, or other bytes, in hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text grows");
        text
    })
}

/// A text is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits in lower case")]
pub struct BadHash;

/// The hash that 64 hexadecimal digits in lower case stand for.
pub fn from_hex(text: &str) -> Result<Hash, BadHash> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != hash.len() * 2 {
        return Err(BadHash);
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(hash)
}

fn digit(byte: u8) -> Result<u8, BadHash> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(BadHash),
    }
}
