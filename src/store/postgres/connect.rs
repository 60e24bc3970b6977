//! How connections to PostgreSQL are made, and what the server must be like.

use crate::planted::is_planted;
use crate::store::error::{CommitError, StoreError};
use crate::store::open_error::OpenError;
use sqlx::postgres::{
    PgConnectOptions, PgConnection, PgDatabaseError, PgPool, PgPoolOptions, PgSeverity,
};
use sqlx::{ConnectOptions, Connection};
use std::{future::Future, time::Duration};

/// How long any one exchange with the database may take; then its connection is given up.
const EXCHANGE_MS_MAX: u64 = 15_000;
/// How long a caller waits for a free connection.
const ACQUIRE_MS_MAX: u64 = 5_000;
/// The oldest server that knows every setting that is made.
const VERSION_MIN: i32 = 140_000;

/// Waits for the database, but not for ever: the driver itself has no time-out.
pub(in crate::store) async fn within<T>(
    exchange: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(Duration::from_millis(EXCHANGE_MS_MAX), exchange).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::timed_out()),
    }
}

/// Waits in the same way for a statement that commits by itself: where the server refuses it, and
/// lives on, nothing of it was stored.
pub(super) async fn within_alone<T>(
    exchange: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, CommitError> {
    match tokio::time::timeout(Duration::from_millis(EXCHANGE_MS_MAX), exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) if is_refusal(&error) => Err(CommitError::Refused(error.into())),
        Ok(Err(error)) => Err(CommitError::Unclear(error.into())),
        Err(_) => Err(CommitError::Unclear(StoreError::timed_out())),
    }
}

fn is_refusal(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    let error = error.and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() == PgSeverity::Error)
}

/// The address, with the settings that every connection has.
pub(in crate::store) fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(|_| OpenError::BadAddress)?;
    Ok(options.application_name("planexe-ax").disable_statement_logging().options([
        ("statement_timeout", "10s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_connection_check_interval", "5s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "15s"),
        ("synchronous_commit", "on"),
        ("jit", "off"),
    ]))
}

/// The statements on the log look rows up by their keys, whatever the statistics of a young table
/// say, and however few rows a plan made for any page expects.
const BY_KEY: [(&str, &str); 3] =
    [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")];

/// The settings of the one connection that appends.
pub(super) fn append_options(options: &PgConnectOptions) -> PgConnectOptions {
    let is_asynchronous = is_planted("asynchronous_commit");
    options.clone().options(BY_KEY).options([
        ("synchronous_commit", if is_asynchronous { "off" } else { "on" }),
        ("plan_cache_mode", "force_generic_plan"),
    ])
}

/// One connection, outside any pool.
pub(in crate::store) async fn connect(
    options: &PgConnectOptions,
) -> Result<PgConnection, StoreError> {
    within(PgConnection::connect_with(options)).await
}

/// A pool that connects when it is first used.
pub(super) fn pool(options: &PgConnectOptions, connections_max: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_millis(ACQUIRE_MS_MAX))
        .connect_lazy_with(options.clone().options(BY_KEY))
}

/// The first connection: says clearly why there is none.
pub(in crate::store) async fn first_connection(
    options: &PgConnectOptions,
) -> Result<PgConnection, OpenError> {
    let exchange = PgConnection::connect_with(options);
    let limit = Duration::from_millis(EXCHANGE_MS_MAX);
    let result = tokio::time::timeout(limit, exchange).await;
    let error = match result {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => error,
        Err(_) => return Err(OpenError::Unreachable { source: None }),
    };
    let code = error.as_database_error().and_then(|error| {
        error.try_downcast_ref::<PgDatabaseError>().map(|error| error.code().to_owned())
    });
    Err(match code.as_deref() {
        Some("28P01" | "28000") => OpenError::WrongPassword,
        Some("3D000") => OpenError::NoSuchDatabase,
        Some("53300") => OpenError::NoConnectionLeft,
        Some(_) | None => OpenError::from(StoreError::from(error)),
    })
}

/// Refuses a server that is too old, or that may lose what it acknowledged.
pub(super) async fn check_server(
    connection: &mut PgConnection,
    allow_unsafe: bool,
) -> Result<(), OpenError> {
    let query = sqlx::query_as::<_, (i32, String, String, String, String)>(include_str!(
        "../sql/settings_postgres.sql"
    ));
    let (number, version, fsync, full_page_writes, synchronous_commit) =
        within(query.fetch_one(connection)).await?;
    if number < VERSION_MIN {
        return Err(OpenError::OldPostgres { found: version });
    }
    let checked = [
        ("fsync", fsync == "on"),
        ("full_page_writes", full_page_writes == "on"),
        ("synchronous_commit", !matches!(synchronous_commit.as_str(), "off" | "local")),
    ];
    let off = checked.into_iter().filter(|(_, is_safe)| !is_safe);
    let settings: Vec<String> = off.map(|(name, _)| name.to_owned()).collect();
    if settings.is_empty() {
        return Ok(());
    }
    if !allow_unsafe {
        return Err(OpenError::UnsafeSettings { settings });
    }
    tracing::warn!(?settings, "DURABILITY OFF: a power cut may lose what was acknowledged");
    Ok(())
}
