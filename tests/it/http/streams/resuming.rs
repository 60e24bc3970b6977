//! Promise 15, at the door: every event, once and in order, through any number of connections that
//! are cut anywhere.

use super::client::{Came, Socket, Sse};
use super::watching::{has_ended, work_all, work_once};
use crate::http::house::{Server, on_every};
use crate::http::work::{LARRY, begin, report};
use anyhow::{Result, ensure};
use planexe_ax::domain::{ExecutionId, StreamName, WorkspaceId};
use planexe_ax::store::Version;
use serde_json::json;

/// How many connections a subscriber goes through.
fn reconnects() -> u64 {
    if std::env::var("AX_TIER").is_ok_and(|tier| tier == "long") { 1_000 } else { 60 }
}

/// What one client saw, through all its connections.
#[derive(Default)]
struct Saw {
    events: Vec<u64>,
    at: u64,
}

impl Saw {
    fn take(&mut self, came: &Came) -> Result<()> {
        let Some(id) = came.id else { return Ok(()) };
        ensure!(self.at <= id, "{id} comes after {}: {came:?}", self.at);
        self.at = id;
        if came.name == "event" {
            ensure!(self.events.last() < Some(&id), "{id} comes twice, or too late");
            self.events.push(id);
        }
        Ok(())
    }
}

fn next_random(random: &mut u64) -> Result<usize> {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
    Ok(usize::try_from(*random >> 40)?)
}

/// Follows an execution through connections that are cut after any number of bytes.
async fn follow(server: &Server, path: &str, seed: u64) -> Result<Saw> {
    let (mut saw, mut random) = (Saw::default(), seed);
    for round in 0..reconnects() {
        let (header, query) = if round % 2 == 0 {
            (format!("Last-Event-ID: {}\r\n", saw.at), "?after=0".to_owned())
        } else {
            (String::new(), format!("?after={}", saw.at))
        };
        let sse = Sse::open_with(server, &format!("{path}{query}"), &header).await?;
        let mut sse = sse.cut_after(next_random(&mut random)? % 6_000);
        while let Some(came) = sse.next().await? {
            saw.take(&came)?;
            if has_ended(&came.frame) || came.frame["execution"]["status"] == "COMPLETED" {
                break;
            }
        }
    }
    Ok(saw)
}

/// An agent that says often how far it is.
async fn work_slowly(server: &Server, execution: &str) -> Result<()> {
    loop {
        let work = server.get(LARRY).await?;
        let task_id = &work.body["next_task"]["task_id"];
        for percent in 0..40 {
            let progress = json!({"agent_id": "agent_larry_001", "event_type": "task_progress",
                "task_id": task_id, "progress_percent": percent, "message": "a step further"});
            report(server, execution, &progress).await?;
        }
        if !work_once(server, execution, "done").await? {
            return Ok(());
        }
    }
}

/// The positions of an execution's events, as the log has them.
async fn logged(server: &Server, execution: &str) -> Result<Vec<u64>> {
    let stream = StreamName::execution(&ExecutionId::parse(execution)?);
    let workspace = WorkspaceId::parse("default")?;
    let events = server.store.read_stream(&workspace, &stream, Version::ZERO, 1_000).await?;
    Ok(events.iter().map(|event| event.position.get()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cut_at_any_byte_sees_every_event_once_and_in_order_also_long() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let (first, second, worked) = tokio::join!(
            follow(&server, &path, 7),
            follow(&server, &path, 11),
            work_slowly(&server, &execution)
        );
        worked?;
        let expected = logged(&server, &execution).await?;
        let head = server.store.head().await?.position.get();
        for saw in [first?, second?] {
            let mut saw = saw;
            let mut sse = Sse::open(&server, &format!("{path}?after={}", saw.at)).await?;
            for came in sse.until(|came| came.name == "snapshot").await? {
                saw.take(&came)?;
            }
            ensure!(saw.at == head, "{} is not the end, {head}", saw.at);
            ensure!(saw.events == expected, "{:?} is not {expected:?}", saw.events);
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_goes_on_where_it_was_and_brings_nothing_twice() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        work_all(&server, &execution).await?;
        let expected = logged(&server, &execution).await?;
        let (mut events, mut after) = (Vec::new(), 0);
        while events.len() < expected.len() {
            let path = format!("/api/executions/{execution}/stream?after={after}");
            let mut socket = Socket::open(&server, &path).await?;
            for _ in 0..3 {
                let frame = socket.one().await?;
                after = frame["position"].as_u64().unwrap_or_default();
                if frame["type"] == "snapshot" {
                    break;
                }
                ensure!(frame["type"] == json!("event"), "{frame}");
                events.push(after);
            }
        }
        ensure!(events == expected, "{events:?} is not {expected:?}");
        server.stop().await
    })
    .await
}
