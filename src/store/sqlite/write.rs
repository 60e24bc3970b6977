//! The transaction that writes the log on SQLite. The file has one writer: `begin immediate` takes
//! what the lock on the head is on PostgreSQL.

use super::connect::{append_options, connect, within};
use super::rows_text::RowsText;
use crate::domain::{StreamName, WorkspaceId};
use crate::store::error::StoreError;
use crate::store::plan::{Known, KnownStream, Plan, Prepared, wanted_keys, wanted_streams};
use crate::store::remembered::Remembered;
use crate::store::rows::{self, AnswerRow, HeadRow, from_row, receipt_to_text, to_row};
use crate::store::types::{Hash, Head};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::collections::HashMap;
use std::sync::Arc;

/// The statements over many rows.
struct Texts {
    streams: RowsText,
    keys: RowsText,
    insert_events: RowsText,
    upsert_streams: RowsText,
    insert_keys: RowsText,
}

impl Texts {
    fn new() -> Self {
        Self {
            streams: RowsText::new(
                "with wanted (workspace, name) as (values",
                2,
                ") select s.workspace, s.name, s.stream_id, s.version from wanted w \
                 cross join stream s on s.workspace = w.workspace and s.name = w.name",
            ),
            keys: RowsText::new(
                "with wanted (workspace, actor, key) as (values",
                3,
                ") select k.workspace, k.actor, k.key, k.request_hash, k.receipt, k.answer \
                 from wanted w cross join append_key k \
                 on k.workspace = w.workspace and k.actor = w.actor and k.key = w.key",
            ),
            insert_events: RowsText::new(
                "insert into event (position, stream_id, version, event_id, kind, schema_version, \
                 recorded_at_ms, payload, metadata, leaf_hash) values",
                10,
                "",
            ),
            upsert_streams: RowsText::new(
                "insert into stream (stream_id, workspace, name, version) values",
                4,
                "on conflict (stream_id) do update set version = excluded.version",
            ),
            insert_keys: RowsText::new(
                "insert into append_key (workspace, actor, key, request_hash, receipt, answer) \
                 values",
                6,
                "",
            ),
        }
    }
}

/// The connection that appends; made anew whenever a unit of work did not finish.
pub(in crate::store) struct SqliteWriter {
    options: SqliteConnectOptions,
    idle: Option<SqliteConnection>,
    texts: Arc<Texts>,
    reached: Head,
    /// Holds for the head that was reached; a unit of work takes it along, and only a commit brings
    /// it back.
    remembered: Remembered,
    disk_failed: bool,
}

impl SqliteWriter {
    /// Appends only to a log that goes on from this end.
    pub(super) fn new(options: &SqliteConnectOptions, reached: Head) -> Self {
        let texts = Arc::new(Texts::new());
        let options = append_options(options);
        let remembered = Remembered::default();
        Self { options, idle: None, texts, reached, remembered, disk_failed: false }
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<SqliteTx<'_>, StoreError> {
        if self.disk_failed {
            return Err(StoreError::DiskFailed);
        }
        let mut connection = match self.idle.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        within(sqlx::raw_sql("begin immediate").execute(&mut connection)).await?;
        let texts = Arc::clone(&self.texts);
        let remembered = std::mem::take(&mut self.remembered);
        Ok(SqliteTx { writer: self, connection, texts, remembered, is_tainted: false })
    }

    /// A disk that failed once cannot say what it holds: what is read back may be lost yet.
    pub(in crate::store) async fn find_batch(
        &mut self,
        batch_no: u64,
    ) -> Result<Option<Hash>, StoreError> {
        self.idle = None;
        let mut tx = self.begin().await?;
        let query = sqlx::query_as::<_, (Vec<u8>,)>(include_str!("../sql/find_batch.sql"));
        let query = query.bind(to_row(batch_no)).fetch_optional(&mut tx.connection);
        let found = within(query).await?;
        tx.rollback().await?;
        found.map(|(hash,)| rows::hash(hash)).transpose()
    }

    /// Moves the whole journal into the file.
    pub(in crate::store) async fn close(mut self) {
        let Some(mut connection) = self.idle.take() else { return };
        let checkpoint = sqlx::raw_sql("pragma wal_checkpoint(truncate)");
        if let Err(error) = within(checkpoint.execute(&mut connection)).await {
            tracing::warn!(%error, "the journal stays beside the file until the next start");
        }
        if let Err(error) = within(connection.close()).await {
            tracing::debug!(%error, "the connection that appends did not close well");
        }
    }
}

/// A transaction that owns its connection, and gives it back only when it came to its end.
pub(in crate::store) struct SqliteTx<'w> {
    writer: &'w mut SqliteWriter,
    connection: SqliteConnection,
    texts: Arc<Texts>,
    remembered: Remembered,
    is_tainted: bool,
}

impl SqliteTx<'_> {
    pub(in crate::store) async fn read(
        &mut self,
        requests: &[Prepared],
    ) -> Result<Known, StoreError> {
        self.is_tainted = true;
        let query = sqlx::query_as::<_, HeadRow>(include_str!("../sql/head.sql"));
        let head = rows::head(within(query.fetch_one(&mut self.connection)).await?)?;
        if !head.goes_on_from(&self.writer.reached) {
            return Err(StoreError::WentBackwards);
        }
        if head != self.writer.reached {
            self.remembered = Remembered::default();
        }
        let wanted = wanted_streams(requests);
        let mut known = Known { head, streams: HashMap::new(), keys: HashMap::new() };
        if let Some(streams) = self.remembered.all(&wanted) {
            known.streams = streams;
        } else {
            self.read_streams(&wanted, &mut known).await?;
            self.remembered.note(&known.streams);
        }
        self.read_keys(requests, &mut known).await?;
        self.is_tainted = false;
        Ok(known)
    }

    async fn read_streams(
        &mut self,
        wanted: &[(&WorkspaceId, &StreamName)],
        known: &mut Known,
    ) -> Result<(), StoreError> {
        for (text, piece) in self.texts.streams.cut(wanted) {
            let mut query = sqlx::query_as::<_, (String, String, i64, i64)>(text);
            for (workspace, stream) in piece {
                query = query.bind(workspace.as_str()).bind(stream.as_str());
            }
            for row in within(query.fetch_all(&mut self.connection)).await? {
                let (workspace, name, stream_id, version) = row;
                let damaged = |_| StoreError::Damaged("the name of a stream".to_owned());
                let workspace = WorkspaceId::parse(&workspace).map_err(damaged)?;
                let stream = StreamName::parse(&name).map_err(damaged)?;
                let stream_id = from_row(stream_id)?.into();
                let version = from_row(version)?.into();
                known.streams.insert((workspace, stream), KnownStream { stream_id, version });
            }
        }
        Ok(())
    }

    async fn read_keys(
        &mut self,
        requests: &[Prepared],
        known: &mut Known,
    ) -> Result<(), StoreError> {
        type KeyRow = (String, String, String, Vec<u8>, String, Vec<u8>);
        for (text, piece) in self.texts.keys.cut(&wanted_keys(requests)) {
            let mut query = sqlx::query_as::<_, KeyRow>(text);
            for (workspace, actor, key) in piece {
                query = query.bind(*workspace).bind(*actor).bind(*key);
            }
            for row in within(query.fetch_all(&mut self.connection)).await? {
                let (workspace, actor, key, request_hash, receipt, answer) = row;
                let workspace = WorkspaceId::parse(&workspace)
                    .map_err(|_| StoreError::Damaged("the name of a workspace".to_owned()))?;
                let row: AnswerRow = (request_hash, receipt, answer);
                known.keys.insert((workspace, actor, key), rows::answer(row)?);
            }
        }
        Ok(())
    }

    pub(in crate::store) async fn write(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        self.is_tainted = true;
        self.write_events(plan).await?;
        self.write_streams(plan).await?;
        self.write_keys(plan).await?;
        let batch = &plan.batch;
        let insert = sqlx::query(include_str!("../sql/insert_batch.sql"))
            .bind(to_row(batch.batch_no))
            .bind(to_row(batch.first_position.get()))
            .bind(to_row(batch.last_position.get()))
            .bind(batch.hash.as_slice())
            .bind(batch.leaf_prefixes.as_slice());
        within(insert.execute(&mut self.connection)).await?;
        let update = sqlx::query(include_str!("../sql/move_head.sql"))
            .bind(to_row(batch.last_position.get()))
            .bind(to_row(batch.batch_no))
            .bind(batch.hash.as_slice());
        let moved = within(update.execute(&mut self.connection)).await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::Damaged("the head moved under its lock".to_owned()));
        }
        self.is_tainted = false;
        Ok(())
    }

    async fn write_events(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        for (text, piece) in self.texts.insert_events.cut(&plan.events) {
            let mut query = sqlx::query(text);
            for planned in piece {
                query = query
                    .bind(to_row(planned.position.get()))
                    .bind(to_row(planned.stream_id.get()))
                    .bind(to_row(planned.version.get()))
                    .bind(planned.event.event_id)
                    .bind(planned.event.kind.as_ref())
                    .bind(i32::from(planned.event.schema_version))
                    .bind(planned.event.recorded_at.unix_ms())
                    .bind(planned.event.payload.as_slice())
                    .bind(planned.event.metadata.as_slice())
                    .bind(planned.leaf.as_slice());
            }
            within(query.execute(&mut self.connection)).await?;
        }
        Ok(())
    }

    async fn write_streams(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        for (text, piece) in self.texts.upsert_streams.cut(&plan.streams) {
            let mut query = sqlx::query(text);
            for planned in piece {
                query = query
                    .bind(to_row(planned.stream_id.get()))
                    .bind(planned.workspace.as_str())
                    .bind(planned.stream.as_str())
                    .bind(to_row(planned.version.get()));
            }
            within(query.execute(&mut self.connection)).await?;
        }
        Ok(())
    }

    async fn write_keys(&mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        for (text, piece) in self.texts.insert_keys.cut(&plan.keys) {
            let mut query = sqlx::query(text);
            for planned in piece {
                query = query
                    .bind(planned.workspace.as_str())
                    .bind(planned.key.actor.as_str())
                    .bind(planned.key.key.as_str())
                    .bind(planned.key.request_hash.as_slice())
                    .bind(receipt_to_text(&planned.receipt))
                    .bind(planned.answer);
            }
            within(query.execute(&mut self.connection)).await?;
        }
        Ok(())
    }

    /// SQLite refuses to commit what it rolled back: there is no kind answer to look behind.
    pub(in crate::store) async fn commit(mut self, plan: &Plan<'_>) -> Result<(), StoreError> {
        if self.is_tainted {
            return Err(StoreError::Tainted);
        }
        let committed = within(sqlx::raw_sql("commit").execute(&mut self.connection)).await;
        if matches!(committed, Err(StoreError::DiskFailed)) {
            self.writer.disk_failed = true;
        }
        committed?;
        self.remembered.learn(plan);
        self.writer.remembered = self.remembered;
        self.writer.reached = plan.end();
        self.writer.idle = Some(self.connection);
        Ok(())
    }

    pub(in crate::store) async fn rollback(mut self) -> Result<(), StoreError> {
        within(sqlx::raw_sql("rollback").execute(&mut self.connection)).await?;
        self.writer.idle = Some(self.connection);
        Ok(())
    }
}
