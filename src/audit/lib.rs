//! The proofs: a Merkle tree over the log (RFC 6962), checkpoints of it that are signed as C2SP
//! notes, exports, and their check. It knows neither a server nor a database, so that whoever
//! verifies needs nothing but the files and the public key.

mod check;
mod checkpoints;
mod cloud_line;
mod export;
mod hash;
mod key;
mod line;
mod lines;
mod manifest;
mod note;
mod planted;
mod proof;
mod proof_file;
mod scan;
mod span;
mod tile;
mod walk;
mod wrong;

pub use check::{Inspected, Known, inspect};
pub use cloud_line::write_cloud_line;
pub use export::{CheckpointLine, ConsistencyLine, canonical, read_line};
pub use hash::{BadHash, Hash, LEAF_TREE_EMPTY, Leaf, from_hex, hash_of_pair, leaf_hash, to_hex};
pub use key::{BadKey, Signer, Verifier, seed_of, seed_text};
pub use line::{BadLine, Entry, Line, Place, write_line};
pub use manifest::{
    CHECKPOINTS_FILE, EventsFormat, ExportFile, FORMAT, KEY_FILE, MANIFEST_FILE, Manifest,
    PROOFS_FILE, SEGMENT_EVENTS, cloud_segment_name, segment_name,
};
pub use note::{BadNote, Checkpoint, ORIGIN_PREFIX, origin_of};
pub use proof::{
    BadProof, consistency_spans, inclusion_spans, verify_consistency, verify_inclusion,
};
pub use proof_file::{BadProofFile, PROOF_FORMAT, ProofFile};
pub use span::{Frontier, Node, Span, fold};
pub use tile::{Edge, MissingTile, TILE_HASHES, Tile, TileKey, Tiles};
pub use walk::{Damage, Walk};
pub use wrong::{Wrong, WrongKind};
