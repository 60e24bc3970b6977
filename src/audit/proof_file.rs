//! A proof in a file: an event with the way from its leaf to a signed checkpoint, so that the event
//! can be shown to somebody who has nothing but the public key.

use crate::hash::{BadHash, Hash, from_hex, to_hex};
use crate::key::Verifier;
use crate::line::{BadLine, Line};
use crate::note::{BadNote, Checkpoint};
use crate::proof::{BadProof, verify_inclusion};
use crate::walk::Damage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What the form is called.
pub const PROOF_FORMAT: &str = "planexe-ax-proof/1";

/// An event with the proof that it is in the log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// Which form it has.
    pub format: String,
    /// The event, as the line of an export.
    pub event: Box<RawValue>,
    /// The hashes beside the way from the leaf to the root, in hexadecimal digits.
    pub path: Vec<String>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// Why a proof in a file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum BadProofFile {
    /// It has another form.
    #[error("this is no proof as ax audit prove writes it, or one of a newer program: {0}")]
    Form(String),
    /// The event is not as a line of an export.
    #[error("the event in the proof: {0}")]
    Line(#[from] BadLine),
    /// The event is not what its hash says.
    #[error("position {position}: {damage}")]
    Damage {
        /// Its place.
        position: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// A hash is none.
    #[error(transparent)]
    Hash(#[from] BadHash),
    /// The checkpoint is not signed as it should be.
    #[error("the checkpoint in the proof: {0}")]
    Note(#[from] BadNote),
    /// The way leads elsewhere.
    #[error(transparent)]
    Proof(#[from] BadProof),
}

impl ProofFile {
    /// A proof of the event in a line.
    pub fn new(line: Box<RawValue>, path: &[Hash], note: String) -> Self {
        let path = path.iter().map(|hash| to_hex(hash)).collect();
        Self { format: PROOF_FORMAT.to_owned(), event: line, path, checkpoint: note }
    }

    /// Reads a proof.
    pub fn read(bytes: &[u8]) -> Result<Self, BadProofFile> {
        let form = |why: String| BadProofFile::Form(why);
        let read: Self = serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))?;
        if read.format == PROOF_FORMAT { Ok(read) } else { Err(form(read.format)) }
    }

    /// Verifies it with a public key; answers the position of the event, and the checkpoint.
    pub fn verify(&self, key: &Verifier) -> Result<(u64, Checkpoint), BadProofFile> {
        let mut again = Vec::new();
        let line = Line::read(self.event.get().as_bytes(), &mut again)?;
        let (position, leaf) = (line.position(), line.hash());
        if line.entry().is_some_and(|entry| crate::hash::leaf_hash(&entry.leaf) != leaf) {
            return Err(BadProofFile::Damage { position, damage: Damage::Changed });
        }
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let path = self.path.iter().map(|text| from_hex(text)).collect::<Result<Vec<_>, _>>()?;
        let index = position.checked_sub(1).ok_or(BadProof::Length)?;
        verify_inclusion(&leaf, index, checkpoint.size, &path, &checkpoint.root)?;
        Ok((position, checkpoint))
    }
}
