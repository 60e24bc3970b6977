//! The transaction that writes the log on PostgreSQL. Alone, one round trip a batch, which locks,
//! writes and commits if nobody has moved the head meanwhile; one more reads, where the appender
//! did not write the last events of all these streams itself. Where other servers append too, four:
//! begin and lock, read, write, commit.

use super::connect::{append_options, connect, within, within_alone};
use crate::domain::{StreamName, WorkspaceId};
use crate::store::error::{CommitError, StoreError};
use crate::store::plan::{
    Known, KnownStream, Plan, Prepared, plan_batch, wanted_keys, wanted_streams,
};
use crate::store::remembered::Remembered;
use crate::store::rows::{self, from_row, receipt_to_text, to_row};
use crate::store::types::{Hash, Head};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, Postgres};
use sqlx::query::QueryAs;
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;
use uuid::Uuid;

const BEGIN_AND_LOCK: &str = "begin isolation level read committed; \
     select 1 from log_head where id = 1 for update";

/// How many batches take the lock first, after somebody else has moved the head.
const LOCKED_BATCHES: u32 = 16;
/// How many batches are read, after a guess that did not hold.
const READ_BATCHES: u32 = 16;

type StateRow = (
    i32,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<Uuid>,
    Option<Vec<u8>>,
    Option<String>,
    Option<Vec<u8>>,
);

/// The connection that appends; made anew whenever a unit of work did not finish.
pub(in crate::store) struct PostgresWriter {
    options: PgConnectOptions,
    idle: Option<PgConnection>,
    reached: Option<Head>,
    /// Holds for the head that was reached; a unit of work takes it along, and only a commit brings
    /// it back.
    remembered: Remembered,
    locked_batches: u32,
    read_batches: u32,
}

impl PostgresWriter {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        Self {
            options: append_options(options),
            idle: None,
            reached: None,
            remembered: Remembered::default(),
            locked_batches: 0,
            read_batches: 0,
        }
    }

    /// Appends only to a log that goes on from this end.
    pub(super) fn going_on_from(mut self, reached: Head) -> Self {
        self.reached = Some(reached);
        self
    }

    /// Begins with the lock where other servers append too, and without it where none does.
    pub(in crate::store) async fn begin(&mut self) -> Result<PostgresTx<'_>, StoreError> {
        if self.locked_batches > 0 {
            self.locked_batches -= 1;
            return self.begin_locked().await;
        }
        let connection = self.connection().await?;
        Ok(PostgresTx::new(self, connection, false))
    }

    pub(super) async fn begin_locked(&mut self) -> Result<PostgresTx<'_>, StoreError> {
        let mut connection = self.connection().await?;
        within(sqlx::raw_sql(BEGIN_AND_LOCK).execute(&mut connection)).await?;
        Ok(PostgresTx::new(self, connection, true))
    }

    async fn connection(&mut self) -> Result<PgConnection, StoreError> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => connect(&self.options).await,
        }
    }

    /// Where the batch is not there, an empty one takes its number: a statement that is still on
    /// its way then finds the head moved, whenever it arrives.
    pub(in crate::store) async fn find_batch(
        &mut self,
        batch_no: u64,
    ) -> Result<Option<Hash>, StoreError> {
        self.idle = None;
        let mut tx = self.begin_locked().await?;
        let query = sqlx::query_as::<_, (Vec<u8>,)>(include_str!("../sql/find_batch.sql"));
        let query = query.bind(to_row(batch_no)).fetch_optional(&mut tx.connection);
        if let Some((hash,)) = within(query).await? {
            tx.rollback().await?;
            return Ok(Some(rows::hash(hash)?));
        }
        let fence = plan_batch(tx.read(&[]).await?, &[]);
        if fence.batch.batch_no != batch_no {
            return Err(StoreError::WentBackwards);
        }
        tx.write(&fence).await?;
        match tx.commit(&fence).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(error) | CommitError::Unclear(error)) => Err(error),
        }
    }

    pub(in crate::store) async fn close(mut self) {
        if let Some(connection) = self.idle.take()
            && let Err(error) = within(connection.close()).await
        {
            tracing::debug!(%error, "the connection that appends did not close well");
        }
    }
}

/// A transaction that owns its connection, and gives it back only when it came to its end.
pub(in crate::store) struct PostgresTx<'w> {
    writer: &'w mut PostgresWriter,
    connection: PgConnection,
    remembered: Remembered,
    is_locked: bool,
    is_guess: bool,
    is_tainted: bool,
    transaction_id: Option<u64>,
}

impl<'w> PostgresTx<'w> {
    fn new(writer: &'w mut PostgresWriter, connection: PgConnection, is_locked: bool) -> Self {
        let remembered = std::mem::take(&mut writer.remembered);
        let (is_guess, is_tainted, transaction_id) = (false, false, None);
        Self { writer, connection, remembered, is_locked, is_guess, is_tainted, transaction_id }
    }

    /// What must be so when nobody else has moved the head, and none of the keys was used before:
    /// the statement that writes makes sure of both.
    pub(in crate::store) fn guess(&mut self, requests: &[Prepared]) -> Option<Known> {
        if self.is_locked {
            return None;
        }
        if self.writer.read_batches > 0 {
            self.writer.read_batches -= 1;
            return None;
        }
        let head = self.writer.reached?;
        let streams = self.remembered.all(&wanted_streams(requests))?;
        self.is_guess = true;
        Some(Known { head, streams, keys: HashMap::new() })
    }

    pub(in crate::store) async fn read(
        &mut self,
        requests: &[Prepared],
    ) -> Result<Known, StoreError> {
        let streams = wanted_streams(requests);
        let (workspaces, names): (Vec<&str>, Vec<&str>) =
            streams.iter().map(|(workspace, name)| (workspace.as_str(), name.as_str())).unzip();
        let keys = wanted_keys(requests);
        let query = sqlx::query_as::<_, StateRow>(include_str!("../sql/read_state_postgres.sql"))
            .bind(workspaces)
            .bind(names)
            .bind(keys.iter().map(|(workspace, ..)| *workspace).collect::<Vec<_>>())
            .bind(keys.iter().map(|(_, actor, _)| *actor).collect::<Vec<_>>())
            .bind(keys.iter().map(|(.., key)| *key).collect::<Vec<_>>());
        self.is_tainted = true;
        let found = within(query.fetch_all(&mut self.connection)).await?;
        self.is_tainted = false;
        let known = known(found)?;
        self.is_guess = false;
        if self.writer.reached.as_ref() != Some(&known.head) {
            self.remembered = Remembered::default();
        }
        self.remembered.note(&known.streams);
        match &self.writer.reached {
            Some(reached) if !known.head.goes_on_from(reached) => Err(StoreError::WentBackwards),
            Some(_) | None => Ok(known),
        }
    }

    /// Writes under the lock; without it, all is left to the commit.
    pub(in crate::store) async fn write(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        if !self.is_locked {
            return Ok(());
        }
        self.transaction_id = match self.write_all(plan).await {
            Ok(id) => id,
            Err(CommitError::Refused(error) | CommitError::Unclear(error)) => return Err(error),
        };
        self.is_tainted = self.transaction_id.is_none();
        if self.is_tainted {
            return Err(StoreError::Damaged("the head moved under its lock".to_owned()));
        }
        Ok(())
    }

    /// Writes everything at once and says in which transaction; none when the head has moved, or a
    /// key that was guessed to be new was not. All rows are awaited: without a transaction, the
    /// commit comes after the last of them.
    async fn write_all(&mut self, plan: &Plan<'_>) -> Result<Option<u64>, CommitError> {
        let query = sqlx::query_as::<_, (String,)>(include_str!("../sql/write_postgres.sql"));
        let query = bind_batch(bind_keys(bind_streams(bind_events(query, plan), plan), plan), plan);
        self.is_tainted = true;
        let written = within_alone(query.fetch_all(&mut self.connection)).await;
        let rows = match written {
            Err(CommitError::Refused(error)) if self.is_guess && is_used_key(&error) => Vec::new(),
            Ok(rows) => rows,
            Err(error) => return Err(error),
        };
        self.is_tainted = false;
        let Some((id,)) = rows.first() else { return Ok(None) };
        let id = id.parse().map_err(|_| StoreError::Damaged("a transaction's id".to_owned()))?;
        Ok(Some(id))
    }

    pub(in crate::store) async fn commit(self, plan: &Plan<'_>) -> Result<(), CommitError> {
        if self.is_tainted {
            return Err(StoreError::Tainted.into());
        }
        if self.is_locked { self.commit_locked(plan).await } else { self.write_alone(plan).await }
    }

    /// One statement is a transaction: there is no commit that could be a rollback.
    async fn write_alone(mut self, plan: &Plan<'_>) -> Result<(), CommitError> {
        if self.write_all(plan).await?.is_none() {
            if self.is_guess {
                self.writer.read_batches = READ_BATCHES;
            } else {
                self.writer.locked_batches = LOCKED_BATCHES;
            }
            self.writer.idle = Some(self.connection);
            return Err(StoreError::NotCommitted.into());
        }
        self.reach(plan);
        Ok(())
    }

    /// PostgreSQL answers COMMIT kindly even where it rolled back, and so does the driver: the
    /// same round trip asks what became of the transaction.
    async fn commit_locked(mut self, plan: &Plan<'_>) -> Result<(), CommitError> {
        let id = self.transaction_id.ok_or(StoreError::Tainted)?;
        let text = format!("commit; select pg_xact_status('{id}'::xid8)");
        let query = sqlx::raw_sql(AssertSqlSafe(text)).fetch_one(&mut self.connection);
        let row = within(query).await?;
        let status: Option<String> = sqlx::Row::try_get(&row, 0).map_err(StoreError::from)?;
        match status.as_deref() {
            Some("committed") => self.reach(plan),
            Some("aborted") => return Err(StoreError::NotCommitted.into()),
            Some(_) | None => return Err(StoreError::timed_out().into()),
        }
        Ok(())
    }

    fn reach(self, plan: &Plan<'_>) {
        let Self { writer, connection, mut remembered, .. } = self;
        remembered.learn(plan);
        writer.remembered = remembered;
        writer.reached = Some(plan.end());
        writer.idle = Some(connection);
    }

    pub(in crate::store) async fn rollback(mut self) -> Result<(), StoreError> {
        if self.is_locked {
            within(sqlx::raw_sql("rollback").execute(&mut self.connection)).await?;
        }
        self.writer.idle = Some(self.connection);
        Ok(())
    }
}

#[cfg(test)]
impl PostgresTx<'_> {
    /// Fails a statement without anyone noticing.
    pub(super) async fn break_behind_its_back(&mut self) -> Result<(), StoreError> {
        within(sqlx::raw_sql("select 1 / 0").execute(&mut self.connection)).await?;
        Ok(())
    }
}

/// Whether a request's key was used before: then its answer is to be read.
fn is_used_key(error: &StoreError) -> bool {
    let StoreError::Database { source } = error else { return false };
    source.as_database_error().and_then(|error| error.constraint()) == Some("append_key_pkey")
}

fn known(found: Vec<StateRow>) -> Result<Known, StoreError> {
    let damaged = || StoreError::Damaged("the head of the log is missing".to_owned());
    let (mut head, mut streams, mut keys) = (None, HashMap::new(), HashMap::new());
    for (part, workspace, name, key, number, second, log_id, hash, receipt, answer) in found {
        if part == 0 {
            let row = (log_id.zip(number)).zip(second.zip(hash)).ok_or_else(damaged)?;
            let ((log_id, number), (second, hash)) = row;
            head = Some(rows::head((log_id, number, second, hash))?);
            continue;
        }
        let workspace = WorkspaceId::parse(&workspace.unwrap_or_default())
            .map_err(|_| StoreError::Damaged("a workspace's name".to_owned()))?;
        let name = name.unwrap_or_default();
        if part == 1 {
            let stream = StreamName::parse(&name)
                .map_err(|_| StoreError::Damaged("a stream's name".to_owned()))?;
            let stream_id = from_row(number.unwrap_or_default())?.into();
            let version = from_row(second.unwrap_or_default())?.into();
            streams.insert((workspace, stream), KnownStream { stream_id, version });
        } else {
            let row = (hash.unwrap_or_default(), receipt.unwrap_or_default());
            let stored = rows::answer((row.0, row.1, answer.unwrap_or_default()))?;
            keys.insert((workspace, name, key.unwrap_or_default()), stored);
        }
    }
    Ok(Known { head: head.ok_or_else(damaged)?, streams, keys })
}

type Statement<'q> = QueryAs<'q, Postgres, (String,), PgArguments>;

fn bind_events<'q>(query: Statement<'q>, plan: &'q Plan<'_>) -> Statement<'q> {
    let events = || plan.events.iter();
    query
        .bind(events().map(|planned| to_row(planned.position.get())).collect::<Vec<_>>())
        .bind(events().map(|planned| to_row(planned.stream_id.get())).collect::<Vec<_>>())
        .bind(events().map(|planned| to_row(planned.version.get())).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.event.event_id).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.event.kind.as_ref()).collect::<Vec<&str>>())
        .bind(events().map(|planned| i32::from(planned.event.schema_version)).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.event.recorded_at.unix_ms()).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.event.payload.as_slice()).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.event.metadata.as_slice()).collect::<Vec<_>>())
        .bind(events().map(|planned| planned.leaf.as_slice()).collect::<Vec<_>>())
}

fn bind_streams<'q>(query: Statement<'q>, plan: &'q Plan<'_>) -> Statement<'q> {
    let streams = || plan.streams.iter();
    query
        .bind(streams().map(|planned| to_row(planned.stream_id.get())).collect::<Vec<_>>())
        .bind(streams().map(|planned| planned.workspace.as_str()).collect::<Vec<_>>())
        .bind(streams().map(|planned| planned.stream.as_str()).collect::<Vec<_>>())
        .bind(streams().map(|planned| to_row(planned.version.get())).collect::<Vec<_>>())
}

fn bind_keys<'q>(query: Statement<'q>, plan: &'q Plan<'_>) -> Statement<'q> {
    let keys = || plan.keys.iter();
    query
        .bind(keys().map(|planned| planned.workspace.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|planned| planned.key.actor.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|planned| planned.key.key.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|planned| planned.key.request_hash.as_slice()).collect::<Vec<_>>())
        .bind(keys().map(|planned| receipt_to_text(&planned.receipt)).collect::<Vec<_>>())
        .bind(keys().map(|planned| planned.answer).collect::<Vec<_>>())
}

fn bind_batch<'q>(query: Statement<'q>, plan: &'q Plan<'_>) -> Statement<'q> {
    query
        .bind(to_row(plan.batch.batch_no))
        .bind(to_row(plan.batch.first_position.get()))
        .bind(to_row(plan.batch.last_position.get()))
        .bind(plan.batch.hash.to_vec())
        .bind(plan.batch.leaf_prefixes.clone())
        .bind(plan.previous_hash.to_vec())
}
