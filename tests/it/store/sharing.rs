//! Promises 7 and 8: several servers on one PostgreSQL, slow commits, cut connections, callers that
//! leave.

use super::backend::{Backend, exactly, keyed, on_every_backend, workspace, write};
use super::proxy::Proxy;
use anyhow::{Result, bail, ensure};
use planexe_ax::store::{
    AppendError, Expected, LogFilter, Position, Store, StoreConfig, Tailer, Version,
};
use planexe_ax_testkit::{Database, Server, postgres_is_skipped};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Makes each commit take up to three milliseconds longer, while it holds its lock.
const SLOW_COMMITS: &str = "create function nap() returns trigger language plpgsql as $$ begin \
     perform pg_sleep(random() * 0.003); return new; end $$; \
     create trigger nap before insert on batch for each row execute function nap()";

#[tokio::test(flavor = "multi_thread")]
async fn appends_are_linearizable_and_readers_never_skip() -> Result<()> {
    const APPENDS: u64 = 60;
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let stores = [backend.open().await?, backend.open().await?];
    backend.execute(SLOW_COMMITS).await?;
    let total = Position::new(16 * APPENDS);
    let mut readers = JoinSet::new();
    for reader in 0..4_usize {
        readers.spawn(follow(stores[reader % 2].clone(), total));
    }
    let clock = Arc::new(AtomicU64::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..16_usize {
        let store = stores[writer % 2].clone();
        writers.spawn(append_with_retries(store, writer, APPENDS, Arc::clone(&clock)));
    }
    let mut spans: Vec<(u64, u64, Position)> = Vec::new();
    while let Some(spans_of_one) = writers.join_next().await {
        spans.extend(spans_of_one??);
    }
    while let Some(seen) = readers.join_next().await {
        ensure!(seen?? == total, "a reader did not see all");
    }
    check_order(&mut spans)?;
    stores[0].verify().await?;
    for store in stores {
        store.close().await;
    }
    Ok(())
}

/// Appends to one of four streams at the version it knows; a conflict tells it the version.
async fn append_with_retries(
    store: Store,
    writer: usize,
    appends: u64,
    clock: Arc<AtomicU64>,
) -> Result<Vec<(u64, u64, Position)>> {
    let (name, mut version, mut spans) = (format!("s{}", writer % 4), 0, Vec::new());
    for number in 0..appends {
        loop {
            let began = clock.fetch_add(1, Ordering::SeqCst);
            let expected = Expected::Exact(Version::new(version));
            match store.append(write(&name, expected, number)).await {
                Ok(appended) => {
                    let ended = clock.fetch_add(1, Ordering::SeqCst);
                    version = appended.receipt().versions[0].1.get();
                    spans.push((began, ended, appended.receipt().last_position));
                    break;
                }
                Err(AppendError::Conflict { actual, .. }) => version = actual.get(),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(spans)
}

/// What ended before something else began has the smaller position.
fn check_order(spans: &mut [(u64, u64, Position)]) -> Result<()> {
    spans.sort_by_key(|(.., position)| *position);
    let mut began_latest = 0;
    for (began, ended, position) in spans {
        ensure!(*ended > began_latest, "position {position} ended before an earlier one began");
        began_latest = began_latest.max(*began);
    }
    Ok(())
}

async fn follow(store: Store, until: Position) -> Result<Position> {
    let mut follower = Tailer::new(store, Position::ZERO);
    let mut seen = Position::ZERO;
    while seen < until {
        for event in follower.next().await? {
            ensure!(event.position == seen.next(), "{} follows {seen}", event.position);
            seen = event.position;
        }
    }
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_cut_off_is_settled_by_looking() -> Result<()> {
    const APPENDS: u64 = 60;
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = Server::shared()?;
    let database = Database::on(server).await?;
    let proxy = Proxy::before(server).await?;
    let url = proxy.url(&database.name);
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let store = Store::open(&config).await?;
    for number in 1..=APPENDS {
        let appended = store.append(write("a", Expected::Any, number)).await?;
        assert_eq!(appended.receipt().last_position, Position::new(number));
    }
    ensure!(proxy.cuts.load(Ordering::Relaxed) >= APPENDS / 3, "the connection was not cut");
    assert_eq!(store.head().await?.position, Position::new(APPENDS));
    store.verify().await?;
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_keys_on_two_servers_are_stored_once() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let stores = [backend.open().await?, backend.open().await?];
    let mut tasks = JoinSet::new();
    for number in 0..400_u64 {
        let store = stores[usize::from(number % 2 == 0)].clone();
        let key = format!("k{}", number / 8);
        tasks.spawn(async move {
            let request = keyed(write("a", Expected::Any, number / 8), &key, 1);
            let appended = store.append(request).await?;
            anyhow::Ok((number / 8, appended.receipt().clone()))
        });
    }
    let mut receipts = std::collections::BTreeMap::new();
    while let Some(answered) = tasks.join_next().await {
        let (key, receipt) = answered??;
        assert_eq!(*receipts.entry(key).or_insert(receipt.clone()), receipt);
    }
    assert_eq!(stores[0].head().await?.position, Position::new(50));
    for store in stores {
        store.close().await;
    }
    Ok(())
}

/// A server that wrote a stream's last event itself does not read it again, unless it must.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_wrote_is_seen_by_one_that_would_not_look() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let [one, other] = [backend.open().await?, backend.open().await?];
    for round in 0..40 {
        let version = 4 * round;
        one.append(write("a", exactly(version), 1)).await?;
        one.append(keyed(write("a", exactly(version + 1), 2), &format!("one {round}"), 1)).await?;
        let key = format!("other {round}");
        let first = other.append(keyed(write("a", exactly(version + 2), 3), &key, 1)).await?;
        let refused = one.append(write("a", exactly(version + 2), 4)).await;
        let actual = Version::new(version + 3);
        let Err(AppendError::Conflict { actual: found, .. }) = refused else {
            bail!("round {round}: {refused:?}")
        };
        ensure!(found == actual, "round {round}: {found}");
        one.append(write("a", exactly(version + 3), 5)).await?;
        let again = one.append(keyed(write("a", exactly(version + 2), 3), &key, 1)).await?;
        ensure!(again.receipt() == first.receipt(), "round {round}: {again:?}");
    }
    one.verify().await?;
    for store in [one, other] {
        store.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_does_not_stop_its_request_nor_harm_the_next() -> Result<()> {
    on_every_backend(async |store| {
        for number in 0..100_u64 {
            let left =
                store.append(keyed(write("left", Expected::Any, number), &number.to_string(), 1));
            tokio::select! {
                biased;
                _ = left => {}
                () = std::future::ready(()) => {}
            }
            let filter = LogFilter::default();
            let read = store.read_log(Position::ZERO, &filter, 10);
            tokio::select! {
                biased;
                _ = read => {}
                () = std::future::ready(()) => {}
            }
            store.append(write("stayed", Expected::Exact(Version::new(number)), number)).await?;
        }
        assert_eq!(store.head().await?.position, Position::new(200));
        for number in 0..100_u64 {
            let stored = store.stored_answer(&workspace(), "agent:a", &number.to_string()).await?;
            assert!(stored.is_some());
        }
        Ok(())
    })
    .await
}
