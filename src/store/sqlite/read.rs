//! Reads on SQLite, in short statements, each on a connection of its own for that long.

use super::connect::within;
use crate::domain::{StreamName, WorkspaceId};
use crate::planted::is_planted;
use crate::store::error::StoreError;
use crate::store::presence::{AgentPresence, Renewal};
use crate::store::rows::{
    self, AgentRow, AnswerRow, BatchRow, EventRow, HeadRow, KeyRow, LeaseRow, NumberedRow, to_row,
};
use crate::store::types::{
    Batch, Head, LogFilter, Position, RecordedEvent, Snapshot, StoredAnswer, Version,
};
use sqlx::{SqliteExecutor, SqlitePool};

pub(in crate::store) async fn head(on: impl SqliteExecutor<'_>) -> Result<Head, StoreError> {
    let query = sqlx::query_as::<_, HeadRow>(include_str!("../sql/head.sql"));
    rows::head(within(query.fetch_one(on)).await?)
}

pub(super) async fn stored_answer(
    pool: &SqlitePool,
    workspace: &WorkspaceId,
    actor: &str,
    key: &str,
) -> Result<Option<StoredAnswer>, StoreError> {
    let query = sqlx::query_as::<_, AnswerRow>(include_str!("../sql/stored_answer.sql"))
        .bind(workspace.as_str())
        .bind(actor)
        .bind(key);
    within(query.fetch_optional(pool)).await?.map(rows::answer).transpose()
}

pub(super) async fn read_stream(
    pool: &SqlitePool,
    workspace: &WorkspaceId,
    stream: &StreamName,
    after: Version,
    limit: i64,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let query = sqlx::query_as::<_, EventRow>(include_str!("../sql/read_stream.sql"))
        .bind(workspace.as_str())
        .bind(stream.as_str())
        .bind(to_row(after.get()))
        .bind(limit);
    within(query.fetch_all(pool)).await?.into_iter().map(rows::event).collect()
}

pub(in crate::store) async fn read_positions(
    on: impl SqliteExecutor<'_>,
    after: Position,
    to: Position,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let query = sqlx::query_as::<_, EventRow>(include_str!("../sql/read_positions.sql"))
        .bind(to_row(after.get()))
        .bind(to_row(to.get()));
    within(query.fetch_all(on)).await?.into_iter().map(rows::event).collect()
}

pub(super) async fn read_filtered(
    pool: &SqlitePool,
    after: Position,
    to: Position,
    filter: &LogFilter,
    limit: i64,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let limit = if is_planted("sqlite_reads_one_less") { limit - 1 } else { limit };
    let some = |kinds: &[String]| (!kinds.is_empty()).then(|| serde_json::json!(kinds).to_string());
    let query = sqlx::query_as::<_, EventRow>(include_str!("../sql/read_filtered_sqlite.sql"))
        .bind(to_row(after.get()))
        .bind(to_row(to.get()))
        .bind(limit)
        .bind(filter.workspace.as_ref().map(WorkspaceId::as_str))
        .bind(filter.stream.as_ref().map(StreamName::as_str))
        .bind(filter.since.map(|since| since.unix_ms()))
        .bind(filter.until.map(|until| until.unix_ms()))
        .bind(some(&filter.kinds))
        .bind(some(&filter.kinds_left_out));
    within(query.fetch_all(pool)).await?.into_iter().map(rows::event).collect()
}

pub(in crate::store) async fn batches(
    on: impl SqliteExecutor<'_>,
    after: u64,
    limit: i64,
) -> Result<Vec<Batch>, StoreError> {
    let query = sqlx::query_as::<_, BatchRow>(include_str!("../sql/read_batches.sql"))
        .bind(to_row(after))
        .bind(limit);
    within(query.fetch_all(on)).await?.into_iter().map(rows::batch).collect()
}

pub(super) async fn stream_rows(
    pool: &SqlitePool,
    after: i64,
    limit: i64,
) -> Result<Vec<NumberedRow>, StoreError> {
    let query = sqlx::query_as(include_str!("../sql/read_streams.sql"))
        .bind(after)
        .bind(i64::MAX)
        .bind(limit);
    within(query.fetch_all(pool)).await
}

pub(super) async fn key_rows(
    pool: &SqlitePool,
    (workspace, actor, key): &(String, String, String),
    limit: i64,
) -> Result<Vec<KeyRow>, StoreError> {
    let query = sqlx::query_as(include_str!("../sql/read_keys.sql"))
        .bind(workspace)
        .bind(actor)
        .bind(key)
        .bind(limit);
    within(query.fetch_all(pool)).await
}

pub(super) async fn places(
    pool: &SqlitePool,
    positions: &[Position],
) -> Result<Vec<NumberedRow>, StoreError> {
    let query = sqlx::query_as(include_str!("../sql/read_places_sqlite.sql"))
        .bind(serde_json::json!(positions).to_string());
    within(query.fetch_all(pool)).await
}

pub(super) async fn load_snapshot(
    pool: &SqlitePool,
    workspace: &WorkspaceId,
    stream: &StreamName,
    fingerprint: [u8; 16],
) -> Result<Option<Snapshot>, StoreError> {
    let query = sqlx::query_as::<_, (i64, Vec<u8>)>(include_str!("../sql/load_snapshot.sql"))
        .bind(workspace.as_str())
        .bind(stream.as_str())
        .bind(fingerprint.to_vec());
    let Some((version, state)) = within(query.fetch_optional(pool)).await? else {
        return Ok(None);
    };
    let (workspace, stream) = (workspace.clone(), stream.clone());
    let version = rows::from_row(version)?.into();
    Ok(Some(Snapshot { workspace, stream, fingerprint, version, state }))
}

pub(super) async fn leases(
    pool: &SqlitePool,
    of: Option<(&WorkspaceId, &str)>,
) -> Result<Vec<Renewal>, StoreError> {
    let query = sqlx::query_as::<_, LeaseRow>(include_str!("../sql/leases.sql"))
        .bind(of.map(|(workspace, _)| workspace.as_str()))
        .bind(of.map(|(_, execution)| execution));
    within(query.fetch_all(pool)).await?.into_iter().map(rows::lease).collect()
}

pub(super) async fn agents(pool: &SqlitePool) -> Result<Vec<AgentPresence>, StoreError> {
    let query = sqlx::query_as::<_, AgentRow>(include_str!("../sql/agents.sql"));
    within(query.fetch_all(pool)).await?.into_iter().map(rows::agent).collect()
}
