//! Checkpoints: how large the tree is and what its root is, signed, in the form of C2SP's
//! checkpoints and signed notes, so that tools that others wrote can read and keep them.

use crate::hash::Hash;
use crate::key::{Signer, Verifier};
use crate::planted::is_planted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the name of a log begins with; its id follows.
pub const ORIGIN_PREFIX: &str = "planexe-ax/log/";
/// How large a note may be.
const NOTE_BYTES_MAX: usize = 16_384;
/// What a line with a signature begins with.
const SIGNATURE: &str = "— ";

/// The name of a log in its checkpoints, and of its key.
pub fn origin_of(log_id: &str) -> String {
    format!("{ORIGIN_PREFIX}{log_id}")
}

/// The tree at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a checkpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// It has not the form of a signed note.
    #[error("this is no signed checkpoint: {0}")]
    Form(&'static str),
    /// No signature is by the key.
    #[error("it is not signed by {name} with key {id}: it is another log's, or by another key")]
    OtherKey {
        /// The name of the key.
        name: String,
        /// Its id.
        id: String,
    },
    /// The signature is not over this text.
    #[error("its signature does not fit its text: it was changed")]
    Signature,
    /// It is of another log.
    #[error("it is of the log {found:?}, not of {wanted:?}")]
    OtherLog {
        /// Which one.
        found: String,
        /// Which one it should be.
        wanted: String,
    },
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed note.
    pub fn signed(&self, signer: &Signer) -> String {
        let text = self.text();
        let mut bytes = signer.verifier().id().to_vec();
        bytes.extend(signer.sign(text.as_bytes()));
        let name = signer.verifier().name();
        format!("{text}\n{SIGNATURE}{name} {}\n", STANDARD.encode(bytes))
    }

    /// The checkpoint in a note, when it is signed by the key and of the key's log.
    pub fn open(note: &str, key: &Verifier) -> Result<Self, BadNote> {
        let (text, signatures) = divided(note)?;
        let mut of_key = None;
        for line in signatures.lines() {
            let (name, bytes) = signature(line)?;
            if name == key.name() && bytes.starts_with(&key.id()) {
                of_key = Some(bytes);
            }
        }
        let other = || BadNote::OtherKey {
            name: key.name().to_owned(),
            id: crate::hash::to_hex(&key.id()),
        };
        let bytes = of_key.ok_or_else(other)?;
        let signature = bytes.get(key.id().len()..).unwrap_or_default();
        let is_signed = key.verifies(text.as_bytes(), signature);
        if !is_signed && !is_planted("note_signature_unchecked") {
            return Err(BadNote::Signature);
        }
        let checkpoint = Self::of_text(text)?;
        if checkpoint.origin != key.name() {
            let wanted = key.name().to_owned();
            return Err(BadNote::OtherLog { found: checkpoint.origin, wanted });
        }
        Ok(checkpoint)
    }

    /// What a note says, whoever signed it.
    pub fn unverified(note: &str) -> Result<Self, BadNote> {
        Self::of_text(divided(note)?.0)
    }

    fn of_text(text: &str) -> Result<Self, BadNote> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|line| !line.is_empty());
        let origin = origin.ok_or(BadNote::Form("it names no log"))?.to_owned();
        let written = lines.next().unwrap_or_default();
        let size = written.parse::<u64>().ok().filter(|size| size.to_string() == written);
        let size = size.ok_or(BadNote::Form("its second line is no size"))?;
        let root = lines.next().and_then(|line| STANDARD.decode(line).ok());
        let root = root.and_then(|bytes| bytes.try_into().ok());
        let root = root.ok_or(BadNote::Form("its third line is no hash in base64"))?;
        if lines.any(str::is_empty) {
            return Err(BadNote::Form("it has an empty line where more may be said"));
        }
        Ok(Self { origin, size, root })
    }
}

/// The text that was signed, and the lines with signatures.
fn divided(note: &str) -> Result<(&str, &str), BadNote> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(BadNote::Form("it is too long"));
    }
    if note.chars().any(|it| it.is_control() && it != '\n') {
        return Err(BadNote::Form("it holds characters that no note holds"));
    }
    let at = note.rfind("\n\n").ok_or(BadNote::Form("no empty line stands before a signature"))?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    if signatures.is_empty() || !signatures.ends_with('\n') {
        return Err(BadNote::Form("it ends in the middle of its signatures"));
    }
    Ok((text, signatures))
}

/// The name in a line with a signature, and what it holds: the key's id, and the signature.
fn signature(line: &str) -> Result<(&str, Vec<u8>), BadNote> {
    let wrong = BadNote::Form("a line after the empty one is no signature");
    let rest = line.strip_prefix(SIGNATURE).ok_or(wrong.clone())?;
    let (name, bytes) = rest.split_once(' ').ok_or(wrong.clone())?;
    let bytes = STANDARD.decode(bytes).map_err(|_| wrong.clone())?;
    if name.is_empty() || bytes.len() <= 4 { Err(wrong) } else { Ok((name, bytes)) }
}
