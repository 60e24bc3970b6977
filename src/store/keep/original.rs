//! The database that a backup is taken of: opened beside the server that may have it, and only
//! read.

use super::beside::BesideTable;
use super::{KeptKey, PAGE_ROWS};
use crate::planted::is_planted;
use crate::projections::{ColumnType, Row};
use crate::store::config::{Location, StoreConfig};
use crate::store::error::StoreError;
use crate::store::migrate::{POSTGRES, SQLITE, pending};
use crate::store::open_error::OpenError;
use crate::store::rows::to_row;
use crate::store::types::{Batch, Head, Position, RecordedEvent};
use crate::store::views::{Address, Cells, Links, Session};
use crate::store::{postgres, sqlite};
use sqlx::Connection as _;

/// How long a reader may write to its own disk between two reads.
const IDLE_IN_TRANSACTION: &str = "set local idle_in_transaction_session_timeout = '10min'";

/// A database of which a backup is taken.
pub struct Original {
    links: Links,
}

impl Original {
    /// Opens it. Nothing in it is changed, not even its schema.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let address = match Location::parse(&config.url).ok_or(OpenError::BadAddress)? {
            Location::Postgres(url) => {
                let options = postgres::options(url)?;
                let first = postgres::first_connection(&options).await?;
                postgres::within(first.close()).await?;
                Address::Postgres(options)
            }
            Location::Sqlite(path) => {
                if !path.exists() {
                    return Err(OpenError::of_file(&path, std::io::ErrorKind::NotFound.into()));
                }
                sqlite::check_file(&path)?;
                let options = sqlite::options(&path).create_if_missing(false);
                Address::Sqlite(options.pragma("query_only", "on"))
            }
            Location::Memory => return Err(OpenError::BadAddress),
        };
        Ok(Self { links: Links::new(address, 1) })
    }

    /// Begins to read: everything is as it is now, whatever is written meanwhile.
    pub async fn begin(&self) -> Result<Moment<'_>, OpenError> {
        let mut session = self.links.session().await?;
        if !is_planted("backup_without_one_moment") {
            session.begin_reading().await?;
            if session.is_postgres() {
                session.script(IDLE_IN_TRANSACTION).await?;
            }
        }
        let applied = session.applied().await?;
        let known = if session.is_postgres() { &POSTGRES } else { &SQLITE };
        pending(known, &applied)?;
        let schema = applied.last().map_or(0, |(number, _)| *number);
        Ok(Moment { session, schema })
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.links.close().await;
    }
}

/// The database at one moment.
pub struct Moment<'a> {
    session: Session<'a>,
    schema: i64,
}

impl Moment<'_> {
    /// The newest step of the schema that was taken; 0 when there is no archive.
    pub fn schema(&self) -> i64 {
        self.schema
    }

    /// The end of the log.
    pub async fn head(&mut self) -> Result<Head, StoreError> {
        self.session.head().await
    }

    /// The next events behind a position, up to another one.
    pub async fn events(
        &mut self,
        after: Position,
        to: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.session.events(after, to).await
    }

    /// The next batches behind a number.
    pub async fn batches(&mut self, after: u64) -> Result<Vec<Batch>, StoreError> {
        self.session.batches(after, limit()).await
    }

    /// The next answers behind one, by its workspace, actor and key.
    pub async fn keys(
        &mut self,
        after: &(String, String, String),
    ) -> Result<Vec<KeptKey>, StoreError> {
        if is_planted("backup_without_keys") {
            return Ok(Vec::new());
        }
        self.session.kept_keys(after, limit()).await
    }

    /// The next rows of a table behind one of them; from the first when there is none before.
    pub async fn rows(
        &mut self,
        table: BesideTable,
        last: Option<&Row>,
    ) -> Result<Vec<Row>, StoreError> {
        if table.since() > self.schema {
            return Ok(Vec::new());
        }
        let limit = u64::try_from(PAGE_ROWS).unwrap_or(u64::MAX);
        table.rows_behind(&mut self.session, last, limit).await
    }

    /// Up to where the log was looked at for webhooks.
    pub async fn webhooks_position(&mut self) -> Result<u64, StoreError> {
        if BesideTable::Endpoints.since() > self.schema {
            return Ok(0);
        }
        let text = include_str!("../sql/keep_read_sender.sql");
        let rows = self.session.rows(text, Vec::new(), &[ColumnType::Integer]).await?;
        rows.first().map_or(Ok(0), |row| Cells(row).number(0))
    }

    /// The public key of the log, when it has one.
    pub async fn verifier(&mut self) -> Result<Option<String>, StoreError> {
        if BesideTable::Checkpoints.since() > self.schema {
            return Ok(None);
        }
        let text = include_str!("../sql/audit_key.sql");
        let rows = self.session.rows(text, Vec::new(), &[ColumnType::Text]).await?;
        Ok(rows.first().and_then(|row| Cells(row).optional_text(0)))
    }

    /// Ends the reading.
    pub async fn end(self) -> Result<(), StoreError> {
        if is_planted("backup_without_one_moment") {
            return Ok(());
        }
        self.session.roll_back().await
    }
}

fn limit() -> i64 {
    to_row(u64::try_from(PAGE_ROWS).unwrap_or(u64::MAX))
}
