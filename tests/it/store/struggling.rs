//! The way to the database is slow, crowded or cut: work goes on, and nothing waits for ever.

use super::backend::{Backend, keyed, workspace, write};
use super::ledger::Ledger;
use super::proxy::Proxy;
use anyhow::{Result, ensure};
use planexe_ax::store::{
    AppendError, AppendRequest, Expected, OpenError, Position, Snapshot, Store, StoreConfig,
    StoreError, Version,
};
use planexe_ax_testkit::{Database, Server, postgres_is_skipped};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Who waits for a lock, since when.
const WAITING: &str = "select (extract(epoch from query_start) * 1000)::bigint as since \
     from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

fn config(url: &str) -> StoreConfig {
    StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) }
}

/// Returns when somebody who waited for a lock has given up and waits again.
async fn until_it_waits_again(database: &Database) -> Result<()> {
    let first = format!("select coalesce(max(since), 0) from ({WAITING}) as waiting");
    let first = database.until(&first).await?;
    let again = format!("select count(*) from ({WAITING}) as waiting where since > {first}");
    database.until(&again).await?;
    Ok(())
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(below) % below
}

fn named(key: &str, number: u64) -> AppendRequest {
    let mut request = keyed(write(&format!("s{}", number % 8), Expected::Any, number), key, 1);
    request.writes[0].events[0].metadata = key.as_bytes().to_vec();
    request
}

/// Asks, and stops waiting after a random while.
async fn ask_and_leave<T>(question: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_micros(random(12_000)), question).await.ok()
}

/// One caller: appends and reads, and mostly leaves before the answer.
async fn come_and_go(store: Store, ledger: Arc<Mutex<Ledger>>, caller: u64) -> Result<()> {
    let note = |line: String| ledger.lock().unwrap_or_else(PoisonError::into_inner).note(&line);
    for number in 0..40 {
        let key = format!("{caller}-{number}");
        note(format!("intent {key}"))?;
        if let Some(Ok(appended)) = ask_and_leave(store.append(named(&key, number))).await {
            note(format!("ack {key} {}", appended.receipt().last_position))?;
        }
        ask_and_leave(store.head()).await;
        let snapshot = Snapshot {
            workspace: workspace(),
            stream: super::backend::stream("s1"),
            fingerprint: [1; 16],
            version: Version::new(number),
            state: vec![0; 2000],
        };
        ask_and_leave(store.save_snapshot(&snapshot)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_that_leave_lose_nothing_and_poison_no_connection() -> Result<()> {
    const CALLERS: u64 = 25;
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = Server::shared()?;
    let database = Database::on(server).await?;
    let proxy = Proxy::slow(server).await?;
    let url = proxy.url(&database.name);
    let config = StoreConfig { read_connections_max: 4, ..config(&url) };
    let store = Store::open(&config).await?;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(come_and_go(store.clone(), Arc::clone(&ledger), caller));
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let mut ledger = std::mem::take(&mut *ledger.lock().unwrap_or_else(PoisonError::into_inner));
    let left = ledger.intents.len() - ledger.acks.len();
    ensure!(left > 100, "only {left} left early");
    let mut again = JoinSet::new();
    for key in ledger.intents.clone() {
        let store = store.clone();
        let number = key.rsplit('-').next().unwrap_or_default().parse()?;
        again.spawn(async move { anyhow::Ok((store.append(named(&key, number)).await?, key)) });
    }
    while let Some(appended) = again.join_next().await {
        let (appended, key) = appended??;
        let position = appended.receipt().last_position.get();
        let first = ledger.acks.insert(key, position).unwrap_or(position);
        ensure!(first == position, "{first} was acknowledged, and {position} when asked again");
    }
    ensure!(ledger.acks.len() == ledger.intents.len());
    store.close().await;
    let direct = Backend::Postgres(database).open().await?;
    ledger.check(&direct).await?;
    direct.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_are_stuck_hold_up_no_writer() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let config = StoreConfig { read_connections_max: 2, ..config(&database.url) };
    let store = Store::open(&config).await?;
    let held = database.hold("lock table snapshot in access exclusive mode").await?;
    let mut stuck = JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        stuck.spawn(async move {
            let stream = super::backend::stream("a");
            store.load_snapshot(&workspace(), &stream, [1; 16]).await.is_ok()
        });
    }
    let waiting = format!("select count(*) / 2 from ({WAITING}) as waiting");
    database.until(&waiting).await?;
    for number in 1..=50 {
        store.append(write("a", Expected::Any, number)).await?;
    }
    ensure!(stuck.try_join_next().is_none_or(|ended| !matches!(ended, Ok(true))), "not stuck");
    held.let_go().await?;
    while stuck.join_next().await.is_some() {}
    assert_eq!(store.head().await?.position, Position::new(50));
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_is_cut_off_again_and_again_still_hears_of_commits() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let (near, far) = (backend.open().await?, backend.open().await?);
    let mut wake = near.wake();
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and query like 'LISTEN%'";
    for number in 1..=5_u64 {
        backend.execute(cut).await?;
        far.append(write("a", Expected::Any, number)).await?;
        backend.execute(cut).await?;
        wake.wait_for(|position| position.get() >= number).await?;
    }
    near.close().await;
    far.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_head_too_long_is_waited_for_in_short_turns() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let store = Store::open(&config(&database.url)).await?;
    let held = database.hold("select 1 from log_head for update").await?;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move { store.append(write("a", Expected::Any, 1)).await })
    };
    until_it_waits_again(&database).await?;
    held.let_go().await?;
    assert_eq!(appending.await??.receipt().last_position, Position::new(1));
    store.close().await;
    Ok(())
}

/// The first batch takes a minute; every batch notes the settings that it is written under.
const NAP_AND_NOTE: &str = "create sequence naps; \
     create table noted (name text primary key, setting text not null); \
     create function nap_and_note() returns trigger language plpgsql as $$ begin \
     if nextval('naps') = 1 then perform pg_sleep(60); end if; \
     insert into noted select name, setting from pg_settings \
     where (name, setting) in (('statement_timeout', '10000'), ('lock_timeout', '2000'), \
     ('idle_in_transaction_session_timeout', '10000'), ('synchronous_commit', 'on'), \
     ('client_connection_check_interval', '5000')) on conflict do nothing; \
     return new; end $$; \
     create trigger nap before insert on batch for each row execute function nap_and_note()";

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_given_up_and_done_again() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let store = Store::open(&config(&database.url)).await?;
    database.execute(NAP_AND_NOTE).await?;
    let appended = store.append(write("a", Expected::Any, 1)).await?;
    assert_eq!(appended.receipt().last_position, Position::new(1));
    assert!(database.number("select last_value from naps").await? > 1);
    assert_eq!(database.number("select count(*) from noted").await?, 5);
    store.verify().await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_turns_read_only_is_named_and_written_again_afterwards() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let store = Store::open(&config(&database.url)).await?;
    let name = &database.name;
    for (number, setting) in (1..).zip(["on", "off"]) {
        let turn = format!("alter database {name} set default_transaction_read_only = {setting}");
        let admin = Database { url: Server::shared()?.url("postgres"), name: String::new() };
        admin.execute(&turn).await?;
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()";
        database.number(cut).await?;
        let outcome = store.append(write("a", Expected::Any, number)).await;
        let is_refused = matches!(outcome, Err(AppendError::Store(StoreError::ReadOnly)));
        ensure!(is_refused == (setting == "on"), "{setting}: {outcome:?}");
    }
    assert_eq!(store.head().await?.position, Position::new(1));
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_for_its_turn_while_another_one_migrates() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let held = database.hold("select pg_advisory_xact_lock(5207634870105)").await?;
    let opening = {
        let config = config(&database.url);
        tokio::spawn(async move { Store::open(&config).await })
    };
    until_it_waits_again(&database).await?;
    held.let_go().await?;
    opening.await??.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_connection_left_is_told_from_one_that_is_down() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let database = Database::shared().await?;
    let create = "do $$ begin create role ax_crowded login connection limit 0; \
         exception when duplicate_object or unique_violation then null; end $$";
    database.execute(create).await?;
    let url = database.url.replace("user=postgres", "user=ax_crowded");
    let refused = Store::open(&config(&url)).await.err();
    ensure!(matches!(refused, Some(OpenError::NoConnectionLeft)), "{refused:?}");
    Ok(())
}
