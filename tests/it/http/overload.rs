//! Promise 26: too much is turned away at once, with when to come again; what was acknowledged is
//! kept; what keeps agents and the server alive is never turned away; and it is over when it is.

use super::access::key;
use super::house::{Server, Wire, on_every_with};
use anyhow::{Context, Result, ensure};
use planexe_ax::config::{Config, Rates};
use planexe_ax::domain::event::workspace::Role;
use planexe_ax::store::{LogFilter, Position};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// As many clients as can be worked on and wait at once, five times.
const CLIENTS: usize = 80;
const REQUESTS: usize = 6;

fn narrow(in_flight: usize, queue: usize) -> Config {
    let mut config = Config::default();
    config.door.in_flight_max = in_flight;
    config.door.queue_max = queue;
    config.read_connections_max = 2;
    config.rates = Rates::default();
    config
}

/// A request that has its turn, and keeps it until its body comes.
async fn holding(server: &Server) -> Result<Wire> {
    holding_as(server, &("X-Nobody", String::new())).await
}

/// The same by somebody, whom this header names.
async fn holding_as(server: &Server, (name, value): &(&str, String)) -> Result<Wire> {
    let mut wire = server.connect().await?;
    let head = format!(
        "POST /api/agents HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\
         Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n"
    );
    wire.send(head.as_bytes()).await?;
    ensure!(wire.head().await?.starts_with("HTTP/1.1 100 "));
    Ok(wire)
}

const LIST: &[u8] = b"GET /api/agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_one_too_many_is_turned_away_at_once_and_vital_ones_never() -> Result<()>
{
    on_every_with(&narrow(2, 1), async |server| {
        let mut holders = [holding(&server).await?, holding(&server).await?];
        let mut waiting = JoinSet::new();
        for _ in 0..5 {
            let mut wire = server.connect().await?;
            waiting.spawn(async move {
                wire.send(LIST).await?;
                wire.rest().await
            });
        }
        for _ in 0..4 {
            let refused = waiting.join_next().await.context("all are answered")???;
            ensure!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
            ensure!(refused.contains("\"code\":\"overloaded\""), "{refused}");
            ensure!(refused.to_lowercase().contains("retry-after: 2"), "{refused}");
        }
        for path in ["/healthz", "/readyz", "/metrics", "/api/admin/projections"] {
            ensure!(server.get(path).await?.status == 200, "{path} was turned away");
        }
        let beat = server.post("/api/agents/nobody/heartbeat", &json!({})).await?;
        ensure!(beat.status == 404, "a heartbeat was turned away: {beat:?}");
        for holder in &mut holders {
            holder.send(br#"{"name":"Larry","capabilities":["x"]}"#).await?;
            ensure!(holder.answer().await?.status == 201, "what had its turn was not answered");
        }
        let waited = waiting.join_next().await.context("one waited")???;
        ensure!(waited.starts_with("HTTP/1.1 200 "), "{waited}");
        ensure!(server.get("/api/agents").await?.status == 200);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_takes_all_of_its_share_is_turned_away_and_no_other_is() -> Result<()> {
    let mut config = narrow(4, 0);
    config.door.workspace_percent_max = 50;
    on_every_with(&config, async |server| {
        let noisy = key(&server, "noisy", Role::Owner, None).await?.header();
        let agent = key(&server, "noisy", Role::Agent, Some("larry")).await?.header();
        let quiet = key(&server, "quiet", Role::Owner, None).await?.header();
        let ask = async |header: &(&'static str, String), path: &str| {
            server.ask("GET", path, &[(header.0, header.1.as_str())], b"").await
        };
        let mut holders = [holding_as(&server, &noisy).await?, holding_as(&server, &noisy).await?];
        for header in [&noisy, &agent] {
            let refused = ask(header, "/api/agents").await?;
            ensure!(refused.status == 429 && refused.body["code"] == "share_taken", "{refused:?}");
            ensure!(refused.header("retry-after") == Some("1"), "{refused:?}");
            ensure!(refused.body["retryable"] == true, "{refused:?}");
        }
        let bearer = [(agent.0, agent.1.as_str())];
        let beat = server.json("POST", "/api/agents/larry/heartbeat", &bearer, &json!({})).await?;
        ensure!(beat.status == 404, "a heartbeat was turned away: {beat:?}");
        let parked = ask(&agent, "/api/agents/larry/work?wait=1ms").await?;
        ensure!(parked.status != 429, "a poll that waits was turned away: {parked:?}");
        for _ in 0..5 {
            let answered = ask(&quiet, "/api/agents").await?;
            ensure!(answered.status == 200, "another workspace was held up: {answered:?}");
        }
        for holder in &mut holders {
            holder.send(br#"{"name":"Larry","capabilities":["x"]}"#).await?;
            ensure!(holder.answer().await?.status == 201, "what had its place was not answered");
        }
        ensure!(ask(&noisy, "/api/agents").await?.status == 200, "a place was not given back");
        server.stop().await
    })
    .await
}

/// Reports one after the other; answers those that were acknowledged, and how many were shed.
async fn reports(mut wire: Wire, client: usize) -> Result<(Vec<String>, usize)> {
    let (mut acknowledged, mut shed) = (Vec::new(), 0);
    for number in 0..REQUESTS {
        let event_id = format!("report-{client}-{number}");
        let note = json!({"agent_id": "larry", "event_type": "note_added", "notes": event_id,
            "event_id": event_id});
        let body = note.to_string();
        let request = format!(
            "POST /api/executions/first/events HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        wire.send(request.as_bytes()).await?;
        let answer = wire.answer().await?;
        match answer.status {
            201 => acknowledged.push(event_id),
            429 | 503 => {
                ensure!(answer.header("retry-after").is_some(), "{answer:?}");
                shed += 1;
            }
            _ => anyhow::bail!("neither taken nor turned away: {answer:?}"),
        }
    }
    Ok((acknowledged, shed))
}

async fn execution(server: &Server) -> Result<()> {
    let larry = json!({"agent_id": "larry", "name": "Larry", "capabilities": ["x"]});
    ensure!(server.post("/api/agents", &larry).await?.status == 201);
    let plan = json!({"plan_id": "p", "goal": "g", "phases": [{"phase_id": "p1", "name": "n",
        "tasks": [{"task_id": "t1", "title": "t", "subtasks": [{"subtask_id": "s1",
        "action": "x"}]}]}]});
    ensure!(server.post("/api/plans", &plan).await?.status == 201);
    let first = json!({"plan_id": "p", "execution_id": "first"});
    let made = server.post("/api/executions", &first).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn under_five_times_the_load_what_was_acknowledged_is_kept_and_afterwards_all_is_normal()
-> Result<()> {
    on_every_with(&narrow(8, 8), async |server| {
        execution(&server).await?;
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(reports(server.connect().await?, client));
        }
        let (mut acknowledged, mut shed) = (BTreeSet::new(), 0);
        while let Some(client) = clients.join_next().await {
            let (own, turned_away) = client??;
            acknowledged.extend(own);
            shed += turned_away;
        }
        ensure!(shed > 0, "nobody was turned away: the load was none");
        ensure!(!acknowledged.is_empty(), "nothing was done");
        let all = server.store.read_log(Position::ZERO, &LogFilter::default(), 5_000).await?;
        let notes = all.iter().filter(|event| event.kind == "note_added");
        let notes: Vec<String> = notes
            .map(|event| Ok(serde_json::from_slice::<serde_json::Value>(&event.payload)?))
            .map(|note: Result<_>| Ok(note?["text"].as_str().unwrap_or_default().to_owned()))
            .collect::<Result<_>>()?;
        let stored: BTreeSet<String> = notes.iter().cloned().collect();
        ensure!(stored.len() == notes.len(), "something was stored twice");
        ensure!(stored == acknowledged, "{} kept, {}", stored.len(), acknowledged.len());
        ensure!(server.get("/api/executions/first").await?.status == 200);
        server.stop().await
    })
    .await
}
