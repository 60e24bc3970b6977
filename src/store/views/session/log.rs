//! The log over a connection of one's own: read whole at one moment, and put back into a database
//! that holds nothing.

use super::{Link, Session};
use crate::store::error::StoreError;
use crate::store::keep::{KeptKey, NewRows, StreamRow};
use crate::store::migrate::Applied;
use crate::store::open_error::OpenError;
use crate::store::types::{Batch, Head, Position, RecordedEvent};
use crate::store::{postgres, sqlite};

impl Session<'_> {
    /// The steps of the schema that were taken; none when there is no archive.
    pub(in crate::store) async fn applied(&mut self) -> Result<Vec<Applied>, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::migrate::applied(link).await,
            Link::Sqlite(link) => sqlite::migrate::applied(link).await,
        }
    }

    /// The end of the log.
    pub(in crate::store) async fn head(&mut self) -> Result<Head, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::read::head(&mut **link).await,
            Link::Sqlite(link) => sqlite::read::head(&mut **link).await,
        }
    }

    /// The events behind a position, up to another one.
    pub(in crate::store) async fn events(
        &mut self,
        after: Position,
        to: Position,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::read::read_positions(&mut **link, after, to).await,
            Link::Sqlite(link) => sqlite::read::read_positions(&mut **link, after, to).await,
        }
    }

    /// The batches behind a number.
    pub(in crate::store) async fn batches(
        &mut self,
        after: u64,
        limit: i64,
    ) -> Result<Vec<Batch>, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::read::batches(&mut **link, after, limit).await,
            Link::Sqlite(link) => sqlite::read::batches(&mut **link, after, limit).await,
        }
    }

    /// The answers that are kept, behind one by its workspace, actor and key.
    pub(in crate::store) async fn kept_keys(
        &mut self,
        after: &(String, String, String),
        limit: i64,
    ) -> Result<Vec<KeptKey>, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::load::read_keys(link, after, limit).await,
            Link::Sqlite(link) => sqlite::load::read_keys(link, after, limit).await,
        }
    }

    /// Takes the steps of the schema behind those that were taken, up to a number.
    pub(in crate::store) async fn lay_out(&mut self, until: i64) -> Result<(), OpenError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::migrate::lay_out(link, until).await,
            Link::Sqlite(link) => sqlite::migrate::lay_out(link, until).await,
        }
    }

    /// Puts events and the batches that committed them into a log that holds none of them.
    pub(in crate::store) async fn put_log(&mut self, new: &NewRows<'_>) -> Result<(), StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::load::put_log(link, new).await,
            Link::Sqlite(link) => sqlite::load::put_log(link, new).await,
        }
    }

    /// Puts the rows of streams back.
    pub(in crate::store) async fn put_streams(
        &mut self,
        rows: &[StreamRow<'_>],
    ) -> Result<(), StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::load::put_streams(link, rows).await,
            Link::Sqlite(link) => sqlite::load::put_streams(link, rows).await,
        }
    }

    /// Puts answers that were kept back.
    pub(in crate::store) async fn put_keys(&mut self, keys: &[KeptKey]) -> Result<(), StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::load::put_keys(link, keys).await,
            Link::Sqlite(link) => sqlite::load::put_keys(link, keys).await,
        }
    }

    /// Says where the log ends, and which it is.
    pub(in crate::store) async fn set_head(&mut self, head: &Head) -> Result<(), StoreError> {
        match &mut self.link {
            Link::Postgres(link) => postgres::load::set_head(link, head).await,
            Link::Sqlite(link) => sqlite::load::set_head(link, head).await,
        }
    }
}
