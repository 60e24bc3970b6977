//! Opens the archive, and says how the program ends when that cannot be done.

use crate::{
    config::{Config, Database},
    exit::{Exit, Failure},
    store::{
        OpenError, Store, StoreConfig, StoreError, outbox::Outbox, tree::StoredTree, views::Views,
    },
};
use anyhow::anyhow;

/// Opens the archive.
pub(super) async fn open_store(config: &Config) -> Result<Store, Failure> {
    if let Database::Sqlite(path) = &config.database
        && let Some(dir) = path.parent()
    {
        let made = tokio::task::block_in_place(|| std::fs::create_dir_all(dir));
        made.map_err(|error| refusal(OpenError::of_file(path, error)))?;
    }
    Store::open(&store_config(config)).await.map_err(refusal)
}

/// Opens the tables of the windows.
pub(super) async fn open_views(config: &Config) -> Result<Views, Failure> {
    Views::open(&store_config(config)).await.map_err(refusal)
}

fn store_config(config: &Config) -> StoreConfig {
    StoreConfig {
        read_connections_max: config.read_connections_max,
        queue_requests_max: config.queue_requests_max,
        ..StoreConfig::new(config.database.url())
    }
}

/// Opens the outbox of the webhooks; the archive has been opened before.
pub(super) async fn open_outbox(database: &Database) -> Result<Outbox, Failure> {
    Outbox::open(&StoreConfig::new(database.url())).await.map_err(refusal)
}

/// Opens the stored tree over the log; the archive has been opened before.
pub(super) async fn open_tree(database: &Database) -> Result<StoredTree, Failure> {
    StoredTree::open(&StoreConfig::new(database.url())).await.map_err(refusal)
}

/// Why the program ends when something cannot be opened.
pub(super) fn refusal(error: OpenError) -> Failure {
    exit_of(&error).because(anyhow!(error))
}

/// How the program ends when the archive cannot be opened.
fn exit_of(error: &OpenError) -> Exit {
    match error {
        OpenError::BadAddress => Exit::Usage,
        OpenError::WrongPassword
        | OpenError::NoSuchDatabase
        | OpenError::NoConnectionLeft
        | OpenError::Unreachable { .. } => Exit::DatabaseUnreachable,
        OpenError::NewerDatabase { .. }
        | OpenError::MissingMigration { .. }
        | OpenError::ChangedMigration { .. } => Exit::DatabaseVersion,
        OpenError::NotADatabase { .. } => Exit::DatabaseCorrupt,
        OpenError::InUse { .. } | OpenError::Locked => Exit::DatabaseInUse,
        OpenError::UnsafeSettings { .. } | OpenError::OldSqlite { .. } => Exit::DatabaseUnsafe,
        OpenError::DiskFull => Exit::DiskFull,
        OpenError::MigrationFailed { .. } | OpenError::ReadOnly | OpenError::CannotOpen { .. } => {
            Exit::DatabaseRights
        }
        OpenError::Store(StoreError::Damaged(_)) => Exit::DatabaseCorrupt,
        OpenError::OldPostgres { .. } | OpenError::Store(_) => Exit::Other,
    }
}
