//! Promises 1 and 2: what was acknowledged survives the death of the engine and of the database.

use super::backend::{Backend, keyed, write};
use super::ledger::Ledger;
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{AppendError, AppendRequest, Expected, Store, StoreConfig, StoreError};
use planexe_ax_testkit::{Database, Durability, Server, postgres_is_skipped};
use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

pub(crate) const CHILD_URL: &str = "AX_TEST_CHILD_URL";
pub(crate) const CHILD_ROUND: &str = "AX_TEST_CHILD_ROUND";
const WRITERS: u64 = 16;
const ROUNDS: u64 = 5;

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(below) % below
}

/// A request that can be found again: its event names its key.
fn named(key: &str, number: u64) -> AppendRequest {
    let stream = format!("s{}", number % 8);
    let mut request = keyed(write(&stream, Expected::Any, number), key, 1);
    request.writes[0].events[0].metadata = key.as_bytes().to_vec();
    request
}

/// Not a test by itself: what a killed process does until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_appends_until_it_is_killed() -> Result<()> {
    let (Ok(url), Ok(round)) = (std::env::var(CHILD_URL), std::env::var(CHILD_ROUND)) else {
        return Ok(());
    };
    let config = StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) };
    let store = Store::open(&config).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, round) = (store.clone(), round.clone());
        writers.spawn(async move {
            for number in 0.. {
                let key = format!("{round}-{writer}-{number}");
                println!("\nintent {key}");
                let appended = store.append(named(&key, number)).await?;
                println!("\nack {key} {}", appended.receipt().last_position);
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Lets a child work, kills it after some acknowledgements, and returns what it said until then.
pub(crate) async fn kill_a_child(
    test: &str,
    url: &str,
    round: u64,
    ledger: &mut Ledger,
) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(CHILD_URL, url)
        .env(CHILD_ROUND, round.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    let enough = ledger.acks.len() + 1 + usize::try_from(random(600))?;
    while ledger.acks.len() < enough {
        let line = lines.next_line().await?.context("the child ended by itself")?;
        ledger.note(&line)?;
    }
    child.start_kill()?;
    while let Some(line) = lines.next_line().await? {
        ledger.note(&line)?;
    }
    child.wait().await?;
    Ok(())
}

async fn kill_children_on(backend: &Backend) -> Result<()> {
    let mut ledger = Ledger::default();
    for round in 0..ROUNDS {
        let test = "store::killing::a_child_appends_until_it_is_killed";
        kill_a_child(test, &backend.config().url, round, &mut ledger).await?;
        let store = backend.open().await?;
        ledger.check(&store).await?;
        store.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_engine_on_sqlite() -> Result<()> {
    kill_children_on(&Backend::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_engine_on_postgresql() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    kill_children_on(&Backend::postgres().await?).await
}

/// Writers that repeat each request until it is acknowledged, whatever happens to the database.
struct Load {
    ledger: Arc<Mutex<Ledger>>,
    acks: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    writers: tokio::task::JoinSet<Result<()>>,
}

impl Load {
    fn start(store: &Store) -> Self {
        let mut load = Self {
            ledger: Arc::default(),
            acks: Arc::default(),
            is_over: Arc::default(),
            writers: tokio::task::JoinSet::new(),
        };
        for writer in 0..WRITERS {
            let (store, ledger) = (store.clone(), Arc::clone(&load.ledger));
            let (acks, is_over) = (Arc::clone(&load.acks), Arc::clone(&load.is_over));
            load.writers.spawn(async move {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{writer}-{number}");
                    let note = |line: String| {
                        ledger.lock().unwrap_or_else(PoisonError::into_inner).note(&line)
                    };
                    note(format!("intent {key}"))?;
                    let appended = loop {
                        match store.append(named(&key, number)).await {
                            Ok(appended) => break appended,
                            Err(AppendError::Store(lost @ StoreError::WentBackwards)) => {
                                return Err(lost.into());
                            }
                            Err(_) => {}
                        }
                    };
                    note(format!("ack {key} {}", appended.receipt().last_position))?;
                    acks.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
        }
        load
    }

    /// Returns when so many more requests have been acknowledged, or a writer gave up.
    async fn advance(&mut self, count: u64) -> Result<()> {
        let until = self.acks.load(Ordering::Relaxed) + count;
        while self.acks.load(Ordering::Relaxed) < until {
            if let Some(ended) = self.writers.try_join_next() {
                ended??;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Ledger> {
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writers.join_next().await {
            ended??;
        }
        Ok(std::mem::take(&mut *self.ledger.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_database_and_the_engine_goes_on() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = Arc::new(Server::start(Durability::On)?);
    let database = Database::on(&server).await?;
    let store = Store::open(&StoreConfig::new(&database.url)).await?;
    let mut load = Load::start(&store);
    for round in 0..4 {
        load.advance(random(300)).await?;
        let server = Arc::clone(&server);
        match round % 3 {
            0 => kill_a_backend(&database).await?,
            1 => {
                tokio::task::spawn_blocking(move || server.kill().and_then(|()| server.run()))
                    .await??
            }
            _ => {
                let restart = move || server.stop_immediately().and_then(|()| server.run());
                tokio::task::spawn_blocking(restart).await??;
            }
        }
        load.advance(20).await?;
    }
    let ledger = load.end().await?;
    ensure!(ledger.acks.len() == ledger.intents.len(), "a request was never acknowledged");
    ledger.check(&store).await?;
    store.close().await;
    Ok(())
}

/// The server ends every connection and recovers when one of its processes is killed.
async fn kill_a_backend(database: &Database) -> Result<()> {
    let appending = "select pid::bigint from pg_stat_activity \
         where application_name = 'planexe-ax' and datname = current_database() \
         order by (query like 'commit%') desc limit 1";
    let pid = database.number(appending).await?;
    let killed = Command::new("kill").arg("-KILL").arg(pid.to_string()).status().await?;
    ensure!(killed.success(), "process {pid} was not there");
    Ok(())
}
