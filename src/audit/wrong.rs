//! Where an export is wrong, and how.

use crate::key::BadKey;
use crate::line::BadLine;
use crate::note::BadNote;
use crate::proof::BadProof;
use crate::walk::Damage;
use std::{fmt, io};

/// Where an export is wrong, and how.
#[derive(Debug, thiserror::Error)]
pub struct Wrong {
    /// In which file.
    pub file: String,
    /// At which position of the log, where it is about one.
    pub position: Option<u64>,
    /// What is wrong.
    #[source]
    pub kind: WrongKind,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}, position {position}: {}", self.file, self.kind),
            None => write!(f, "{}: {}", self.file, self.kind),
        }
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum WrongKind {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// The manifest is none.
    #[error("it is not a manifest as an export has it: it was changed, or is of a newer program")]
    Manifest,
    /// The manifest names other files than such an export has.
    #[error("it does not name the files that an export of this size has")]
    Files,
    /// A line is none of an export.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// The file ends too early.
    #[error("the file ends before this event: it was cut off")]
    CutOff,
    /// The file goes on where it should end.
    #[error("the file goes on where it should end: lines were added")]
    Longer,
    /// An event is wrong.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The file is not the one that the manifest names.
    #[error("the file has not the size and the hash that the manifest says: it was changed")]
    FileHash,
    /// The key is none.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The export is by another key.
    #[error("the export is signed with the key {found}, which is not the one that you trust")]
    OtherKey {
        /// Which one.
        found: String,
    },
    /// A checkpoint is not signed as it should be.
    #[error(transparent)]
    Note(#[from] BadNote),
    /// A checkpoint is out of order, or says another size than it has.
    #[error("the checkpoints do not stand in the order of their sizes")]
    CheckpointOrder,
    /// A checkpoint was signed over other events.
    #[error("the checkpoint at {size} was signed over other events than these")]
    OtherEvents {
        /// Its size.
        size: u64,
    },
    /// The last checkpoint is not about the whole export.
    #[error("the export covers {size} events, but its last checkpoint covers {covered}")]
    Uncovered {
        /// How many events there are.
        size: u64,
        /// How many are covered.
        covered: u64,
    },
    /// A proof proves nothing.
    #[error(transparent)]
    Proof(#[from] BadProof),
    /// A proof is not the one that should be there.
    #[error("the proof from {from} to {to} is missing here")]
    OtherProof {
        /// From which size.
        from: u64,
        /// To which size.
        to: u64,
    },
    /// A CloudEvent is not its event.
    #[error("the CloudEvent here is not the event of this position")]
    OtherCloudEvent,
    /// A checkpoint that was kept elsewhere is of another log.
    #[error("the checkpoint that you kept is of the log {found:?}: this is another one")]
    OtherLog {
        /// Which one.
        found: String,
    },
    /// The export ends before a checkpoint that was kept elsewhere.
    #[error(
        "the log went backwards: it ends at {size}, but you kept a checkpoint of it at {known}"
    )]
    Backwards {
        /// Where it ends.
        size: u64,
        /// The size of the one that was kept.
        known: u64,
    },
}

impl WrongKind {
    pub(crate) fn in_file(self, file: &str) -> Wrong {
        Wrong { file: file.to_owned(), position: None, kind: self }
    }

    pub(crate) fn at(self, file: &str, position: u64) -> Wrong {
        Wrong { file: file.to_owned(), position: Some(position), kind: self }
    }
}
