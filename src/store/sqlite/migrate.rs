//! Brings a SQLite file up to date, each time in one transaction.

use super::connect::within;
use crate::store::error::StoreError;
use crate::store::migrate::{Applied, Migration, SQLITE, pending};
use crate::store::open_error::OpenError;
use sqlx::SqliteConnection;

const CREATE_LIST: &str = "create table if not exists schema_migration (\
     number integer primary key, name text not null, checksum blob not null) strict";

/// Carries out what is pending.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let applied = applied(connection).await?;
    let pending = pending(&SQLITE, &applied)?;
    if pending.is_empty() {
        return Ok(());
    }
    run(connection, "begin immediate").await?;
    take(connection, pending).await?;
    run(connection, "commit").await?;
    Ok(())
}

/// Takes the steps behind those that were taken, up to a number, in the transaction that is open.
pub(in crate::store) async fn lay_out(
    connection: &mut SqliteConnection,
    until: i64,
) -> Result<(), OpenError> {
    let applied = applied(connection).await?;
    let pending = pending(&SQLITE, &applied)?;
    let count = pending.iter().filter(|migration| migration.number <= until).count();
    take(connection, &pending[..count]).await
}

async fn take(connection: &mut SqliteConnection, pending: &[Migration]) -> Result<(), OpenError> {
    run(connection, CREATE_LIST).await?;
    for migration in pending {
        carry_out(connection, migration).await.map_err(|source| match source {
            StoreError::Database { .. } => {
                OpenError::MigrationFailed { number: migration.number, source }
            }
            StoreError::DiskFull
            | StoreError::ReadOnly
            | StoreError::Unavailable { .. }
            | StoreError::Contended { .. }
            | StoreError::DiskFailed
            | StoreError::Damaged(_)
            | StoreError::WentBackwards
            | StoreError::NoWorkspace
            | StoreError::Tainted
            | StoreError::NotCommitted => source.into(),
        })?;
    }
    Ok(())
}

async fn carry_out(
    connection: &mut SqliteConnection,
    migration: &Migration,
) -> Result<(), StoreError> {
    run(connection, migration.text).await?;
    let query = sqlx::query(include_str!("../sql/insert_migration.sql"))
        .bind(migration.number)
        .bind(migration.name)
        .bind(migration.checksum());
    within(query.execute(connection)).await?;
    Ok(())
}

pub(in crate::store) async fn applied(
    connection: &mut SqliteConnection,
) -> Result<Vec<Applied>, StoreError> {
    let exists = sqlx::query_as::<_, (i64,)>(
        "select count(*) from sqlite_schema where type = 'table' and name = 'schema_migration'",
    );
    if within(exists.fetch_one(&mut *connection)).await?.0 == 0 {
        return Ok(Vec::new());
    }
    within(sqlx::query_as(include_str!("../sql/applied_migrations.sql")).fetch_all(connection))
        .await
}

async fn run(connection: &mut SqliteConnection, text: &'static str) -> Result<(), StoreError> {
    within(sqlx::raw_sql(text).execute(connection)).await?;
    Ok(())
}
