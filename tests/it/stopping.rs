//! Promise 25: a server that is asked to stop under load answers everything that it accepted, loses
//! nothing that it acknowledged, and leaves no client without an answer.

use crate::program::Server;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{LogFilter, Position, Store, StoreConfig};
use planexe_ax_testkit::{Database, Durability, Folder, Server as Postgres, postgres_is_skipped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc;

/// How many clients report at once, each over one connection.
const CLIENTS: usize = 32;
/// How many acknowledged reports there are before the server is asked to stop.
const REPORTS_BEFORE: usize = 200;

/// What a client saw.
#[derive(Debug, Default)]
struct Seen {
    /// The reports that were acknowledged, with their positions.
    acknowledged: BTreeMap<String, u64>,
    /// What came neither with an acknowledgement nor with a refusal.
    unknown: Vec<String>,
}

fn post(path: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The status, whether the connection goes on, and the body.
fn answer(reader: &mut impl BufRead) -> Result<(u16, bool, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).context("no status")?.parse()?;
    let (mut length, mut goes_on) = (0, true);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_lowercase();
        match header.split_once(": ") {
            Some(("content-length", value)) => length = value.parse()?,
            Some(("connection", "close")) => goes_on = false,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((status, goes_on, serde_json::from_slice(&body)?))
}

/// Reports over one connection until the server closes it.
fn client(address: &str, number: usize, done: &mpsc::Sender<()>) -> Seen {
    let mut seen = Seen::default();
    let Ok(stream) = TcpStream::connect(address) else { return seen };
    let mut reader = BufReader::new(&stream);
    for count in 0.. {
        let event_id = format!("report-{number}-{count}");
        let note = json!({"agent_id": "larry", "event_type": "note_added", "notes": event_id,
            "event_id": event_id});
        let request = post("/api/executions/first/events", &note);
        let sent = (&stream).write_all(request.as_bytes());
        let answered = sent.map_err(anyhow::Error::from).and_then(|()| answer(&mut reader));
        match answered {
            Ok((201, goes_on, body)) => {
                seen.acknowledged.insert(event_id, body["position"].as_u64().unwrap_or_default());
                if done.send(()).is_err() || !goes_on {
                    return seen;
                }
            }
            Ok((status, _, body)) => {
                seen.unknown.push(format!("{event_id}: {status} {body}"));
                return seen;
            }
            Err(error) => {
                seen.unknown.push(format!("{event_id}: {error}"));
                return seen;
            }
        }
    }
    seen
}

fn prepare(server: &Server) -> Result<()> {
    let plan = json!({"plan_id": "p", "goal": "g", "phases": [{"phase_id": "p1", "name": "n",
        "tasks": [{"task_id": "t1", "title": "t", "subtasks": [{"subtask_id": "s1",
        "action": "x"}]}]}]});
    let requests = [
        post("/api/agents", &json!({"agent_id": "larry", "name": "L", "capabilities": ["x"]})),
        post("/api/plans", &plan),
        post("/api/executions", &json!({"plan_id": "p", "execution_id": "first"})),
    ];
    let stream = TcpStream::connect(&server.address)?;
    let mut reader = BufReader::new(&stream);
    for request in requests {
        (&stream).write_all(request.as_bytes())?;
        let (status, _, body) = answer(&mut reader)?;
        ensure!(status == 201, "{status} {body}");
    }
    Ok(())
}

async fn stops_under_load(url: &str) -> Result<()> {
    let mut server = Server::start_changed(Folder::new()?, |command| {
        command.env("DATABASE_URL", url).env("AX_LOG", "warn").stderr(Stdio::piped());
    });
    prepare(&server)?;
    let (done, reported) = mpsc::channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (address, done) = (server.address.clone(), done.clone());
            std::thread::spawn(move || client(&address, number, &done))
        })
        .collect();
    drop(done);
    ensure!(reported.iter().take(REPORTS_BEFORE).count() == REPORTS_BEFORE, "too few reports");
    let ended = server.terminate();
    let said = server.said();
    let mut all = Seen::default();
    for client in clients {
        let seen = client.join().ok().context("a client panicked")?;
        all.acknowledged.extend(seen.acknowledged);
        all.unknown.extend(seen.unknown);
    }
    ensure!(ended.code() == Some(0), "{ended}: {said}");
    ensure!(all.unknown.is_empty(), "{} of {CLIENTS}: {:?}", all.unknown.len(), all.unknown);
    ensure!(!said.contains("unanswered"), "it took too long: {said}");
    let store = Store::open(&StoreConfig::new(url)).await?;
    let stored = notes(&store).await?;
    store.close().await;
    ensure!(stored == all.acknowledged, "{} of {}", stored.len(), all.acknowledged.len());
    Ok(())
}

/// The notes in the log, with their positions.
async fn notes(store: &Store) -> Result<BTreeMap<String, u64>> {
    let filter = LogFilter { kinds: vec!["note_added".into()], ..LogFilter::default() };
    let (mut notes, mut after) = (BTreeMap::new(), Position::ZERO);
    loop {
        let page = store.read_log(after, &filter, 1_000).await?;
        for event in &page {
            let note: Value = serde_json::from_slice(&event.payload)?;
            let text = note["text"].as_str().context("no text")?.to_owned();
            ensure!(notes.insert(text, event.position.get()).is_none(), "it was stored twice");
            after = event.position;
        }
        if page.len() < 1_000 {
            return Ok(notes);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_under_load_leaves_no_request_open_on_sqlite() -> Result<()> {
    let backend = Backend::sqlite()?;
    stops_under_load(&backend.config().url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_under_load_leaves_no_request_open_on_postgresql() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = Postgres::start(Durability::On)?;
    let database = Database::on(&server).await?;
    stops_under_load(&database.url).await
}
