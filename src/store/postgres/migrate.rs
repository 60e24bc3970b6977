//! Brings a PostgreSQL database up to date: one migrator at a time, each step in one transaction.

use super::connect::within;
use crate::store::error::StoreError;
use crate::store::migrate::{Applied, Migration, POSTGRES, pending};
use crate::store::open_error::OpenError;
use sqlx::PgConnection;

/// Any number will do, as long as every server takes the same.
const BEGIN_ALONE: &str = "begin; select pg_advisory_xact_lock(5207634870105)";
const CREATE_LIST: &str = "create table if not exists schema_migration (\
     number bigint primary key, name text not null, checksum bytea not null)";

/// How often the lock is asked for; each time as long as `lock_timeout` says.
const LOCK_TRIES_MAX: u32 = 15;

/// Carries out what is pending; does nothing, and needs no rights, when nothing is.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), OpenError> {
    let applied = applied(connection).await?;
    if pending(&POSTGRES, &applied)?.is_empty() {
        return Ok(());
    }
    begin_alone(connection).await?;
    let applied = self::applied(connection).await?;
    take(connection, pending(&POSTGRES, &applied)?).await?;
    run(connection, "commit").await?;
    Ok(())
}

/// Takes the steps behind those that were taken, up to a number, in the transaction that is open.
pub(in crate::store) async fn lay_out(
    connection: &mut PgConnection,
    until: i64,
) -> Result<(), OpenError> {
    let applied = applied(connection).await?;
    let pending = pending(&POSTGRES, &applied)?;
    let count = pending.iter().filter(|migration| migration.number <= until).count();
    take(connection, &pending[..count]).await
}

async fn take(connection: &mut PgConnection, pending: &[Migration]) -> Result<(), OpenError> {
    run(connection, CREATE_LIST).await.map_err(|source| failed(1, source))?;
    for migration in pending {
        carry_out(connection, migration)
            .await
            .map_err(|source| failed(migration.number, source))?;
    }
    Ok(())
}

/// Waits for its turn while another server migrates, but not for ever.
async fn begin_alone(connection: &mut PgConnection) -> Result<(), OpenError> {
    for _ in 0..LOCK_TRIES_MAX {
        match run(connection, BEGIN_ALONE).await {
            Err(StoreError::Contended { .. }) => run(connection, "rollback").await?,
            begun => return Ok(begun?),
        }
    }
    Err(OpenError::Locked)
}

fn failed(number: i64, source: StoreError) -> OpenError {
    match source {
        StoreError::DiskFull | StoreError::ReadOnly => source.into(),
        StoreError::Unavailable { .. } => source.into(),
        StoreError::Contended { .. } => OpenError::Locked,
        StoreError::DiskFailed
        | StoreError::Damaged(_)
        | StoreError::WentBackwards
        | StoreError::NoWorkspace
        | StoreError::Tainted
        | StoreError::NotCommitted
        | StoreError::Database { .. } => OpenError::MigrationFailed { number, source },
    }
}

async fn carry_out(connection: &mut PgConnection, migration: &Migration) -> Result<(), StoreError> {
    run(connection, migration.text).await?;
    let query = sqlx::query(include_str!("../sql/insert_migration.sql"))
        .bind(migration.number)
        .bind(migration.name)
        .bind(migration.checksum());
    within(query.execute(connection)).await?;
    Ok(())
}

pub(in crate::store) async fn applied(
    connection: &mut PgConnection,
) -> Result<Vec<Applied>, StoreError> {
    let exists = sqlx::query_as::<_, (bool,)>(include_str!("../sql/has_migrations_postgres.sql"));
    if !within(exists.fetch_one(&mut *connection)).await?.0 {
        return Ok(Vec::new());
    }
    within(sqlx::query_as(include_str!("../sql/applied_migrations.sql")).fetch_all(connection))
        .await
}

async fn run(connection: &mut PgConnection, text: &'static str) -> Result<(), StoreError> {
    within(sqlx::raw_sql(text).execute(connection)).await?;
    Ok(())
}
