//! Two servers on one PostgreSQL, each a process of its own: they behave as one, also when one of
//! them is killed under load.

use super::house::{Answer, answered, written};
use crate::engine::log;
use crate::program::Server;
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax_testkit::{Database, Durability, Folder, Server as Postgres, postgres_is_skipped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long a key may be good elsewhere after it was revoked.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);
/// How many write at once to the server that is killed.
const WRITERS: usize = 8;
/// How many answers there are before it is killed.
const ANSWERS_BEFORE: usize = 100;

/// A server of this house, as a client knows it.
#[derive(Clone)]
struct Door {
    address: String,
    key: Option<String>,
}

impl Door {
    fn of(server: &Server) -> Self {
        Self { address: server.address().to_owned(), key: None }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        self.ask_with(method, path, &[], body).await
    }

    async fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer> {
        let bearer = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        all.extend_from_slice(headers);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        answered(&self.address, &written(method, path, &all, body.as_bytes())).await
    }

    async fn get(&self, path: &str) -> Result<Answer> {
        self.ask("GET", path, &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.ask("POST", path, body).await
    }
}

/// Two servers, their database, and its server; gone with this value.
struct Pair {
    a: Server,
    b: Server,
    database: Database,
    _postgres: Postgres,
}

impl Pair {
    async fn start() -> Result<Option<Self>> {
        if postgres_is_skipped() {
            return Ok(None);
        }
        let postgres = Postgres::start(Durability::On)?;
        let database = Database::on(&postgres).await?;
        let (first, second) = (database.url.clone(), database.url.clone());
        let start = |url: String| {
            let folder = Folder::new();
            tokio::task::spawn_blocking(move || {
                Ok::<_, anyhow::Error>(Server::start_with(&["--database", &url], folder?))
            })
        };
        let a = start(first).await??;
        let b = start(second).await??;
        Ok(Some(Self { a, b, database, _postgres: postgres }))
    }

    async fn store(&self) -> Result<Store> {
        Ok(Store::open(&StoreConfig::new(&self.database.url)).await?)
    }
}

/// So many calls, each of which waits for the one before, and an execution of it.
async fn begin(door: &Door, calls: usize) -> Result<()> {
    let parts: Vec<_> = (0..calls)
        .map(|number| {
            let before: Vec<_> =
                number.checked_sub(1).map(|it| format!("s{it}")).into_iter().collect();
            json!({"subtask_id": format!("s{number}"), "action": "call", "depends_on": before})
        })
        .collect();
    let plan = json!({"plan_id": "p", "goal": "Call", "phases": [{"phase_id": "a", "name": "A",
        "tasks": [{"task_id": "t", "title": "Call", "subtasks": parts}]}]});
    ensure!(door.post("/api/plans", &plan).await?.status == 201);
    for agent in ["larry", "marie"] {
        let agent = json!({"agent_id": agent, "name": agent, "capabilities": ["call"]});
        ensure!(door.post("/api/agents", &agent).await?.status == 201);
    }
    let made = door.post("/api/executions", &json!({"plan_id": "p", "execution_id": "e"})).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(())
}

fn done(agent: &str, work: &Answer) -> Value {
    let task = &work.body["next_task"];
    json!({"agent_id": agent, "event_type": "task_complete", "task_id": task["task_id"],
        "lease": task["lease"]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_parked_at_one_server_gets_what_a_report_at_the_other_makes_ready()
-> Result<()> {
    let Some(pair) = Pair::start().await? else { return Ok(()) };
    let (a, b) = (Door::of(&pair.a), Door::of(&pair.b));
    begin(&a, 6).await?;
    let mut work = a.get("/api/agents/larry/work?wait=20s").await?;
    for turn in 0..5 {
        let (holder, waiter) = if turn % 2 == 0 { ("larry", "marie") } else { ("marie", "larry") };
        let (at_holder, at_waiter) = if turn % 2 == 0 { (&b, &a) } else { (&a, &b) };
        let report = done(holder, &work);
        let path = format!("/api/agents/{waiter}/work?wait=20s");
        let parked = at_waiter.get(&path);
        let told = at_holder.post("/api/executions/e/events", &report);
        let (parked, told) = tokio::join!(parked, told);
        ensure!(told?.status == 201);
        work = parked?;
        let task = format!("s{}", turn + 1);
        ensure!(work.status == 200 && work.body["next_task"]["task_id"] == task, "{work:?}");
    }
    let told = b.post("/api/executions/e/events", &done("marie", &work)).await?;
    ensure!(told.body["status"] == "COMPLETED", "{told:?}");
    for door in [&a, &b] {
        let seen =
            door.get(&format!("/api/executions/e?min_position={}", told.position()?)).await?;
        ensure!(seen.body["progress"]["percent"] == 100, "{seen:?}");
    }
    log::check(&pair.store().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_know_the_same_keys_of_requests_versions_and_commands() -> Result<()> {
    let Some(pair) = Pair::start().await? else { return Ok(()) };
    let (a, b) = (Door::of(&pair.a), Door::of(&pair.b));
    begin(&a, 1).await?;
    let key = [("Idempotency-Key", "pause-1")];
    let (path, pause) = ("/api/executions/e", json!({"status": "PAUSED"}));
    let first = a.ask_with("PATCH", path, &key, &pause).await?;
    let again = b.ask_with("PATCH", path, &key, &pause).await?;
    ensure!(first.status == 200 && again.body == first.body, "{first:?} {again:?}");
    let other = b.ask_with("PATCH", path, &key, &json!({"status": "RUNNING"})).await?;
    ensure!(other.status == 422 && other.body["code"] == "key_reused", "{other:?}");
    ensure!(a.get("/api/agents/larry/work").await?.status == 204, "paused at both");
    let seen = [("If-Match", first.header("etag").context("no ETag")?)];
    let resumed = b.ask_with("PATCH", path, &seen, &json!({"status": "RUNNING"})).await?;
    ensure!(resumed.status == 200, "{resumed:?}");
    let outdated = a.ask_with("PATCH", path, &seen, &pause).await?;
    ensure!(outdated.status == 412 && outdated.body["code"] == "version_mismatch", "{outdated:?}");
    let (one, two) = tokio::join!(
        a.get("/api/agents/larry/work?wait=5s"),
        b.get("/api/agents/marie/work?wait=1s")
    );
    let granted = [one?, two?].iter().filter(|work| work.status == 200).count();
    ensure!(granted == 1, "the task was granted {granted} times");
    log::check(&pair.store().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_revoked_at_one_server_is_void_at_the_other_within_a_second() -> Result<()> {
    let Some(pair) = Pair::start().await? else { return Ok(()) };
    let (mut a, mut b) = (Door::of(&pair.a), Door::of(&pair.b));
    let owner = a.post("/api/keys", &json!({"name": "owner", "role": "owner"})).await?;
    a.key = owner.body["api_key"].as_str().map(str::to_owned);
    let wish = json!({"name": "auditor", "role": "auditor"});
    let made = a.post("/api/keys", &wish).await?;
    b.key = made.body["api_key"].as_str().map(str::to_owned);
    let becomes = async |wanted: u16| -> Result<()> {
        while b.get("/api/executions").await?.status != wanted {}
        Ok(())
    };
    tokio::time::timeout(REVOKED_WITHIN, becomes(200)).await.context("it is not known")??;
    let path = format!("/api/keys/{}", made.body["key_id"].as_str().context("no key_id")?);
    ensure!(a.ask("DELETE", &path, &Value::Null).await?.status == 200);
    tokio::time::timeout(REVOKED_WITHIN, becomes(401)).await.context("it is still good")?
}

/// What the writers were told: the event of each report that was acknowledged, by its own id.
#[derive(Default)]
struct Ledger {
    acknowledged: Mutex<BTreeMap<String, String>>,
    is_enough: Notify,
}

impl Ledger {
    fn keep(&self, report: &str, answer: &Answer) -> Result<()> {
        let event = answer.body["event_id"].as_str().context("no event_id")?.to_owned();
        let mut acknowledged = self.acknowledged.lock().expect("nobody panics");
        let before = acknowledged.insert(report.to_owned(), event.clone());
        ensure!(before.is_none_or(|before| before == event), "{report} has two answers");
        if acknowledged.len() >= ANSWERS_BEFORE {
            self.is_enough.notify_one();
        }
        Ok(())
    }
}

fn note(report: &str) -> Value {
    json!({"agent_id": "larry", "event_type": "note_added", "event_id": report, "notes": report})
}

/// Notes one thing after the other, until the server is gone; what it did not learn of the last.
async fn write(door: Door, ledger: Arc<Ledger>, name: usize) -> Result<String> {
    for number in 0.. {
        let report = format!("{name}-{number}");
        match door.post("/api/executions/e/events", &note(&report)).await {
            Ok(answer) if answer.status == 201 => ledger.keep(&report, &answer)?,
            Ok(answer) => anyhow::bail!("{answer:?}"),
            Err(_) => return Ok(report),
        }
    }
    unreachable!("there is no last number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_loses_nothing_and_the_other_goes_on() -> Result<()> {
    let Some(pair) = Pair::start().await? else { return Ok(()) };
    let (a, b) = (Door::of(&pair.a), Door::of(&pair.b));
    begin(&a, 2).await?;
    let work = a.get("/api/agents/larry/work").await?;
    let ledger = Arc::new(Ledger::default());
    let mut writers = JoinSet::new();
    for name in 0..WRITERS {
        writers.spawn(write(a.clone(), Arc::clone(&ledger), name));
    }
    ledger.is_enough.notified().await;
    let Pair { a: killed, b: _other, database, _postgres } = pair;
    drop(killed);
    let mut unclear = Vec::new();
    while let Some(ended) = writers.join_next().await {
        unclear.push(ended??);
    }
    for report in &unclear {
        let answer = b.post("/api/executions/e/events", &note(report)).await?;
        ensure!(matches!(answer.status, 200 | 201), "{answer:?}");
        ledger.keep(report, &answer)?;
    }
    let told = b.post("/api/executions/e/events", &done("larry", &work)).await?;
    ensure!(told.status == 201, "a lease outlives the server that gave it: {told:?}");
    ensure!(b.get("/api/agents/marie/work?wait=20s").await?.status == 200);
    let store = Store::open(&StoreConfig::new(&database.url)).await?;
    log::check(&store).await?;
    let acknowledged = ledger.acknowledged.lock().expect("nobody panics").clone();
    let stored = log::read(&store).await?;
    let mut notes = BTreeMap::new();
    for event in stored.iter().filter(|event| event.kind == "note_added") {
        let payload: Value = serde_json::from_slice(&event.payload)?;
        let text = payload["text"].as_str().context("no text")?.to_owned();
        ensure!(notes.insert(text, event.event_id.to_string()).is_none(), "{payload} twice");
    }
    ensure!(notes == acknowledged, "what was acknowledged and what is stored differ");
    Ok(())
}
