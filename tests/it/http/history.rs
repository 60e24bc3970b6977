//! What an execution was: its events, other moments, its timeline, its forks and amendments.

use super::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const EXECUTION: &str = "/api/executions/run";

/// Three tasks, one after the other.
fn plan() -> Value {
    let task = |letter: &str, after: &[&str]| {
        json!({"task_id": format!("t{letter}"), "title": format!("Call {letter}"),
            "prerequisites": after, "estimated_hours": 2,
            "subtasks": [{"subtask_id": format!("s{letter}"), "action": "call"}]})
    };
    json!({"plan_id": "plan", "goal": "Call them", "phases": [{"phase_id": "p", "name": "P",
        "tasks": [task("a", &[]), task("b", &["ta"]), task("c", &["tb"])]}]})
}

async fn begin(server: &Server) -> Result<()> {
    let larry = json!({"agent_id": "larry", "name": "Larry", "capabilities": ["call"]});
    server.post("/api/agents", &larry).await?;
    server.post("/api/plans", &plan()).await?;
    let wish = json!({"plan_id": "plan", "execution_id": "run"});
    let made = server.post("/api/executions", &wish).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(())
}

/// Does the next task, and gives the answer to the report.
async fn step(server: &Server, execution: &str) -> Result<Answer> {
    let work = server.get("/api/agents/larry/work").await?;
    ensure!(work.status == 200 && work.body["execution_id"] == execution, "{work:?}");
    let report = json!({"agent_id": "larry", "event_type": "task_complete",
        "task_id": work.body["next_task"]["task_id"], "output": {"said": "yes"}});
    let done = server.post(&format!("/api/executions/{execution}/events"), &report).await?;
    ensure!(done.status == 201, "{done:?}");
    Ok(done)
}

fn versions(answer: &Answer) -> Vec<u64> {
    let events = answer.body["events"].as_array().cloned().unwrap_or_default();
    events.iter().filter_map(|event| event["version"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_an_execution_are_paged_in_both_directions_and_filtered() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        step(&server, "run").await?;
        let all = server.get(&format!("{EXECUTION}/events?order=asc&limit=500")).await?;
        let forward = versions(&all);
        let last = *forward.last().context("no events")?;
        ensure!(forward == (1..=last).collect::<Vec<_>>(), "{forward:?}");
        ensure!(all.body["events"][0]["event_type"] == "execution_created", "{all:?}");
        let mut backward = versions(&server.get(&format!("{EXECUTION}/events")).await?);
        backward.reverse();
        ensure!(backward == forward, "the newest come first");
        for order in ["asc", "desc"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("{EXECUTION}/events?order={order}&limit=2{cursor}");
                let page = server.get(&path).await?;
                seen.extend(versions(&page));
                let Some(next) = page.body["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            if order == "desc" {
                seen.reverse();
            }
            ensure!(seen == forward, "{order}: {seen:?}");
        }
        let kinds = server.get(&format!("{EXECUTION}/events?type=task_completed")).await?;
        ensure!(versions(&kinds).len() == 1, "{kinds:?}");
        ensure!(kinds.body["events"][0]["data"]["task_id"] == "sa", "{kinds:?}");
        let after = server.get(&format!("{EXECUTION}/events?order=asc&after_version=2")).await?;
        ensure!(versions(&after).first() == Some(&3), "{after:?}");
        let then = server.get(&format!("{EXECUTION}/events?as_of=version:2")).await?;
        ensure!(versions(&then) == [2, 1], "{then:?}");
        let left_out = server.get(&format!("{EXECUTION}/events?offset=1&limit=1")).await?;
        ensure!(versions(&left_out) == [last - 1], "{left_out:?}");
        ensure!(server.get("/api/executions/absent/events").await?.status == 404);
        ensure!(server.get(&format!("{EXECUTION}/events?as_of=yesterday")).await?.status == 400);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_moment_is_shown_as_it_was_and_what_changed_since() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let first = step(&server, "run").await?;
        let then = first.body["version"].as_u64().context("no version")?;
        let position = first.position()?;
        let last = step(&server, "run").await?.position()?;
        let completed = async |query: String| -> Result<Value> {
            let found = server.get(&format!("{EXECUTION}?{query}")).await?;
            ensure!(found.status == 200, "{found:?}");
            Ok(found.body["progress"]["tasks_completed"].clone())
        };
        ensure!(completed(format!("min_position={last}")).await? == 2);
        ensure!(completed(format!("as_of=version:{then}")).await? == 1);
        ensure!(completed(format!("as_of=position:{position}")).await? == 1);
        ensure!(completed("as_of=1".to_owned()).await? == 0);
        let status = async |query: &str, task: usize| -> Result<Value> {
            let found = server.get(&format!("{EXECUTION}/tasks?{query}")).await?;
            ensure!(found.status == 200, "{found:?}");
            Ok(found.body["tasks"][task]["status"].clone())
        };
        ensure!(status(&format!("as_of=version:{then}"), 4).await? == "QUEUED");
        ensure!(status(&format!("min_position={last}"), 4).await? == "COMPLETE");
        let path = format!("{EXECUTION}/diff?from=version:{then}");
        let diff = server.get(&path).await?;
        let changes = diff.body["changes"].as_array().context("no changes")?;
        let of_task = |change: &&Value| change["task_id"] == "sb";
        let change = changes.iter().find(of_task).context("sb changed")?;
        ensure!(change["before"]["status"] == "QUEUED", "{change}");
        ensure!(change["after"]["status"] == "COMPLETE", "{change}");
        ensure!(change["after"]["ended_at"].as_str().is_some_and(|at| at.ends_with('Z')));
        ensure!(!changes.iter().any(|change| change["task_id"] == "sa"), "{diff:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_says_what_was_planned_what_is_critical_and_what_to_expect() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let last = step(&server, "run").await?.position()?;
        let line = server.get(&format!("{EXECUTION}/timeline?min_position={last}")).await?;
        ensure!(line.status == 200, "{line:?}");
        ensure!(line.body["critical_path"] == json!(["sa", "sb", "sc"]), "{line:?}");
        let tasks = line.body["tasks"].as_array().context("no tasks")?;
        ensure!(tasks.len() == 3 && !tasks[0]["ended_at"].is_null(), "{line:?}");
        ensure!(tasks[1]["planned_start_at"] == tasks[0]["planned_end_at"], "{line:?}");
        let forecast = &line.body["forecast"];
        let at = |name: &str| forecast[name].as_str().unwrap_or_default().to_owned();
        ensure!(at("early_end_at") <= at("likely_end_at"), "{forecast}");
        ensure!(at("likely_end_at") <= at("late_end_at"), "{forecast}");
        let then = server.get(&format!("{EXECUTION}/timeline?as_of=version:1")).await?;
        ensure!(then.status == 200 && then.body["tasks"][0]["ended_at"].is_null(), "{then:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_begins_with_what_was_achieved_and_is_made_once() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        step(&server, "run").await?;
        server.patch(EXECUTION, &json!({"status": "CANCELLED", "reason": "try again"})).await?;
        let key = [("Idempotency-Key", "once")];
        let path = format!("{EXECUTION}/fork");
        let rehearsed = server.post(&format!("{path}?dry_run=true"), &json!({})).await?;
        ensure!(rehearsed.body["dry_run"] == true, "{rehearsed:?}");
        let made = server.json("POST", &path, &key, &json!({})).await?;
        ensure!(made.status == 201, "{made:?}");
        ensure!(made.body["progress"]["tasks_completed"] == 1, "{made:?}");
        let again = server.json("POST", &path, &key, &json!({})).await?;
        ensure!(again.status == 200, "{again:?}");
        ensure!(again.body["execution_id"] == made.body["execution_id"], "{again:?}");
        let fork = made.body["execution_id"].as_str().context("no id")?.to_owned();
        step(&server, &fork).await?;
        let done = step(&server, &fork).await?;
        ensure!(done.body["status"] == "COMPLETED", "{done:?}");
        let position = done.position()?;
        let shown = server.get(&format!("/api/executions/{fork}?min_position={position}")).await?;
        ensure!(shown.body["forked_from"]["execution_id"] == "run", "{shown:?}");
        let whole = json!({"at_version": 2});
        let whole = server.post(&path, &whole).await?;
        ensure!(whole.body["progress"]["tasks_completed"] == 0, "{whole:?}");
        ensure!(server.post("/api/executions/absent/fork", &json!({})).await?.status == 404);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_come_change_and_go_while_the_execution_goes_on() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        step(&server, "run").await?;
        let path = format!("{EXECUTION}/amend");
        let began = server.post(&path, &json!({"remove": ["sa"]})).await?;
        ensure!((409..=422).contains(&began.status), "what is done stays: {began:?}");
        let amendment = json!({
            "add": [{"task_id": "sd", "parent_task_id": "tc", "title": "Thank them",
                "action": "call", "params": {"who": "all"}}],
            "change": [{"task_id": "sc", "title": "Call c twice"}],
            "remove": ["tb"],
            "add_dependencies": [{"from": "sc", "to": "sd"}],
            "reason": "b is on holiday",
        });
        let amended = server.post(&path, &amendment).await?;
        ensure!(amended.status == 200, "{amended:?}");
        let work = server.get("/api/agents/larry/work").await?;
        ensure!(work.body["next_task"]["title"] == "Call c twice", "{work:?}");
        ensure!(work.body["next_task"]["action"] == "call", "what is not said stays");
        step(&server, "run").await?;
        let work = server.get("/api/agents/larry/work").await?;
        ensure!(work.body["next_task"]["params"]["who"] == "all", "{work:?}");
        let done = step(&server, "run").await?;
        ensure!(done.body["status"] == "COMPLETED", "{done:?}");
        let unknown = json!({"change": [{"task_id": "nobody", "title": "x"}]});
        let unknown = server.post(&path, &unknown).await?;
        ensure!(unknown.body["errors"][0]["pointer"] == "/change/0/task_id", "{unknown:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_in_sentences_and_the_inbox_what_waits_for_a_person() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        server.get("/api/agents/larry/work").await?;
        let error = json!({"agent_id": "larry", "event_type": "task_error", "task_id": "sa",
            "error_type": "external_dependency_blocked", "error_message": "Carol is away",
            "human_review_required": true, "suggestions": ["Call Dave"]});
        let told = server.post(&format!("{EXECUTION}/events"), &error).await?;
        ensure!(told.body["human_review_required"] == true, "{told:?}");
        let position = told.position()?;
        let path = format!("/api/feed?execution_id=run&min_position={position}");
        let feed = server.get(&path).await?;
        let sentences = feed.body["entries"].to_string();
        ensure!(sentences.contains("Carol is away"), "{feed:?}");
        let inbox = server.get(&format!("/api/blockers?min_position={position}")).await?;
        ensure!(inbox.body["blockers"][0]["execution_id"] == "run", "{inbox:?}");
        let blocker = told.body["blocker_id"].as_str().context("no blocker")?;
        let path = format!("{EXECUTION}/blockers/{blocker}/resolve");
        let way = json!({"resolution": "approve_alternative", "option": "Call Dave"});
        let cleared = server.post(&path, &way).await?;
        ensure!(cleared.status == 200, "{cleared:?}");
        let position = cleared.position()?;
        let inbox = server.get(&format!("/api/blockers?min_position={position}")).await?;
        ensure!(inbox.body["blockers"] == json!([]), "{inbox:?}");
        let past = server.get("/api/blockers?status=resolved").await?;
        ensure!(past.body["blockers"][0]["blocker_id"] == blocker, "{past:?}");
        server.stop().await
    })
    .await
}
