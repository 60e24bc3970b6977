//! Going through a log from its first event: each must stand where it says, be what its leaf says,
//! and follow the one before in its stream.

use crate::hash::{Hash, leaf_hash};
use crate::line::{Entry, Line};
use crate::planted::is_planted;
use crate::span::Frontier;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What is wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is not the one that follows.
    #[error("the event that should be here is missing: the one of position {found} stands here")]
    Position {
        /// Which one it says that it is.
        found: u64,
    },
    /// Its hash does not fit what it holds.
    #[error("the event was changed: its hash does not fit what it holds")]
    Changed,
    /// It does not follow the one before in its stream.
    #[error("its version is {found}, but {expected} must follow in its stream")]
    Version {
        /// What must follow.
        expected: u64,
        /// What is there.
        found: u64,
    },
}

/// Names a stream: as much of a hash as makes it unique.
type StreamName = [u8; 16];

/// A log as far as it was gone through.
#[derive(Debug, Default)]
pub struct Walk {
    tree: Frontier,
    streams: BTreeMap<StreamName, u64>,
    hidden: u64,
}

impl Walk {
    /// How many events were gone through.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// How many of them could not be read, but for their leaves.
    pub fn hidden(&self) -> u64 {
        self.hidden
    }

    /// The root of the tree over them.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Takes the next line in.
    pub fn take_line(&mut self, line: &Line<'_>) -> Result<(), Damage> {
        if let Some(entry) = line.entry() {
            return self.take(&entry, &line.hash());
        }
        self.take_hidden(line.position(), line.hash())
    }

    /// Takes the leaf of the next event in, which itself cannot be read.
    pub fn take_hidden(&mut self, position: u64, hash: Hash) -> Result<(), Damage> {
        self.check_position(position)?;
        self.hidden += 1;
        self.tree.push(hash);
        Ok(())
    }

    /// Takes the next event in; `hash` is what is said to be its leaf hash.
    pub fn take(&mut self, entry: &Entry<'_>, hash: &Hash) -> Result<(), Damage> {
        self.check_position(entry.position)?;
        let leaf = leaf_hash(&entry.leaf);
        if leaf != *hash {
            return Err(Damage::Changed);
        }
        let name = name_of(entry.leaf.workspace, entry.leaf.stream);
        let version = self.streams.entry(name).or_default();
        let expected = *version + 1;
        if entry.version != expected {
            return Err(Damage::Version { expected, found: entry.version });
        }
        *version = expected;
        self.tree.push(leaf);
        Ok(())
    }

    fn check_position(&self, found: u64) -> Result<(), Damage> {
        if found == self.size() + 1 || is_planted("export_position_unchecked") {
            return Ok(());
        }
        Err(Damage::Position { found })
    }
}

fn name_of(workspace: &str, stream: &str) -> StreamName {
    let mut hasher = Sha256::new();
    hasher.update(workspace.as_bytes());
    hasher.update([0]);
    hasher.update(stream.as_bytes());
    let hash: Hash = hasher.finalize().into();
    let mut name = StreamName::default();
    name.copy_from_slice(&hash[..16]);
    name
}
