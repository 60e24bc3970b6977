//! Opens the archive, and says how the program ends when that cannot be done.

use crate::{
    config::Database,
    exit::{Exit, Failure},
    store::{OpenError, Store, StoreConfig},
};
use anyhow::{Context, anyhow};

/// Opens the archive.
pub(super) async fn open_store(database: &Database) -> Result<Store, Failure> {
    if let Database::Sqlite(path) = database
        && let Some(dir) = path.parent()
    {
        let made = tokio::task::block_in_place(|| std::fs::create_dir_all(dir));
        made.with_context(|| format!("cannot make the folder {}", dir.display()))?;
    }
    let opened = Store::open(&StoreConfig::new(database.url())).await;
    opened.map_err(|error| exit_of(&error).because(anyhow!(error)))
}

/// How the program ends when the archive cannot be opened.
pub(super) fn exit_of(error: &OpenError) -> Exit {
    match error {
        OpenError::BadAddress => Exit::Usage,
        OpenError::WrongPassword | OpenError::NoSuchDatabase | OpenError::Unreachable { .. } => {
            Exit::DatabaseUnreachable
        }
        OpenError::NewerDatabase { .. }
        | OpenError::MissingMigration { .. }
        | OpenError::ChangedMigration { .. } => Exit::DatabaseVersion,
        OpenError::NotADatabase { .. } => Exit::DatabaseCorrupt,
        OpenError::InUse { .. } => Exit::DatabaseInUse,
        OpenError::UnsafeSettings { .. } | OpenError::OldSqlite { .. } => Exit::DatabaseUnsafe,
        OpenError::DiskFull => Exit::DiskFull,
        OpenError::OldPostgres { .. }
        | OpenError::MigrationFailed { .. }
        | OpenError::ReadOnly
        | OpenError::CannotOpen { .. }
        | OpenError::Store(_) => Exit::Other,
    }
}
