//! What is written beside the log on PostgreSQL: snapshots and presence, one statement each.

use super::connect::within;
use crate::store::error::StoreError;
use crate::store::presence::{AgentPresence, EndedLease, Renewal};
use crate::store::rows::to_row;
use crate::store::types::Snapshot;
use sqlx::PgPool;

pub(super) async fn save_snapshot(pool: &PgPool, snapshot: &Snapshot) -> Result<(), StoreError> {
    let query = sqlx::query(include_str!("../sql/save_snapshot.sql"))
        .bind(snapshot.workspace.as_str())
        .bind(snapshot.stream.as_str())
        .bind(snapshot.fingerprint.to_vec())
        .bind(to_row(snapshot.version.get()))
        .bind(snapshot.state.as_slice());
    within(query.execute(pool)).await?;
    Ok(())
}

pub(super) async fn renew(pool: &PgPool, renewals: &[&Renewal]) -> Result<(), StoreError> {
    let each = || renewals.iter();
    let progress = |renewal: &&Renewal| renewal.progress_percent.map(i16::from);
    let query = sqlx::query(include_str!("../sql/renew_postgres.sql"))
        .bind(each().map(|renewal| renewal.workspace.as_str()).collect::<Vec<_>>())
        .bind(each().map(|renewal| renewal.execution_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|renewal| renewal.task_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|renewal| renewal.agent_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|renewal| to_row(renewal.epoch)).collect::<Vec<_>>())
        .bind(each().map(|renewal| renewal.seen_at.unix_ms()).collect::<Vec<_>>())
        .bind(each().map(progress).collect::<Vec<_>>());
    within(query.execute(pool)).await?;
    Ok(())
}

pub(super) async fn see(pool: &PgPool, signs: &[&AgentPresence]) -> Result<(), StoreError> {
    let each = || signs.iter();
    let query = sqlx::query(include_str!("../sql/see_postgres.sql"))
        .bind(each().map(|sign| sign.workspace.as_str()).collect::<Vec<_>>())
        .bind(each().map(|sign| sign.agent_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|sign| sign.last_seen_at.unix_ms()).collect::<Vec<_>>());
    within(query.execute(pool)).await?;
    Ok(())
}

pub(super) async fn forget(pool: &PgPool, ended: &[EndedLease]) -> Result<(), StoreError> {
    let each = || ended.iter();
    let query = sqlx::query(include_str!("../sql/forget_postgres.sql"))
        .bind(each().map(|lease| lease.workspace.as_str()).collect::<Vec<_>>())
        .bind(each().map(|lease| lease.execution_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|lease| lease.task_id.as_str()).collect::<Vec<_>>())
        .bind(each().map(|lease| to_row(lease.epoch)).collect::<Vec<_>>());
    within(query.execute(pool)).await?;
    Ok(())
}
