//! Connections for the windows. A connection goes back only when its unit of work has ended; one
//! that was left in the middle is closed.

mod log;

use crate::domain::{Timestamp, WorkspaceId};
use crate::planted::is_planted;
use crate::projections::{ColumnType, Row, Value};
use crate::store::error::StoreError;
use crate::store::rows::to_row;
use crate::store::{postgres, sqlite};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a statement that looks at all rows of a table may take.
const LENGTH_MS_MAX: u64 = 3_600_000;
/// How long rows may take that are written in bulk; the server gives up before.
const COPY_MS_MAX: u64 = 15_000;

/// What is bound to a place in a statement.
#[derive(Debug, Clone)]
pub(in crate::store) enum Bind {
    /// A number.
    Integer(Option<i64>),
    /// A text.
    Text(Option<Arc<str>>),
    /// A column of numbers; PostgreSQL only.
    Integers(Vec<Option<i64>>),
    /// A column of texts; PostgreSQL only.
    Texts(Vec<Option<Arc<str>>>),
}

impl From<u64> for Bind {
    fn from(number: u64) -> Self {
        Self::Integer(Some(to_row(number)))
    }
}

impl From<Option<u64>> for Bind {
    fn from(number: Option<u64>) -> Self {
        Self::Integer(number.map(to_row))
    }
}

impl From<Timestamp> for Bind {
    fn from(at: Timestamp) -> Self {
        Self::Integer(Some(at.unix_ms()))
    }
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<Option<&str>> for Bind {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(Arc::from))
    }
}

impl From<&Value> for Bind {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Text(None),
            Value::Integer(number) => Self::Integer(Some(*number)),
            Value::Text(text) => Self::Text(Some(text.clone())),
        }
    }
}

/// Which database, and how it is reached.
#[derive(Debug, Clone)]
pub(in crate::store) enum Address {
    Postgres(PgConnectOptions),
    Sqlite(SqliteConnectOptions),
}

/// An open connection.
enum Link {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>),
}

/// Some connections to one database.
pub(in crate::store) struct Links {
    address: Address,
    idle: Mutex<Vec<Link>>,
    permits: Arc<Semaphore>,
    has_wall: AtomicBool,
}

impl Links {
    pub(in crate::store) fn new(address: Address, connections_max: usize) -> Self {
        let permits = Arc::new(Semaphore::new(connections_max));
        Self { address, idle: Mutex::default(), permits, has_wall: AtomicBool::new(false) }
    }

    pub(in crate::store) fn is_postgres(&self) -> bool {
        matches!(self.address, Address::Postgres(_))
    }

    /// From here on, who reads for a workspace sees that one only.
    pub(super) fn raise_wall(&self) {
        self.has_wall.store(true, Ordering::Release);
    }

    pub(super) fn has_wall(&self) -> bool {
        self.has_wall.load(Ordering::Acquire)
    }

    /// A connection, for one unit of work.
    pub(in crate::store) async fn session(&self) -> Result<Session<'_>, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Unavailable { source: None })?;
        let idle = self.idle().pop();
        let link = match (idle, &self.address) {
            (Some(link), _) => link,
            (None, Address::Postgres(options)) => {
                Link::Postgres(Box::new(postgres::connect(options).await?))
            }
            (None, Address::Sqlite(options)) => {
                Link::Sqlite(Box::new(sqlite::connect(options).await?))
            }
        };
        Ok(Session { links: self, link, _permit: permit })
    }

    /// Lets go of the connections that nobody has; those in use end with their unit of work.
    pub(in crate::store) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for link in idle {
            let closed = match link {
                Link::Postgres(link) => postgres::within(link.close()).await,
                Link::Sqlite(link) => sqlite::within(link.close()).await,
            };
            if let Err(error) = closed {
                tracing::debug!(%error, "a connection of the windows did not end well");
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that one unit of work has to itself.
pub(in crate::store) struct Session<'a> {
    links: &'a Links,
    link: Link,
    _permit: OwnedSemaphorePermit,
}

impl Session<'_> {
    pub(in crate::store) fn is_postgres(&self) -> bool {
        self.links.is_postgres()
    }

    /// Begins a transaction that writes.
    pub(in crate::store) async fn begin(&mut self) -> Result<(), StoreError> {
        let text = if self.is_postgres() { "begin" } else { "begin immediate" };
        self.script(text).await
    }

    /// Begins a transaction that sees one moment of the database.
    pub(in crate::store) async fn begin_reading(&mut self) -> Result<(), StoreError> {
        let text = if self.is_postgres() {
            "begin transaction isolation level repeatable read, read only"
        } else {
            "begin"
        };
        self.script(text).await
    }

    /// The same, where the database shows the rows of this workspace only, when it can; says
    /// whether it does.
    pub(super) async fn begin_reading_for(
        &mut self,
        workspace: &WorkspaceId,
    ) -> Result<bool, StoreError> {
        if !self.links.has_wall() || is_planted("workspace_not_asked") {
            return self.begin_reading().await.map(|()| false);
        }
        // An id holds letters, digits and a few marks: nothing that could end a text.
        self.script(&format!(
            "begin transaction isolation level repeatable read, read only; \
             set local role ax_reader; \
             select set_config('app.workspace', '{workspace}', true)"
        ))
        .await
        .map(|()| true)
    }

    /// Commits, and gives the connection back.
    pub(in crate::store) async fn commit(mut self) -> Result<(), StoreError> {
        self.script("commit").await?;
        self.give_back();
        Ok(())
    }

    /// Undoes the transaction, and gives the connection back.
    pub(in crate::store) async fn roll_back(mut self) -> Result<(), StoreError> {
        self.script("rollback").await?;
        self.give_back();
        Ok(())
    }

    fn give_back(self) {
        self.links.idle().push(self.link);
    }

    /// Runs statements that take nothing.
    pub(in crate::store) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        match &mut self.link {
            Link::Postgres(link) => {
                postgres::within(script.execute(&mut **link)).await?;
            }
            Link::Sqlite(link) => {
                sqlite::within(script.execute(&mut **link)).await?;
            }
        }
        Ok(())
    }

    /// Runs statements that look at all rows of a table, and may take as long as that takes.
    pub(in crate::store) async fn script_at_length(
        &mut self,
        text: &str,
    ) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.script("set local statement_timeout = 0").await?;
        }
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let limit = Duration::from_millis(LENGTH_MS_MAX);
        let done = match &mut self.link {
            Link::Postgres(link) => tokio::time::timeout(limit, script.execute(&mut **link))
                .await
                .map(|done| done.map(drop)),
            Link::Sqlite(link) => tokio::time::timeout(limit, script.execute(&mut **link))
                .await
                .map(|done| done.map(drop)),
        };
        Ok(done.map_err(|_| StoreError::timed_out())??)
    }

    /// Runs a statement; answers how many rows it changed.
    pub(in crate::store) async fn run(
        &mut self,
        text: &str,
        binds: Vec<Bind>,
    ) -> Result<u64, StoreError> {
        Ok(match &mut self.link {
            Link::Postgres(link) => {
                let query = postgres_query(text, binds);
                postgres::within(query.execute(&mut **link)).await?.rows_affected()
            }
            Link::Sqlite(link) => {
                let query = sqlite_query(text, binds);
                sqlite::within(query.execute(&mut **link)).await?.rows_affected()
            }
        })
    }

    /// Takes a stream of rows in, on PostgreSQL; false when a row of one of these keys is there.
    pub(in crate::store) async fn copy(
        &mut self,
        text: &str,
        stream: &[u8],
    ) -> Result<bool, StoreError> {
        let Link::Postgres(link) = &mut self.link else { return Ok(false) };
        let copying = async {
            let mut copy = link.copy_in_raw(text).await?;
            copy.send(stream).await?;
            copy.finish().await
        };
        match tokio::time::timeout(Duration::from_millis(COPY_MS_MAX), copying).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(error)) if is_there_already(&error) => Ok(false),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StoreError::timed_out()),
        }
    }

    /// The rows that a query finds; their columns hold what is said.
    pub(in crate::store) async fn rows(
        &mut self,
        text: &str,
        binds: Vec<Bind>,
        columns: &[ColumnType],
    ) -> Result<Vec<Row>, StoreError> {
        match &mut self.link {
            Link::Postgres(link) => {
                let query = postgres_query(text, binds);
                let rows = postgres::within(query.fetch_all(&mut **link)).await?;
                rows.iter().map(|row| postgres_row(row, columns)).collect()
            }
            Link::Sqlite(link) => {
                let query = sqlite_query(text, binds);
                let rows = sqlite::within(query.fetch_all(&mut **link)).await?;
                rows.iter().map(|row| sqlite_row(row, columns)).collect()
            }
        }
    }
}

fn is_there_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

fn postgres_query(text: &str, binds: Vec<Bind>) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(text.to_owned()));
    let owned = |text: Option<Arc<str>>| text.map(|text| text.to_string());
    binds.into_iter().fold(query, |query, bind| match bind {
        Bind::Integer(number) => query.bind(number),
        Bind::Text(text) => query.bind(owned(text)),
        Bind::Integers(column) => query.bind(column),
        Bind::Texts(column) => query.bind(column.into_iter().map(owned).collect::<Vec<_>>()),
    })
}

fn sqlite_query(text: &str, binds: Vec<Bind>) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(text.to_owned()));
    binds.into_iter().fold(query, |query, bind| match bind {
        Bind::Integer(number) => query.bind(number),
        Bind::Text(text) => query.bind(text.map(|text| text.to_string())),
        Bind::Integers(_) | Bind::Texts(_) => query.bind(None::<String>),
    })
}

macro_rules! row_readers {
    ($($name:ident, $Row:ty;)+) => {$(
        fn $name(row: &$Row, columns: &[ColumnType]) -> Result<Row, StoreError> {
            let cells = columns.iter().enumerate().map(|(at, holds)| match holds {
                ColumnType::Integer => {
                    let number = row.try_get::<Option<i64>, _>(at);
                    number.map(|number| number.map_or(Value::Null, Value::Integer))
                }
                ColumnType::Text => {
                    let text = row.try_get::<Option<String>, _>(at);
                    text.map(|text| text.map_or(Value::Null, |text| Value::Text(text.into())))
                }
            });
            cells.collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
        }
    )+};
}

row_readers! {
    postgres_row, PgRow;
    sqlite_row, SqliteRow;
}
