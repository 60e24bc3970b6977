//! What can go wrong when a backup is taken or restored.

use crate::audit::MissingTile;
use crate::sealer::SealerError;
use crate::store::keep::TargetError;
use crate::store::{OpenError, StoreError, VerifyError};
use std::io;
use std::path::{Path, PathBuf};

/// Why no backup was taken, or none restored.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is in the database that is to be restored into, or it cannot be opened.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There is no log in the database.
    #[error("there is no log in this database: name the one that a server used, with --database")]
    NoLog,
    /// A file or a folder cannot be read or written.
    #[error("{} cannot be {deed}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Read or written.
        deed: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The backup would take the place of something.
    #[error("{} is there already: a backup replaces nothing, name a new folder", .0.display())]
    IsThere(PathBuf),
    /// There is no backup.
    #[error(
        "{} holds no backup: it has no manifest.json (a folder that ends in .part is of a backup \
         that was broken off: remove it)", .0.display()
    )]
    NotABackup(PathBuf),
    /// A newer program took the backup.
    #[error(
        "the backup is newer than this program: ax {program} took it, it has {found}, and this \
         program knows {known}: install the newer program"
    )]
    Newer {
        /// Which program took it.
        program: String,
        /// What it has.
        found: String,
        /// What is known here.
        known: String,
    },
    /// A file of the backup is not what it must be.
    #[error("{}: {what}", place(file, *line))]
    Wrong {
        /// The file.
        file: String,
        /// Its line, where it is one.
        line: Option<u64>,
        /// What is wrong with it.
        what: String,
    },
    /// What is in the database is not what was once committed.
    #[error("the log does not verify: {0}")]
    Verify(#[from] VerifyError),
    /// The tree over the log could not be grown.
    #[error(transparent)]
    Tree(#[from] SealerError),
    /// The tree over the log has not what it should have.
    #[error(transparent)]
    Tile(#[from] MissingTile),
}

impl KeepingError {
    /// The error for what cannot be read.
    pub(super) fn unread(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), deed: "read", source }
    }

    /// The error for what cannot be written.
    pub(super) fn unwritten(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), deed: "written", source }
    }

    /// The error for a file that is not what it must be.
    pub(super) fn wrong(file: &str, what: impl Into<String>) -> Self {
        Self::Wrong { file: file.to_owned(), line: None, what: what.into() }
    }
}

fn place(file: &str, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("{file}, line {line}"),
        None => file.to_owned(),
    }
}
