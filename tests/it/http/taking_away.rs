//! What the dashboard asks for: whole tables as files, one task, the feed with its times, and how
//! agents did.

use super::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const EXECUTION: &str = "/api/executions/run";
/// More than a page of rows holds.
const TASKS: usize = 620;

fn plan() -> Value {
    let tasks = (0..TASKS).map(|at| {
        let title = if at == 0 { "=HYPERLINK(\"http://x\")".into() } else { format!("Call {at}") };
        json!({"task_id": format!("t{at}"), "title": title, "action": "call"})
    });
    json!({"plan_id": "plan", "goal": "Call them",
        "phases": [{"phase_id": "p", "name": "P", "tasks": tasks.collect::<Vec<_>>()}]})
}

/// An execution of which one task is done, with what came of it.
async fn begin(server: &Server) -> Result<()> {
    for id in ["larry", "ada"] {
        let agent = json!({"agent_id": id, "name": id, "capabilities": ["call"]});
        server.post("/api/agents", &agent).await?;
    }
    server.post("/api/plans", &plan()).await?;
    let wish = json!({"plan_id": "plan", "execution_id": "run"});
    let made = server.post("/api/executions", &wish).await?;
    ensure!(made.status == 201, "{made:?}");
    let work = server.get("/api/agents/larry/work").await?;
    let report = json!({"agent_id": "larry", "event_type": "task_complete",
        "task_id": work.body["next_task"]["task_id"], "output": {"said": "yes"}});
    let done = server.post(&format!("{EXECUTION}/events"), &report).await?;
    ensure!(done.status == 201, "{done:?}");
    seen(server, &done, "/api/agents?").await?;
    seen(server, &done, "/api/feed?").await?;
    seen(server, &done, &format!("{EXECUTION}/tasks?")).await
}

/// Waits until a list shows what was written.
async fn seen(server: &Server, written: &Answer, list: &str) -> Result<()> {
    let shown = server.get(&format!("{list}limit=1&min_position={}", written.position()?)).await?;
    ensure!(shown.status == 200, "{shown:?}");
    Ok(())
}

async fn text(server: &Server, path: &str) -> Result<(Answer, String)> {
    let answer = server.get(path).await?;
    ensure!(answer.status == 200, "{path}: {answer:?}");
    let text = answer.body.as_str().context("it is text")?.to_owned();
    Ok((answer, text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_taken_away_whole_as_csv_and_as_json() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let (answer, csv) = text(&server, &format!("{EXECUTION}/export?of=tasks")).await?;
        let kind = answer.header("content-type").context("no content-type")?;
        ensure!(kind.starts_with("text/csv"), "{kind}");
        let name = answer.header("content-disposition").context("no name")?;
        ensure!(name == "attachment; filename=\"run-tasks.csv\"", "{name}");
        ensure!(csv.lines().count() == TASKS + 2, "{}", csv.lines().count());
        ensure!(csv.starts_with("execution_id,task_id,ordinal,"), "{}", &csv[..80]);
        ensure!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "a formula is left");
        let json = server.get(&format!("{EXECUTION}/export?of=tasks&format=json")).await?;
        let rows = json.body["rows"].as_array().context("no rows")?;
        ensure!(rows.len() == TASKS + 1 && json.body["of"] == "tasks", "{}", rows.len());
        ensure!(rows.iter().any(|row| row["output"]["said"] == "yes"), "no output");
        let listed = server.get(&format!("{EXECUTION}/tasks?limit=1")).await?;
        ensure!(listed.body["tasks"][0] == rows[0], "{listed:?} is not {}", rows[0]);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_table_can_be_taken_away_and_what_is_not_there_is_not() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        for of in ["executions", "plans", "agents", "blockers", "feed"] {
            let (answer, csv) = text(&server, &format!("/api/export?of={of}&format=csv")).await?;
            ensure!(answer.header("ax-position").is_some(), "{of}: {answer:?}");
            ensure!((csv.lines().count() == 1) == (of == "blockers"), "{of}: {csv}");
            let json = server.get(&format!("/api/export?of={of}&format=json")).await?;
            let rows = json.body["rows"].as_array().context("no rows")?.len();
            ensure!(csv.lines().count() == rows + 1, "{of}: {rows}");
        }
        for of in ["blockers", "feed", "events"] {
            let path = format!("{EXECUTION}/export?of={of}&format=json");
            let json = server.get(&path).await?;
            ensure!(json.body["of"] == of && json.body["rows"].is_array(), "{json:?}");
        }
        let events = server.get(&format!("{EXECUTION}/export?of=events&format=json")).await?;
        let first = &events.body["rows"][0];
        ensure!(first["event_type"] == "execution_created" && first["version"] == 1, "{first}");
        let absent = server.get("/api/executions/nothing/export?of=tasks").await?;
        ensure!(absent.status == 404, "{absent:?}");
        for wrong in ["of=keys", "of=agents&format=xml", ""] {
            let refused = server.get(&format!("/api/export?{wrong}")).await?;
            ensure!(refused.status == 400 && refused.body["code"] == "bad_request", "{refused:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_task_is_read_with_all_that_a_brief_list_leaves_out() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let task = server.get(&format!("{EXECUTION}/tasks/t0")).await?;
        ensure!(task.status == 200 && task.body["output"]["said"] == "yes", "{task:?}");
        ensure!(task.header("ax-position").is_some(), "{task:?}");
        let brief = server.get(&format!("{EXECUTION}/tasks?limit=2&brief=true")).await?;
        let listed = &brief.body["tasks"][1];
        ensure!(listed["task_id"] == "t0" && listed["output"].is_null(), "{brief:?}");
        let done = server.get(&format!("{EXECUTION}/events?type=task_completed")).await?;
        let version = done.body["events"][0]["version"].as_u64().context("no version")? - 1;
        let then = server.get(&format!("{EXECUTION}/tasks/t0?as_of=version:{version}")).await?;
        ensure!(then.body["status"] == "RUNNING" && then.body["output"].is_null(), "{then:?}");
        for absent in [format!("{EXECUTION}/tasks/none"), "/api/executions/none/tasks/t0".into()] {
            let refused = server.get(&absent).await?;
            ensure!(refused.status == 404, "{refused:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_says_when_and_ends_where_it_is_told_to() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let feed = server.get("/api/feed?execution_id=run").await?;
        let told = feed.body["entries"][0].clone();
        let events = server.get(&format!("{EXECUTION}/events?limit=1")).await?;
        ensure!(told["recorded_at"] == events.body["events"][0]["recorded_at"], "{told}");
        let position = told["event_position"].as_u64().context("no position")?;
        let path = format!("/api/feed?execution_id=run&before={position}");
        let before = server.get(&path).await?;
        ensure!(before.body["entries"][0] == feed.body["entries"][1], "{before:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_agents_says_how_each_did() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let list = server.get("/api/agents").await?;
        let agents = list.body["agents"].as_array().context("no agents")?;
        for agent in agents {
            let id = agent["agent_id"].as_str().context("no id")?;
            let one = server.get(&format!("/api/agents/{id}")).await?;
            ensure!(agent["track_record"] == one.body["track_record"], "{agent} {one:?}");
            let done = if id == "larry" { 1 } else { 0 };
            ensure!(agent["track_record"]["tasks_completed"] == done, "{agent}");
            ensure!(agent["track_record"]["success_rate"].is_null() == (done == 0), "{agent}");
        }
        ensure!(agents.len() == 2, "{list:?}");
        server.stop().await
    })
    .await
}
