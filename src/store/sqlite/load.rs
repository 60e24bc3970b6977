//! What a backup needs of SQLite beside the reads: the answers that are kept, and whole pages
//! of the log put back at once.

use super::connect::within;
use super::rows_text::RowsText;
use crate::store::error::StoreError;
use crate::store::keep::{KeptKey, NewRows, StreamRow};
use crate::store::rows::to_row;
use crate::store::types::Head;
use sqlx::SqliteConnection;
use std::sync::LazyLock;

static EVENTS: LazyLock<RowsText> = LazyLock::new(|| {
    RowsText::new(
        "insert into event (position, stream_id, version, event_id, kind, schema_version, \
         recorded_at_ms, payload, metadata, leaf_hash) values",
        10,
        "",
    )
});
static BATCHES: LazyLock<RowsText> = LazyLock::new(|| {
    RowsText::new(
        "insert into batch (batch_no, first_position, last_position, hash, leaf_prefixes) values",
        5,
        "",
    )
});
static STREAMS: LazyLock<RowsText> = LazyLock::new(|| {
    RowsText::new("insert into stream (stream_id, workspace, name, version) values", 4, "")
});
static KEYS: LazyLock<RowsText> = LazyLock::new(|| {
    RowsText::new(
        "insert into append_key (workspace, actor, key, request_hash, receipt, answer) values",
        6,
        "",
    )
});

pub(in crate::store) async fn read_keys(
    link: &mut SqliteConnection,
    (workspace, actor, key): &(String, String, String),
    limit: i64,
) -> Result<Vec<KeptKey>, StoreError> {
    let query = sqlx::query_as(include_str!("../sql/keep_read_keys.sql"))
        .bind(workspace)
        .bind(actor)
        .bind(key)
        .bind(limit);
    within(query.fetch_all(link)).await?.into_iter().map(KeptKey::of_row).collect()
}

pub(in crate::store) async fn put_log(
    link: &mut SqliteConnection,
    new: &NewRows<'_>,
) -> Result<(), StoreError> {
    for (text, piece) in EVENTS.cut(new.events) {
        let mut query = sqlx::query(text);
        for (event, stream_id) in piece {
            query = query
                .bind(to_row(event.position.get()))
                .bind(to_row(stream_id.get()))
                .bind(to_row(event.version.get()))
                .bind(event.event_id)
                .bind(event.kind.as_str())
                .bind(i32::from(event.schema_version))
                .bind(event.recorded_at.unix_ms())
                .bind(event.payload.as_slice())
                .bind(event.metadata.as_slice())
                .bind(event.leaf_hash.as_slice());
        }
        within(query.execute(&mut *link)).await?;
    }
    for (text, piece) in BATCHES.cut(new.batches) {
        let mut query = sqlx::query(text);
        for batch in piece {
            query = query
                .bind(to_row(batch.batch_no))
                .bind(to_row(batch.first_position.get()))
                .bind(to_row(batch.last_position.get()))
                .bind(batch.hash.as_slice())
                .bind(batch.leaf_prefixes.as_slice());
        }
        within(query.execute(&mut *link)).await?;
    }
    Ok(())
}

pub(in crate::store) async fn put_streams(
    link: &mut SqliteConnection,
    rows: &[StreamRow<'_>],
) -> Result<(), StoreError> {
    for (text, piece) in STREAMS.cut(rows) {
        let mut query = sqlx::query(text);
        for row in piece {
            query = query
                .bind(to_row(row.stream_id.get()))
                .bind(row.workspace.as_str())
                .bind(row.name.as_str())
                .bind(to_row(row.version.get()));
        }
        within(query.execute(&mut *link)).await?;
    }
    Ok(())
}

pub(in crate::store) async fn put_keys(
    link: &mut SqliteConnection,
    keys: &[KeptKey],
) -> Result<(), StoreError> {
    for (text, piece) in KEYS.cut(keys) {
        let mut query = sqlx::query(text);
        for key in piece {
            query = query
                .bind(key.workspace.as_str())
                .bind(key.actor.as_str())
                .bind(key.key.as_str())
                .bind(key.request_hash.as_slice())
                .bind(key.receipt.as_str())
                .bind(key.answer.as_slice());
        }
        within(query.execute(&mut *link)).await?;
    }
    Ok(())
}

pub(in crate::store) async fn set_head(
    link: &mut SqliteConnection,
    head: &Head,
) -> Result<(), StoreError> {
    let query = sqlx::query(include_str!("../sql/keep_set_head.sql"))
        .bind(head.log_id)
        .bind(to_row(head.position.get()))
        .bind(to_row(head.batch_no))
        .bind(head.batch_hash.as_slice());
    within(query.execute(link)).await?;
    Ok(())
}
