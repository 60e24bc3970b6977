//! What is seen by those who watch: how things stand, and then all that happens.

use super::client::{Came, Socket, Sse};
use crate::http::house::{Server, on_every};
use crate::http::work::{LARRY, begin, report};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::event::agent::{AgentKind, AgentProfile, Capability};
use planexe_ax::domain::{
    ActionName, Actor, AgentId, Command, ExecutionId, StreamName, Title, WorkspaceId,
};
use planexe_ax::engine::Request;
use planexe_ax::reading::{FeedFilter, Wanted};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Does one task as the documents have it; false when there is none.
pub(super) async fn work_once(server: &Server, execution: &str, message: &str) -> Result<bool> {
    let work = server.get(LARRY).await?;
    if work.status == 204 {
        return Ok(false);
    }
    let task_id = &work.body["next_task"]["task_id"];
    let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
        "task_id": task_id, "message": message});
    let answer = report(server, execution, &done).await?;
    ensure!(answer.status == 201, "{answer:?}");
    Ok(true)
}

/// Carries the execution on to its end.
pub(super) async fn work_all(server: &Server, execution: &str) -> Result<()> {
    while work_once(server, execution, "done").await? {}
    Ok(())
}

pub(super) fn has_ended(frame: &Value) -> bool {
    frame["type"] == "execution_update" && frame["status"] == "COMPLETED"
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_sees_how_an_execution_stands_and_then_all_that_an_agent_does() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut sse = Sse::open(&server, &path).await?;
        let head = sse.head.to_ascii_lowercase();
        for line in [
            "content-type: text/event-stream; charset=utf-8",
            "cache-control: no-store",
            "x-accel-buffering: no",
        ] {
            ensure!(head.contains(line), "{head} has no {line}");
        }
        let first = sse.one().await?;
        ensure!(first.name == "snapshot" && first.id == first.frame["position"].as_u64());
        ensure!(first.frame["execution"]["status"] == "RUNNING", "{first:?}");
        ensure!(first.frame["tasks"].as_array().map(Vec::len) == Some(7), "{first:?}");
        work_all(&server, &execution).await?;
        let came = sse.until(|came| has_ended(&came.frame)).await?;
        let update = &came.last().context("nothing came")?.frame;
        ensure!(update["progress"]["percent"] == 100, "{update}");
        let ids: Vec<_> = came.iter().map(|came| came.id).collect();
        ensure!(ids.is_sorted() && ids.iter().all(Option::is_some), "{ids:?}");
        let of = |kind: &str| came.iter().filter(|it| it.frame["event_type"] == kind).count();
        ensure!(of("task_completed") == 3 && of("task_granted") == 3, "{came:?}");
        let complete = |it: &Came| it.name == "task_update" && it.frame["status"] == "COMPLETE";
        if !came.iter().any(complete) {
            sse.until(complete).await?;
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_brings_the_same_frames_and_takes_the_sub_protocol() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let ticket = server.post("/api/tickets", &json!({})).await?;
        let offered = format!("ax.v1, {}", ticket.body["token"].as_str().context("no ticket")?);
        let offered = [("sec-websocket-protocol", offered.as_str())];
        let mut socket = Socket::open_with(&server, &path, &offered).await?;
        ensure!(socket.protocol.as_deref() == Some("ax.v1"), "{:?}", socket.protocol);
        let first = socket.one().await?;
        ensure!(first["type"] == "snapshot", "{first}");
        work_all(&server, &execution).await?;
        let from_socket = socket.until(has_ended).await?;
        let after = format!("/api/executions/{execution}/stream?after={}", first["position"]);
        let mut sse = Sse::open(&server, &after).await?;
        let again = sse.until(|came| came.name == "snapshot").await?;
        let events = |frames: Vec<&Value>| -> Vec<Value> {
            frames.into_iter().filter(|it| it["type"] == "event").cloned().collect()
        };
        let live = events(from_socket.iter().collect());
        let again = events(again.iter().map(|came| &came.frame).collect());
        ensure!(!live.is_empty() && live == again, "{live:?} is not {again:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sentence_in_a_frame_is_the_one_in_the_window_live_and_when_read_again() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut live = Sse::open(&server, &path).await?;
        work_all(&server, &execution).await?;
        let live = live.until(|came| has_ended(&came.frame)).await?;
        let mut again = Sse::open(&server, &format!("{path}?after=0")).await?;
        let again = again.until(|came| came.name == "snapshot").await?;
        let filter = FeedFilter {
            execution_id: Some(ExecutionId::parse(&execution)?),
            ..FeedFilter::default()
        };
        let (workspace, wanted) = (WorkspaceId::parse("default")?, Wanted::default());
        let rows = server.reader.feed(&workspace, &filter, &wanted).await?.rows;
        let rows = rows.into_iter().map(|it| (it.row.event_position, it.row.sentence));
        let rows: BTreeMap<_, _> = rows.collect();
        for (came, least) in [(live, 6), (again, rows.len())] {
            let events: Vec<_> = came.iter().filter(|came| came.name == "event").collect();
            ensure!(events.len() >= least, "{} of {least}", events.len());
            for came in events {
                let position = came.id.context("an event without a position")?;
                let sentence = rows.get(&position).context("no row")?;
                ensure!(came.frame["message"] == **sentence, "{} is not {sentence}", came.frame);
            }
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_says_arrives_as_it_was_said_and_breaks_no_frame() -> Result<()> {
    const SAID: &str =
        "two\nlines\r\n\r\nevent: evil\u{2028}\ndata: {}\n\n<script>alert('x')</script>";
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut sse = Sse::open(&server, &path).await?;
        let mut socket = Socket::open(&server, &path).await?;
        work_once(&server, &execution, SAID).await?;
        let came = sse.until(|came| came.frame["event_type"] == "task_completed").await?;
        let frame = &came.last().context("nothing came")?.frame;
        ensure!(frame["said"] == SAID, "{frame}");
        let came = socket.until(|frame| frame["event_type"] == "task_completed").await?;
        ensure!(came.last().is_some_and(|other| other == frame), "{came:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_comes_and_a_wish_that_means_nothing_is_refused() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        work_all(&server, &execution).await?;
        let events = async |wish: &str| -> Result<Vec<Value>> {
            let mut sse = Sse::open(&server, &format!("{path}?after=0&{wish}")).await?;
            let came = sse.until(|came| came.name == "snapshot").await?;
            let events = came.into_iter().filter(|came| came.name == "event");
            Ok(events.map(|came| came.frame).collect())
        };
        let done = events("types=task_completed,task_failed").await?;
        ensure!(done.len() == 3, "{done:?}");
        ensure!(done.iter().all(|it| it["event_type"] == "task_completed"), "{done:?}");
        let one = events("types=task_completed&task_id=task_2_1_a").await?;
        ensure!(one.len() == 1 && one[0]["task_id"] == "task_2_1_a", "{one:?}");
        ensure!(events("agent_id=agent_marie").await?.is_empty());
        for wish in ["types=task_done", "task_id=a%20b", "after=first", "kind=event"] {
            let refused = server.get(&format!("{path}?{wish}")).await?;
            ensure!(refused.status == 400 && refused.body["code"] == "bad_request", "{refused:?}");
        }
        let headers = [("Last-Event-ID", "yesterday")];
        let refused = server.ask("GET", &path, &headers, b"").await?;
        ensure!(refused.status == 400, "{refused:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_brings_its_executions_and_a_workspace_all_that_happens_in_it() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let mut plan = Sse::open(&server, "/api/plans/plan_prospecting/stream?after=0").await?;
        let mut all = Sse::open(&server, "/api/stream?after=0").await?;
        let snapshot = |came: &Came| came.name == "snapshot";
        let told = plan.until(snapshot).await?;
        ensure!(told[0].frame["event_type"] == "plan_imported", "{told:?}");
        let last = &told.last().context("nothing came")?.frame;
        ensure!(last["executions"][0]["execution_id"] == *execution, "{last}");
        let told = all.until(snapshot).await?;
        ensure!(told[0].frame["event_type"] == "agent_registered", "{told:?}");
        work_all(&server, &execution).await?;
        plan.until(|came| has_ended(&came.frame)).await?;
        all.until(|came| has_ended(&came.frame)).await?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_or_foreign_is_told_alike_before_anything_is_streamed() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        register_elsewhere(&server, "agent_foreign").await?;
        let mut bodies = Vec::new();
        for path in ["agents/agent_absent", "agents/agent_foreign", "executions/x", "plans/x"] {
            let path = format!("/api/{path}/stream");
            let refused = server.get(&path).await?;
            ensure!(refused.status == 404, "{refused:?}");
            ensure!(Socket::open(&server, &path).await.is_err(), "{path} was opened");
            bodies.push(refused.body["detail"].clone());
        }
        ensure!(bodies[0] == bodies[1], "{bodies:?}");
        let mut all = Sse::open(&server, "/api/stream?after=0").await?;
        let told = all.until(|came| came.name == "snapshot").await?;
        ensure!(!format!("{told:?}").contains("foreign"), "{told:?}");
        ensure!(*server.streams.open().borrow() == 1, "what was refused has a place");
        server.stop().await
    })
    .await
}

/// An agent of another workspace.
async fn register_elsewhere(server: &Server, agent_id: &str) -> Result<()> {
    let agent_id = AgentId::parse(agent_id)?;
    let profile = AgentProfile {
        name: Title::parse("Foreign")?,
        role: None,
        kind: AgentKind::Agent,
        capabilities: vec![Capability { action: ActionName::parse("dig")?, params: Vec::new() }],
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: 1,
    };
    let (workspace, stream) = (WorkspaceId::parse("other")?, StreamName::agent(&agent_id));
    let command = Command::Agent(AgentCommand::Register { agent_id, profile });
    server.engine.execute(Request::new(&workspace, stream, command, Actor::user("eve")?)).await?;
    Ok(())
}
