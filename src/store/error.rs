//! What can go wrong between the archive and the world.

use super::types::{Expected, Version};
use crate::domain::StreamName;
use sqlx::postgres::PgDatabaseError;
use std::sync::Arc;

/// A failure of the database, or of the way to it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or does not answer in time.
    #[error("the database cannot be reached; it is tried again")]
    Unavailable {
        /// What the driver said; none when it said nothing in time.
        #[source]
        source: Option<Arc<sqlx::Error>>,
    },
    /// Somebody else holds what is needed.
    #[error("the database is busy with another transaction")]
    Contended {
        /// What the driver said.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// No space is left.
    #[error("the disk of the database is full: free some space, nothing was stored")]
    DiskFull,
    /// The database takes no writes.
    #[error("the database is read-only: make it writable, or connect to the primary")]
    ReadOnly,
    /// The disk failed to write or to sync: nothing more is stored before a restart.
    #[error("the disk of the database failed: check it, then start again")]
    DiskFailed,
    /// What was read is not what was ever written.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// The log ends before a place that it has already reached.
    #[error("the log went backwards: a backup was restored or another database is answering")]
    WentBackwards,
    /// A list of a window was asked for without saying whose.
    #[error("a list is of one workspace, or of all: say which on its column `workspace`")]
    NoWorkspace,
    /// A transaction was to be committed after one of its statements failed.
    #[error("a transaction was given up because one of its statements failed")]
    Tainted,
    /// The database answered that a commit was none.
    #[error("the database rolled the transaction back instead of committing it")]
    NotCommitted,
    /// Anything else that the database refused.
    #[error("the database refused a statement")]
    Database {
        /// What the driver said.
        #[source]
        source: Arc<sqlx::Error>,
    },
}

impl StoreError {
    /// Whether the same thing may well work a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Contended { .. } | Self::NotCommitted => true,
            Self::DiskFull
            | Self::ReadOnly
            | Self::DiskFailed
            | Self::Damaged(_)
            | Self::WentBackwards
            | Self::NoWorkspace
            | Self::Tainted
            | Self::Database { .. } => false,
        }
    }

    /// The error for a database that did not answer in time.
    pub(super) fn timed_out() -> Self {
        Self::Unavailable { source: None }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let kind = match error.as_database_error() {
            Some(database) => {
                let code = database.code().unwrap_or_default();
                match database.try_downcast_ref::<PgDatabaseError>() {
                    Some(_) => postgres_kind(&code),
                    None => sqlite_kind(&code),
                }
            }
            None if is_lost(&error) => Kind::Unavailable,
            None => Kind::Other,
        };
        let source = Arc::new(error);
        match kind {
            Kind::Unavailable => Self::Unavailable { source: Some(source) },
            Kind::Contended => Self::Contended { source },
            Kind::DiskFull => Self::DiskFull,
            Kind::ReadOnly => Self::ReadOnly,
            Kind::DiskFailed => Self::DiskFailed,
            Kind::NotADatabase => Self::Damaged("the file is not a database".to_owned()),
            Kind::Other => Self::Database { source },
        }
    }
}

/// Whether the way to the database was lost, or its protocol cut in the middle.
fn is_lost(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
    )
}

enum Kind {
    Unavailable,
    Contended,
    DiskFull,
    ReadOnly,
    DiskFailed,
    NotADatabase,
    Other,
}

fn postgres_kind(code: &str) -> Kind {
    match code {
        "40001" | "40P01" | "55P03" => Kind::Contended,
        "57014" | "25P03" | "53300" => Kind::Unavailable,
        "53100" => Kind::DiskFull,
        "25006" => Kind::ReadOnly,
        "58030" => Kind::DiskFailed,
        code if code.starts_with("08") || code.starts_with("57P") => Kind::Unavailable,
        _ => Kind::Other,
    }
}

/// The index of the journal cannot grow: what a full disk looks like to the first who opens a file.
const SQLITE_IOERR_SHMSIZE: u32 = 4874;

fn sqlite_kind(code: &str) -> Kind {
    let extended = code.parse::<u32>().unwrap_or(0);
    if extended == SQLITE_IOERR_SHMSIZE {
        return Kind::DiskFull;
    }
    match extended & 0xff {
        5 | 6 => Kind::Contended,
        8 => Kind::ReadOnly,
        10 => Kind::DiskFailed,
        11 => Kind::DiskFailed,
        13 => Kind::DiskFull,
        14 => Kind::Unavailable,
        26 => Kind::NotADatabase,
        _ => Kind::Other,
    }
}

/// Why a commit was not answered well.
#[derive(Debug)]
pub(super) enum CommitError {
    /// Certainly nothing was stored.
    Refused(StoreError),
    /// It was stored or it was not.
    Unclear(StoreError),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Tainted | StoreError::NotCommitted => Self::Refused(error),
            StoreError::Unavailable { .. }
            | StoreError::Contended { .. }
            | StoreError::DiskFull
            | StoreError::ReadOnly
            | StoreError::DiskFailed
            | StoreError::Damaged(_)
            | StoreError::WentBackwards
            | StoreError::NoWorkspace
            | StoreError::Database { .. } => Self::Unclear(error),
        }
    }
}

/// Why a request was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream is not as it was expected to be; nothing was stored.
    #[error("{stream} is at version {actual}, expected was {expected}")]
    Conflict {
        /// The first stream that differs.
        stream: StreamName,
        /// What was expected of it.
        expected: Expected,
        /// Where it is.
        actual: Version,
    },
    /// The key has been used for another request; nothing was stored.
    #[error("this key has been used for another request")]
    KeyReused,
    /// Too much is waiting already; nothing was stored.
    #[error("too many requests are waiting to be stored")]
    Busy,
    /// The request is beyond what one append may hold; nothing was stored.
    #[error("one append holds at most {limit} {unit}, this one has {found}")]
    TooLarge {
        /// What is counted.
        unit: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A text holds a character that a database cannot keep; nothing was stored.
    #[error("the {0} must not hold the character NUL")]
    BadText(&'static str),
    /// The database was lost while committing: it is stored or it is not. Repeating the request
    /// with the same key settles it.
    #[error("it is not known whether the request was stored: repeat it with the same key")]
    OutcomeUnknown,
    /// The archive has been closed; nothing was stored.
    #[error("the archive has been closed")]
    Closed,
    /// The database failed; nothing was stored.
    #[error("the request could not be stored")]
    Store(#[from] StoreError),
}
