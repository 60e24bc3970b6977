//! What cannot be opened says why, and is left as it was.

use super::backend::{Backend, write};
use anyhow::Result;
use planexe_ax::store::{Expected, OpenError, Store, StoreConfig};
use planexe_ax_testkit::{Database, Server, SqliteFile, postgres_is_skipped};

async fn refused(url: impl Into<String>) -> OpenError {
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    match Store::open(&config).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_no_known_kind_is_refused() {
    assert!(matches!(refused("mysql://there/db").await, OpenError::BadAddress));
    assert!(matches!(refused("postgres://host:port/db").await, OpenError::BadAddress));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_login_a_missing_database_and_a_silent_server_are_told_apart() -> Result<()> {
    assert!(matches!(refused("postgres://127.0.0.1:1/ax").await, OpenError::Unreachable { .. }));
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = Server::shared()?;
    let stranger = server.url("postgres").replace("user=postgres", "user=nobody_here");
    assert!(matches!(refused(stranger).await, OpenError::WrongPassword));
    assert!(matches!(refused(server.url("not_here")).await, OpenError::NoSuchDatabase));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unsafe_settings_are_refused_unless_they_are_allowed() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let refused = Store::open(&StoreConfig::new(&database.url)).await;
    let Err(OpenError::UnsafeSettings { settings }) = refused else {
        anyhow::bail!("it was opened");
    };
    assert_eq!(settings, ["fsync", "full_page_writes"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_a_gapped_and_a_changed_schema_are_refused_on_every_database() -> Result<()> {
    for backend in Backend::every().await? {
        if matches!(backend, Backend::Memory(_)) {
            continue;
        }
        let url = backend.config().url;
        backend.open().await?.close().await;
        let change = "update schema_migration set checksum = substr(checksum, 2)";
        backend.execute(change).await?;
        assert!(matches!(refused(&url).await, OpenError::ChangedMigration { number: 1 }));
        backend.execute("delete from schema_migration where number = 1").await?;
        assert!(matches!(refused(&url).await, OpenError::MissingMigration { number: 1 }));
        let later = "insert into schema_migration \
             select 99, 'later', checksum from schema_migration limit 1";
        backend.execute(later).await?;
        assert!(matches!(refused(&url).await, OpenError::NewerDatabase { found: 99, known: 8 }));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_only_reads_is_refused() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let name = &database.name;
    let setting = format!("alter database {name} set default_transaction_read_only = on");
    database.execute(&setting).await?;
    assert!(matches!(refused(&database.url).await, OpenError::ReadOnly));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_a_database_is_left_as_it_was() -> Result<()> {
    let file = SqliteFile::new()?;
    let text = "a shopping list, and certainly no database at all".repeat(100);
    std::fs::write(file.path(), &text)?;
    assert!(matches!(refused(file.url()).await, OpenError::NotADatabase { .. }));
    assert_eq!(std::fs::read_to_string(file.path())?, text);
    let missing = format!("sqlite:{}/no/such/folder/ax.db", file.folder().display());
    assert!(matches!(refused(missing).await, OpenError::CannotOpen { .. }));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_opener_of_a_file_is_told_who_has_it() -> Result<()> {
    let file = SqliteFile::new()?;
    let store = Store::open(&StoreConfig::new(file.url())).await?;
    let OpenError::InUse { pid, .. } = refused(file.url()).await else {
        anyhow::bail!("the second was not told");
    };
    assert_eq!(pid, std::process::id().to_string());
    store.append(write("a", Expected::Any, 1)).await?;
    store.close().await;
    assert!(!file.folder().join("ax.db-wal").exists(), "the journal was not moved in");
    Store::open(&StoreConfig::new(file.url())).await?.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_may_open_a_fresh_database_at_once() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let opened = tokio::try_join!(backend.open(), backend.open(), backend.open())?;
    for store in [opened.0, opened.1, opened.2] {
        store.append(write("a", Expected::Any, 1)).await?;
        store.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_a_server_appends_and_reads_and_can_change_nothing() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let backend = Backend::Postgres(database);
    backend.open().await?.close().await;
    let Backend::Postgres(database) = &backend else { anyhow::bail!("it is PostgreSQL") };
    let create = "do $$ begin create role ax_server login in role ax_runtime; \
         exception when duplicate_object or unique_violation then null; end $$";
    database.execute(create).await?;
    let url = database.url.replace("user=postgres", "user=ax_server");
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let store = Store::open(&config).await?;
    store.append(super::backend::keyed(write("a", Expected::Any, 1), "k", 1)).await?;
    store.verify().await?;
    store.close().await;
    for table in ["event", "batch", "append_key"] {
        for change in ["delete from", "truncate"] {
            let allowed = format!("set role ax_server; {change} {table}");
            let error = database.execute(&allowed).await.expect_err("it is refused");
            assert!(format!("{error:#}").contains("permission denied"), "{error:#}");
        }
    }
    let update = "set role ax_server; update event set payload = ''";
    let error = database.execute(update).await.expect_err("it is refused");
    assert!(format!("{error:#}").contains("permission denied"), "{error:#}");
    Ok(())
}
