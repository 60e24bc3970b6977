//! What a backup needs of PostgreSQL beside the reads: the answers that are kept, and whole pages
//! of the log put back at once.

use super::connect::within;
use crate::store::error::StoreError;
use crate::store::keep::{KeptKey, NewRows, StreamRow};
use crate::store::rows::to_row;
use crate::store::types::Head;
use sqlx::PgConnection;

pub(in crate::store) async fn read_keys(
    link: &mut PgConnection,
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
    link: &mut PgConnection,
    new: &NewRows<'_>,
) -> Result<(), StoreError> {
    let events = || new.events.iter().map(|(event, _)| event);
    let ids = new.events.iter().map(|(_, stream_id)| to_row(stream_id.get()));
    let query = sqlx::query(include_str!("../sql/keep_put_events_postgres.sql"))
        .bind(events().map(|event| to_row(event.position.get())).collect::<Vec<_>>())
        .bind(ids.collect::<Vec<_>>())
        .bind(events().map(|event| to_row(event.version.get())).collect::<Vec<_>>())
        .bind(events().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(events().map(|event| event.kind.as_str()).collect::<Vec<_>>())
        .bind(events().map(|event| i32::from(event.schema_version)).collect::<Vec<_>>())
        .bind(events().map(|event| event.recorded_at.unix_ms()).collect::<Vec<_>>())
        .bind(events().map(|event| event.payload.as_slice()).collect::<Vec<_>>())
        .bind(events().map(|event| event.metadata.as_slice()).collect::<Vec<_>>())
        .bind(events().map(|event| event.leaf_hash.as_slice()).collect::<Vec<_>>());
    within(query.execute(&mut *link)).await?;
    let batches = || new.batches.iter();
    let query = sqlx::query(include_str!("../sql/keep_put_batches_postgres.sql"))
        .bind(batches().map(|batch| to_row(batch.batch_no)).collect::<Vec<_>>())
        .bind(batches().map(|batch| to_row(batch.first_position.get())).collect::<Vec<_>>())
        .bind(batches().map(|batch| to_row(batch.last_position.get())).collect::<Vec<_>>())
        .bind(batches().map(|batch| batch.hash.as_slice()).collect::<Vec<_>>())
        .bind(batches().map(|batch| batch.leaf_prefixes.as_slice()).collect::<Vec<_>>());
    within(query.execute(link)).await?;
    Ok(())
}

pub(in crate::store) async fn put_streams(
    link: &mut PgConnection,
    rows: &[StreamRow<'_>],
) -> Result<(), StoreError> {
    let query = sqlx::query(include_str!("../sql/keep_put_streams_postgres.sql"))
        .bind(rows.iter().map(|row| to_row(row.stream_id.get())).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.workspace.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| to_row(row.version.get())).collect::<Vec<_>>());
    within(query.execute(link)).await?;
    Ok(())
}

pub(in crate::store) async fn put_keys(
    link: &mut PgConnection,
    keys: &[KeptKey],
) -> Result<(), StoreError> {
    let query = sqlx::query(include_str!("../sql/keep_put_keys_postgres.sql"))
        .bind(keys.iter().map(|key| key.workspace.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.actor.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.request_hash.as_slice()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.receipt.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.answer.as_slice()).collect::<Vec<_>>());
    within(query.execute(link)).await?;
    Ok(())
}

pub(in crate::store) async fn set_head(
    link: &mut PgConnection,
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
