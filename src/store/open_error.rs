//! Why the archive cannot be opened: one sentence each, that says what to do.

use super::error::StoreError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the archive cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is of no known kind, or no address.
    #[error(
        "the address of the database cannot be read: write postgres://user:password@host:port/name \
         or sqlite:path"
    )]
    BadAddress,
    /// The server refused the user or the password.
    #[error("the database refused the login: check the user and the password in its address")]
    WrongPassword,
    /// The server has no such database.
    #[error("there is no such database on this server: create it, or correct its address")]
    NoSuchDatabase,
    /// The server takes no more connections.
    #[error(
        "the database takes no more connections: end other programs, or raise max_connections \
         (this program needs up to 12)"
    )]
    NoConnectionLeft,
    /// Another process holds what is needed.
    #[error("another process holds a lock on the database: end it, or wait until it is done")]
    Locked,
    /// Nothing answers there.
    #[error("the database cannot be reached: check its address and that it is running")]
    Unreachable {
        /// What the driver said; none when it said nothing in time.
        #[source]
        source: Option<Arc<sqlx::Error>>,
    },
    /// A newer program has been here.
    #[error(
        "the database is newer than this program (migration {found}, known is {known}): \
         install the newer program"
    )]
    NewerDatabase {
        /// The highest migration of the database.
        found: i64,
        /// The highest migration that this program has.
        known: i64,
    },
    /// A migration that lies before others was never carried out.
    #[error("migration {number} is missing from the database: restore it from a good backup")]
    MissingMigration {
        /// Its number.
        number: i64,
    },
    /// A migration is not what was carried out.
    #[error(
        "migration {number} is not the one that this database was made with: \
         use the program that made it"
    )]
    ChangedMigration {
        /// Its number.
        number: i64,
    },
    /// A migration failed; nothing of it was kept.
    #[error("migration {number} could not be carried out: check that the user may create tables")]
    MigrationFailed {
        /// Its number.
        number: i64,
        /// What the database said.
        #[source]
        source: StoreError,
    },
    /// The file is something else.
    #[error("{path} is not a database: choose another file, this one is left as it is")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// Another process has the file.
    #[error("{path} is in use by process {pid}: stop it, or use PostgreSQL for several servers")]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process, as its lock file says.
        pid: String,
    },
    /// A power cut would lose what was acknowledged.
    #[error("the database may lose what was acknowledged: set {} to on", settings.join(", "))]
    UnsafeSettings {
        /// The settings that are off.
        settings: Vec<String>,
    },
    /// A version with a bug that can corrupt the file.
    #[error("SQLite {found} may corrupt its file: use a program built with 3.51.3 or newer")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// A server without what is needed.
    #[error("PostgreSQL {found} is too old: use version 14 or newer")]
    OldPostgres {
        /// Its version.
        found: String,
    },
    /// Nothing can be written.
    #[error("the database cannot be written: make the file and its folder writable")]
    ReadOnly,
    /// No space is left.
    #[error("the disk of the database is full: free some space and start again")]
    DiskFull,
    /// The file of a SQLite database cannot be opened or created.
    #[error("{path} cannot be opened: check that its folder exists and may be written")]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Anything else.
    #[error("the database cannot be used")]
    Store(#[source] StoreError),
}

impl OpenError {
    /// The error for a file that the system does not open or write.
    pub fn of_file(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::CannotOpen { path: path.to_owned(), source }
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::DiskFull,
            StoreError::ReadOnly => Self::ReadOnly,
            StoreError::Unavailable { source } => Self::Unreachable { source },
            StoreError::Contended { .. } => Self::Locked,
            StoreError::DiskFailed
            | StoreError::Damaged(_)
            | StoreError::WentBackwards
            | StoreError::NoWorkspace
            | StoreError::Tainted
            | StoreError::NotCommitted
            | StoreError::Database { .. } => Self::Store(error),
        }
    }
}
