//! Connections for what is kept beside the log: a power cut may cost its last writes, since they
//! follow from the log or are made again.

use super::config::{Location, StoreConfig};
use super::open_error::OpenError;
use super::views::{Address, Links};
use super::{postgres, sqlite};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use std::path::Path;
use std::sync::Arc;

/// How many connections there are at once. A file takes one writer at a time.
const CONNECTIONS_MAX: usize = 3;
const FILE_CONNECTIONS_MAX: usize = 1;

/// Connections to the database of the archive at an address, which has been brought up to date.
pub(super) fn links(config: &StoreConfig) -> Result<Arc<Links>, OpenError> {
    let of_file = |path: &Path| {
        let options = sqlite::options(path).create_if_missing(false);
        options.synchronous(SqliteSynchronous::Normal)
    };
    let address = address(config, of_file)?;
    let connections_max = match address {
        Address::Postgres(_) => CONNECTIONS_MAX,
        Address::Sqlite(_) => FILE_CONNECTIONS_MAX,
    };
    Ok(Arc::new(Links::new(address, connections_max)))
}

/// Where an archive's database is: on PostgreSQL the log's own, on SQLite the file that is meant.
pub(super) fn address(
    config: &StoreConfig,
    of_file: impl FnOnce(&Path) -> SqliteConnectOptions,
) -> Result<Address, OpenError> {
    match Location::parse(&config.url).ok_or(OpenError::BadAddress)? {
        Location::Postgres(url) => {
            let options = postgres::options(url)?;
            Ok(Address::Postgres(options.options([("synchronous_commit", "off")])))
        }
        Location::Sqlite(path) => Ok(Address::Sqlite(of_file(&path))),
        Location::Memory => Err(OpenError::BadAddress),
    }
}
