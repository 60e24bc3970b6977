//! The database fails: what was acknowledged stays, nothing else is stored, and the reason is
//! named.

use super::backend::{Backend, workspace, write};
use super::tampering::allow_tampering;
use anyhow::{Result, bail, ensure};
use planexe_ax::store::{
    AppendError, AppendRequest, Expected, OpenError, Position, Store, StoreConfig, StoreError,
};
use planexe_ax_testkit::{
    Confinement, Database, Durability, Server, confined, give_to_server, postgres_is_skipped,
};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::Path;

/// More appends than any of the small disks holds.
const APPENDS_MAX: u64 = 4000;
const BALLAST_BYTES: usize = 512 << 10;

/// An event of 16 KiB that no database makes smaller.
fn large(number: u64) -> AppendRequest {
    let mut request = write("a", Expected::Any, number);
    let words =
        (0..2_u64 << 10).map(|word| BuildHasherDefault::<DefaultHasher>::new().hash_one(word));
    request.writes[0].events[0].payload = words.flat_map(u64::to_be_bytes).collect();
    request
}

/// Appends until it is refused; says how many were acknowledged, and why no more were.
async fn append_until_refused(store: &Store) -> Result<(u64, AppendError)> {
    for number in 0..APPENDS_MAX {
        if let Err(error) = store.append(large(number)).await {
            return Ok((number, error));
        }
    }
    bail!("it was never refused")
}

/// Fills the disk of a store up, makes some room again, and finds everything in order.
async fn survives_a_full_disk(store: &Store, disk: &Path) -> Result<()> {
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST_BYTES])?;
    let (stored, refused) = append_until_refused(store).await?;
    ensure!(matches!(refused, AppendError::Store(StoreError::DiskFull)), "{refused:?}");
    ensure!(store.head().await?.position == Position::new(stored));
    let again = store.append(large(0)).await;
    ensure!(matches!(again, Err(AppendError::Store(StoreError::DiskFull))), "{again:?}");
    std::fs::remove_file(&ballast)?;
    store.append(large(0)).await?;
    let verified = store.verify().await?;
    ensure!(verified.events == stored + 1, "{verified:?} after {stored} acknowledged");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_a_file_refuses_and_goes_on_when_there_is_room() -> Result<()> {
    let test = "store::failing::a_full_disk_under_a_file_refuses_and_goes_on_when_there_is_room";
    let Some(disk) = confined(test, Confinement::SmallDisk(4 << 10))? else { return Ok(()) };
    let url = format!("sqlite:{}", disk.join("ax.db").display());
    let store = Store::open(&StoreConfig::new(&url)).await?;
    survives_a_full_disk(&store, &disk).await?;
    store.close().await;
    std::fs::write(disk.join("ballast"), vec![1; 8 << 20]).expect_err("it fills the disk");
    let fresh = Store::open(&StoreConfig::new(format!("{url}2"))).await;
    ensure!(matches!(fresh.err(), Some(OpenError::DiskFull)), "a fresh file on a full disk");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_a_server_refuses_and_goes_on_when_there_is_room() -> Result<()> {
    let test = "store::failing::a_full_disk_under_a_server_refuses_and_goes_on_when_there_is_room";
    if postgres_is_skipped() {
        return Ok(());
    }
    let Some(disk) = confined(test, Confinement::SmallDisk(16 << 10))? else { return Ok(()) };
    let space = disk.join("space");
    std::fs::create_dir(&space)?;
    give_to_server(&space)?;
    let server = Server::start(Durability::Off)?;
    let database = Database::on(&server).await?;
    let name = &database.name;
    let admin = Database { url: server.url("postgres"), name: "postgres".to_owned() };
    admin.execute(&format!("create tablespace small location '{}'", space.display())).await?;
    admin.execute(&format!("alter database {name} set tablespace small")).await?;
    let backend = Backend::Postgres(database);
    let store = backend.open().await?;
    survives_a_full_disk(&store, &disk).await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_failed_to_write_is_never_written_again() -> Result<()> {
    let test = "store::failing::a_disk_that_failed_to_write_is_never_written_again";
    let Some(folder) = confined(test, Confinement::ShortFiles(1 << 10))? else { return Ok(()) };
    let url = format!("sqlite:{}", folder.join("ax.db").display());
    let store = Store::open(&StoreConfig::new(&url)).await?;
    let (stored, refused) = append_until_refused(&store).await?;
    let is_failure =
        matches!(refused, AppendError::OutcomeUnknown | AppendError::Store(StoreError::DiskFailed));
    ensure!(is_failure, "{refused:?}");
    let small = store.append(write("a", Expected::Any, 1)).await;
    ensure!(matches!(small, Err(AppendError::Store(StoreError::DiskFailed))), "{small:?}");
    ensure!(store.verify().await?.events == stored);
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_went_backwards_is_not_written_by_who_saw_it_further() -> Result<()> {
    let backup = "delete from event where position > 3; delete from batch where batch_no > 3; \
         update stream set version = 3; update log_head set position = 3, batch_no = 3, \
         batch_hash = (select hash from batch where batch_no = 3)";
    for backend in Backend::every().await?.into_iter().skip(1) {
        for has_appended in [true, false] {
            let mut store = backend.open().await?;
            for number in store.head().await?.position.get()..5 {
                store.append(write("a", Expected::Any, number)).await?;
            }
            if !has_appended {
                store.close().await;
                store = backend.open().await?;
            } else {
                allow_tampering(&backend).await?;
            }
            backend.execute(backup).await?;
            let refused = store.append(write("a", Expected::Any, 6)).await;
            let is_noticed = matches!(refused, Err(AppendError::Store(StoreError::WentBackwards)));
            ensure!(is_noticed, "{refused:?}");
            ensure!(store.head().await?.position == Position::new(3));
            store.close().await;
        }
        let store = backend.open().await?;
        store.append(write("a", super::backend::exactly(3), 4)).await?;
        store.verify().await?;
        store.close().await;
    }
    Ok(())
}

/// Makes the next so many batches fail with a code.
fn fail_with(code: &str, times: u32) -> String {
    format!(
        "drop sequence if exists failures; create sequence failures; \
         create or replace function fail() returns trigger language plpgsql as $$ begin \
         if nextval('failures') <= {times} then raise exception 'planted' \
         using errcode = '{code}'; \
         end if; return new; end $$; \
         create or replace trigger fail before insert on batch \
         for each row execute function fail()"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_tried_again_until_it_is_stored_once() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let store = backend.open().await?;
    let codes = ["40001", "40P01", "55P03", "57014", "57P01", "57P03", "53300", "08006", "25P03"];
    for (number, code) in (1..).zip(codes) {
        backend.execute(&fail_with(code, 2)).await?;
        let appended = store.append(write("a", Expected::Any, number)).await?;
        assert_eq!(appended.receipt().last_position, Position::new(number), "after {code}");
    }
    store.verify().await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_named_at_once_and_stores_nothing() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let store = backend.open().await?;
    for code in ["53100", "25006", "58030", "22012"] {
        backend.execute(&fail_with(code, 1)).await?;
        let refused = match store.append(write("a", Expected::Any, 1)).await {
            Err(AppendError::Store(error)) => error,
            other => bail!("{code}: {other:?}"),
        };
        let is_named = match code {
            "53100" => matches!(refused, StoreError::DiskFull),
            "25006" => matches!(refused, StoreError::ReadOnly),
            "58030" => matches!(refused, StoreError::DiskFailed),
            _ => matches!(refused, StoreError::Database { .. }),
        };
        ensure!(is_named, "{code}: {refused:?}");
        ensure!(store.head().await?.batch_no == 0, "{code}: something was stored");
    }
    store.append(write("a", Expected::Any, 1)).await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_that_the_database_refuses_hurts_no_other_of_its_batch() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let store = backend.open().await?;
    let refuse = "create function refuse() returns trigger language plpgsql as $$ begin \
         if convert_from(new.payload, 'UTF8') like '%:13}' then \
         raise exception 'planted' using errcode = '22012'; end if; return new; end $$; \
         create trigger refuse before insert on event for each row execute function refuse()";
    backend.execute(refuse).await?;
    let mut tasks = Vec::new();
    for number in 0..40 {
        let store = store.clone();
        let request = write(&format!("s{number}"), Expected::NoStream, number);
        tasks.push(tokio::spawn(async move { (number, store.append(request).await) }));
    }
    for task in tasks {
        let (number, outcome) = task.await?;
        ensure!(outcome.is_err() == (number == 13), "{number}: {outcome:?}");
    }
    ensure!(store.verify().await?.events == 39);
    ensure!(store.stored_answer(&workspace(), "agent:a", "k").await?.is_none());
    store.close().await;
    Ok(())
}
