//! What is written beside the log in a SQLite file: snapshots and presence, one statement each.

use super::connect::within;
use crate::store::error::StoreError;
use crate::store::presence::{AgentPresence, EndedLease, Renewal};
use crate::store::rows::to_row;
use crate::store::types::Snapshot;
use serde_json::{Value, json};
use sqlx::SqlitePool;

pub(super) async fn save_snapshot(
    pool: &SqlitePool,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    let query = sqlx::query(include_str!("../sql/save_snapshot.sql"))
        .bind(snapshot.workspace.as_str())
        .bind(snapshot.stream.as_str())
        .bind(snapshot.fingerprint.to_vec())
        .bind(to_row(snapshot.version.get()))
        .bind(snapshot.state.as_slice());
    within(query.execute(pool)).await?;
    Ok(())
}

pub(super) async fn renew(pool: &SqlitePool, renewals: &[&Renewal]) -> Result<(), StoreError> {
    let row = |renewal: &&Renewal| {
        json!([
            renewal.workspace,
            renewal.execution_id,
            renewal.task_id,
            renewal.agent_id,
            to_row(renewal.epoch),
            renewal.seen_at.unix_ms(),
            renewal.progress_percent,
        ])
    };
    run(pool, include_str!("../sql/renew_sqlite.sql"), renewals.iter().map(row)).await
}

pub(super) async fn see(pool: &SqlitePool, signs: &[&AgentPresence]) -> Result<(), StoreError> {
    let row =
        |sign: &&AgentPresence| json!([sign.workspace, sign.agent_id, sign.last_seen_at.unix_ms()]);
    run(pool, include_str!("../sql/see_sqlite.sql"), signs.iter().map(row)).await
}

pub(super) async fn forget(pool: &SqlitePool, ended: &[EndedLease]) -> Result<(), StoreError> {
    let row = |lease: &EndedLease| {
        json!([lease.workspace, lease.execution_id, lease.task_id, to_row(lease.epoch)])
    };
    run(pool, include_str!("../sql/forget_sqlite.sql"), ended.iter().map(row)).await
}

async fn run(
    pool: &SqlitePool,
    text: &'static str,
    rows: impl Iterator<Item = Value>,
) -> Result<(), StoreError> {
    let rows = Value::Array(rows.collect()).to_string();
    within(sqlx::query(text).bind(rows).execute(pool)).await?;
    Ok(())
}
