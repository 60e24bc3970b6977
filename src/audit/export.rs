//! The lines of an export beside its events: checkpoints, and proofs that they belong together.

use crate::hash::{BadHash, Hash, from_hex, to_hex};
use crate::line::BadLine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// How many events it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// A proof that the tree of one checkpoint begins with that of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyLine {
    /// The size of the earlier one.
    pub from: u64,
    /// The size of the later one.
    pub to: u64,
    /// The hashes of the proof, in hexadecimal digits.
    pub path: Vec<String>,
}

impl ConsistencyLine {
    /// A proof as a line.
    pub fn new(from: u64, to: u64, path: &[Hash]) -> Self {
        Self { from, to, path: path.iter().map(|hash| to_hex(hash)).collect() }
    }

    /// The hashes of the proof.
    pub fn hashes(&self) -> Result<Vec<Hash>, BadHash> {
        self.path.iter().map(|text| from_hex(text)).collect()
    }
}

/// The one way to write something as JSON, without the end of a line.
pub fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("what an export has is written to memory")
}

/// Reads what was written that way, and nothing else.
pub fn read_line<T: Serialize + DeserializeOwned>(line: &[u8]) -> Result<T, BadLine> {
    let value = serde_json::from_slice(line).map_err(|_| BadLine)?;
    if canonical(&value) == line { Ok(value) } else { Err(BadLine) }
}
