//! What operators and auditors ask over HTTP.

use super::house::{Answer, Server, on_every};
use crate::store::backend::{event, writes};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::StreamName;
use planexe_ax::store::{AppendRequest, Expected, LogFilter, NewEvent, Position, StreamWrite};
use serde_json::{Value, json};
use std::ops::Range;

async fn agents(server: &Server, numbers: Range<usize>) -> Result<()> {
    for number in numbers {
        let agent = json!({"agent_id": format!("agent-{number}"), "name": "canary-name",
            "capabilities": ["x"]});
        ensure!(server.post("/api/agents", &agent).await?.status == 201);
    }
    Ok(())
}

/// Asks until the rebuild is not under way any more.
async fn finished(server: &Server, place: &str) -> Result<Answer> {
    loop {
        let rebuild = server.get(place).await?;
        ensure!(rebuild.status == 200, "{rebuild:?}");
        if rebuild.body["is_under_way"] == false {
            return Ok(rebuild);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_made_anew_gone_back_from_and_dropped() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..3).await?;
        let begun = server.post("/api/admin/projections/agents/rebuild", &json!({})).await?;
        ensure!(begun.status == 202 && begun.body["generation"] == 2, "{begun:?}");
        let place = begun.header("location").context("no Location")?.to_owned();
        ensure!(place == "/api/admin/rebuilds/agents.2", "{place}");
        let made = finished(&server, &place).await?;
        ensure!(made.body["phase"] == "live", "{made:?}");
        let known = server.get("/api/admin/projections").await?;
        let known = known.body["projections"].as_array().context("no list")?.clone();
        let retired = known.iter().find(|it| it["rebuild_id"] == "agents.1").context("gone")?;
        ensure!(retired["phase"] == "retired" && retired["stopped_at"].is_null(), "{retired}");
        let steer = async |task: &str| {
            server.post(&format!("/api/admin/rebuilds/agents.1/{task}"), &json!({})).await
        };
        let refused = steer("cancel").await?;
        ensure!(refused.status == 409 && refused.body["code"] == "wrong_state", "{refused:?}");
        ensure!(steer("explode").await?.status == 404);
        let dropped = steer("drop").await?;
        ensure!(dropped.status == 200, "{dropped:?}");
        ensure!(server.get("/api/admin/rebuilds/agents.1").await?.status == 404);
        let live = server.post("/api/admin/rebuilds/agents.2/drop", &json!({})).await?;
        ensure!(live.status == 409, "{live:?}");
        for absent in ["agents.9", "agents", "nothing.1"] {
            let absent = server.get(&format!("/api/admin/rebuilds/{absent}")).await?;
            ensure!(absent.status == 404, "{absent:?}");
        }
        let nothing = server.post("/api/admin/projections/nothing/rebuild", &json!({})).await?;
        ensure!(nothing.status == 404, "{nothing:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_kept_ready_waits_until_it_is_switched_to() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..2).await?;
        let path = "/api/admin/projections/agents/rebuild?keep_ready=true";
        ensure!(server.post(path, &json!({})).await?.status == 202);
        let place = "/api/admin/rebuilds/agents.2";
        while server.get(place).await?.body["phase"] != "ready" {}
        let switched = server.post(&format!("{place}/switch"), &json!({})).await?;
        ensure!(switched.status == 200 && switched.body["phase"] == "live", "{switched:?}");
        let back = server.post("/api/admin/rebuilds/agents.1/rollback", &json!({})).await?;
        ensure!(back.status == 200, "{back:?}");
        finished(&server, "/api/admin/rebuilds/agents.1").await?;
        server.stop().await
    })
    .await
}

/// An event of an agent that nobody can read.
async fn poison(server: &Server) -> Result<u64> {
    let stream = StreamName::parse("agent/poisoned")?;
    let events = vec![NewEvent { kind: "agent_registered".into(), ..event(77) }];
    let write = StreamWrite { stream, expected: Expected::NoStream, events };
    let workspace = planexe_ax::domain::WorkspaceId::parse("default")?;
    let (conditions, key, answer) = (Vec::new(), None, Vec::new());
    let request = AppendRequest { workspace, writes: vec![write], conditions, key, answer };
    Ok(server.store.append(request).await?.receipt().last_position.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_stopped_is_seen_and_goes_on_without_the_event() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..1).await?;
        let at = poison(&server).await?;
        let agents_window = async || {
            let known = server.get("/api/admin/projections").await?;
            let known = known.body["projections"].as_array().context("no list")?.clone();
            known.into_iter().find(|it| it["name"] == "agents").context("no such window")
        };
        while agents_window().await?["stopped_at"] != at {}
        let metrics = server.get("/metrics").await?;
        let metrics = metrics.body.as_str().context("no text")?.to_owned();
        let line = format!("ax_projection_stopped_position{{window=\"agents\"}} {at}\n");
        ensure!(metrics.contains(&line), "{metrics}");
        let path = "/api/admin/projections/agents/skip";
        let elsewhere = json!({"position": at + 1, "reason": "it is broken"});
        let refused = server.post(path, &elsewhere).await?;
        ensure!(refused.status == 409, "{refused:?}");
        let there = json!({"position": at, "reason": "it is broken"});
        let skipped = server.post(path, &there).await?;
        ensure!(skipped.status == 200 && skipped.body["skipped"] == at, "{skipped:?}");
        ensure!(agents_window().await?["skipped"] == json!([at]));
        let filter =
            LogFilter { kinds: vec!["projection_event_skipped".into()], ..LogFilter::default() };
        let written = server.store.read_log(Position::ZERO, &filter, 10).await?;
        ensure!(written.len() == 1, "{written:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_page_by_page_as_it_was_recorded_and_no_other_workspace_is() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..3).await?;
        let foreign = writes(vec![("foreign", Expected::NoStream, vec![1])]);
        server.store.append(foreign).await?;
        agents(&server, 3..4).await?;
        let all = server.store.read_log(Position::ZERO, &LogFilter::default(), 100).await?;
        let own: Vec<_> = all.iter().filter(|it| it.workspace.as_str() == "default").collect();
        let mut read: Vec<Value> = Vec::new();
        let mut after = Some(0);
        while let Some(from) = after {
            let page = server.get(&format!("/api/log?after={from}&limit=2")).await?;
            ensure!(page.status == 200, "{page:?}");
            read.extend(page.body["events"].as_array().context("no events")?.iter().cloned());
            after = page.body["next_after"].as_u64();
        }
        ensure!(read.len() == own.len(), "{} of {}", read.len(), own.len());
        for (shown, event) in read.iter().zip(&own) {
            ensure!(shown["position"] == event.position.get(), "{shown}");
            ensure!(shown["stream"] == event.stream.to_string(), "{shown}");
            let payload: Value = serde_json::from_slice(&event.payload)?;
            let metadata: Value = serde_json::from_slice(&event.metadata)?;
            ensure!(shown["payload"] == payload && shown["metadata"] == metadata, "{shown}");
            let hash: String = event.leaf_hash.iter().map(|it| format!("{it:02x}")).collect();
            ensure!(shown["hash"] == hash, "{shown}");
        }
        let one = server.get("/api/log?stream=agent/agent-1&kind=agent_registered").await?;
        ensure!(one.body["events"].as_array().map(Vec::len) == Some(1), "{one:?}");
        for wrong in ["limit=0", "limit=501", "stream=nothing", "afer=1"] {
            ensure!(server.get(&format!("/api/log?{wrong}")).await?.status == 400, "{wrong}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_what_prometheus_reads_and_name_nobody() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..2).await?;
        let position = server.store.head().await?.position;
        server.get(&format!("/api/agents/agent-1?min_position={position}")).await?;
        server.get("/no/such/canary-path").await?;
        let page = server.get("/metrics").await?;
        let kind = page.header("content-type");
        ensure!(kind == Some("text/plain; version=0.0.4; charset=utf-8"), "{kind:?}");
        let text = page.body.as_str().context("no text")?;
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let number = line.rsplit(' ').next().context("no number")?;
            ensure!(number.parse::<f64>().is_ok(), "{line}");
        }
        let wanted = [
            "ax_http_request_seconds_count{route=\"/api/agents\",method=\"POST\",status=\"201\"}",
            "route=\"/api/agents/{agent_id}\",method=\"GET\",status=\"200\"",
            "route=\"none\",method=\"GET\",status=\"404\"",
            "ax_append_seconds_bucket{le=\"0.0005\"}",
            "ax_commit_requests_count",
            "ax_append_conflicts_total",
            "ax_log_position 2\n",
            "ax_projection_lag_events{window=\"progress\"}",
            "ax_projection_stopped{window=\"agents\"} 0\n",
            "ax_projection_alarm{window=\"agents\"} 0\n",
            "ax_rebuild_stalled",
            "ax_tasks{state=\"ready\"} 0\n",
            "ax_agents{status=\"active\"} 2\n",
            "ax_parked_polls",
            "ax_stream_subscribers",
            "ax_webhook_backlog",
            "ax_http_shed_total",
            "process_resident_memory_bytes",
            "ax_uptime_seconds",
        ];
        for wanted in wanted {
            ensure!(text.contains(wanted), "{wanted} is not in {text}");
        }
        ensure!(!text.contains("canary") && !text.contains("agent-1"), "{text}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_so_far_is_told_in_numbers() -> Result<()> {
    on_every(async |server| {
        agents(&server, 0..2).await?;
        let plan = json!({"plan_id": "p", "goal": "g", "phases": [{"phase_id": "p1", "name": "n",
            "tasks": [{"task_id": "t1", "title": "t", "subtasks": [{"subtask_id": "s1",
            "action": "x"}]}]}]});
        ensure!(server.post("/api/plans", &plan).await?.status == 201);
        let first = json!({"plan_id": "p", "execution_id": "first"});
        ensure!(server.post("/api/executions", &first).await?.status == 201);
        ensure!(server.get("/api/agents/agent-0/work").await?.status == 200);
        let done = json!({"agent_id": "agent-0", "event_type": "task_complete", "task_id": "s1",
            "usage": {"input_tokens": 5, "cost_usd": 0.5}});
        let done = server.post("/api/executions/first/events", &done).await?;
        let position = &done.body["position"];
        let told = server.get(&format!("/api/admin/metrics?min_position={position}")).await?;
        ensure!(told.status == 200, "{told:?}");
        ensure!(told.body["executions"]["completed"] == 1, "{told:?}");
        ensure!(told.body["executions"]["success_rate"] == 1.0, "{told:?}");
        ensure!(told.body["tasks"]["granted"] == 1, "{told:?}");
        ensure!(told.body["usage"]["cost_usd"] == 0.5, "{told:?}");
        ensure!(told.body["agents"]["active"] == 2, "{told:?}");
        server.stop().await
    })
    .await
}
