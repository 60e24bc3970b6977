//! A run of PlanExe carried out from its archive to its end: read in, started, worked on by agents
//! of every role that it asks for, and, where it has gates, let through by a person.

use super::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// How often everybody asks for work, before it is said that the execution does not end.
const ROUNDS_MAX: usize = 200;
/// The agent without a role: it does what is for anybody.
const ANYBODY: &str = "agent_anybody";

/// What was seen on the way.
struct Story {
    /// The tasks, in the order in which they were done.
    done: Vec<String>,
    /// The gates that a person let something through.
    approved: Vec<String>,
    /// The execution, as it is in the end.
    end: Value,
}

/// Reads the archive in, with what is wished.
async fn import(server: &Server, wishes: &str) -> Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/plan_archive/run.zip");
    let run = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let kind = [("Content-Type", "application/zip")];
    let made = server.ask("POST", &format!("/api/plans?{wishes}"), &kind, &run).await?;
    ensure!(made.status == 201 && made.body["status"] == "ready", "{made:?}");
    Ok(made.body)
}

/// The tasks of a plan.
async fn tasks(server: &Server, plan: &Value) -> Result<Vec<Value>> {
    let (plan_id, position) = (plan["plan_id"].as_str().context("no id")?, &plan["position"]);
    let path = format!("/api/plans/{plan_id}/tasks?limit=500&min_position={position}");
    let seen = server.get(&path).await?;
    Ok(seen.body["tasks"].as_array().context("no tasks")?.clone())
}

/// Registers an agent for each role of the tasks, and one for what is for anybody.
async fn workforce(server: &Server, tasks: &[Value]) -> Result<Vec<String>> {
    let roles = tasks.iter().filter_map(|task| task["assignee_role"].as_str());
    let roles: BTreeSet<&str> = roles.collect();
    let mut agents = vec![ANYBODY.to_owned()];
    agents.extend((1..=roles.len()).map(|number| format!("agent_{number}")));
    let all = std::iter::once(None).chain(roles.into_iter().map(Some));
    for (agent_id, role) in agents.iter().zip(all) {
        let agent = json!({"agent_id": agent_id, "name": agent_id, "role": role,
            "capabilities": ["work"], "max_concurrent_tasks": 1});
        let known = server.post("/api/agents/register", &agent).await?;
        ensure!(known.status == 201, "{known:?}");
    }
    Ok(agents)
}

/// Lets an agent do what it is given, one task after the other, until there is nothing more.
async fn work(server: &Server, agent_id: &str, done: &mut Vec<String>) -> Result<()> {
    loop {
        let work = server.get(&format!("/api/agents/{agent_id}/work")).await?;
        if work.status == 204 {
            return Ok(());
        }
        let (task, execution) = (&work.body["next_task"], &work.body["execution_id"]);
        let execution = execution.as_str().with_context(|| format!("{work:?}"))?;
        let report = json!({"agent_id": agent_id, "event_type": "task_complete",
            "task_id": task["task_id"], "lease": task["lease"], "status": "success",
            "output_data": {"said": "done"}});
        let told = server.post(&format!("/api/executions/{execution}/events"), &report).await?;
        ensure!(told.status == 201, "{told:?}");
        done.push(task["task_id"].as_str().unwrap_or_default().to_owned());
    }
}

/// Lets the person through who approves what waits for an approval; how many there were.
async fn approve(server: &Server, execution: &str, approved: &mut Vec<String>) -> Result<usize> {
    let position = server.store.head().await?.position;
    let path = format!("/api/executions/{execution}/blockers");
    let seen = server.get(&format!("{path}?min_position={position}")).await?;
    let blockers = seen.body["blockers"].as_array().context("no blockers")?;
    let open = blockers.iter().filter(|blocker| blocker["is_open"] == true);
    let before = approved.len();
    for blocker in open {
        ensure!(blocker["kind"] == "approval", "nothing else stands in the way: {blocker}");
        let id = blocker["blocker_id"].as_str().context("no blocker_id")?;
        let way = json!({"resolution": "approve_alternative", "note": "go on"});
        let told = server.post(&format!("{path}/{id}/resolve"), &way).await?;
        ensure!(told.status == 200, "{told:?}");
        approved.push(blocker["task_id"].as_str().unwrap_or_default().to_owned());
    }
    Ok(approved.len() - before)
}

/// Carries a plan out until nobody can do anything any more.
async fn carry_out(server: &Server, plan: &Value, agents: &[String]) -> Result<Story> {
    let made = server.post("/api/executions", &json!({"plan_id": plan["plan_id"]})).await?;
    ensure!(made.status == 201, "{made:?}");
    let execution = made.body["execution_id"].as_str().context("no execution_id")?.to_owned();
    let (mut done, mut approved) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS_MAX {
        let before = done.len();
        for agent_id in agents {
            work(server, agent_id, &mut done).await?;
        }
        let let_through = approve(server, &execution, &mut approved).await?;
        if done.len() == before && let_through == 0 {
            break;
        }
    }
    let position = server.store.head().await?.position;
    let seen = server.get(&format!("/api/executions/{execution}?min_position={position}")).await?;
    Ok(Story { done, approved, end: seen.body })
}

/// Every leaf was done once, and the execution is complete.
fn is_whole(story: &Story, tasks: &[Value]) -> Result<()> {
    let leaves = tasks.iter().filter(|task| task["is_leaf"] == true);
    let leaves: BTreeSet<&str> = leaves.filter_map(|task| task["task_id"].as_str()).collect();
    let done: BTreeSet<&str> = story.done.iter().map(String::as_str).collect();
    ensure!(done == leaves && story.done.len() == leaves.len(), "{:?}", story.done);
    ensure!(story.end["status"] == "COMPLETED", "{}", story.end);
    ensure!(story.end["progress"]["percent"] == 100, "{}", story.end);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_without_gates_is_carried_to_its_end_by_agents_alone() -> Result<()> {
    on_every(async |server| {
        let plan = import(&server, "gates=false").await?;
        let tasks = tasks(&server, &plan).await?;
        let agents = workforce(&server, &tasks).await?;
        let story = carry_out(&server, &plan, &agents).await?;
        is_whole(&story, &tasks)?;
        ensure!(story.approved.is_empty(), "nobody was asked: {:?}", story.approved);
        crate::engine::log::check(&server.store).await?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_with_gates_is_carried_to_its_end_when_a_person_approves_each() -> Result<()> {
    on_every(async |server| {
        let plan = import(&server, "").await?;
        let tasks = tasks(&server, &plan).await?;
        let gated = tasks.iter().filter(|task| !task["approval"].is_null());
        let gated: BTreeSet<&str> = gated.filter_map(|task| task["task_id"].as_str()).collect();
        ensure!(!gated.is_empty(), "the run has a decision that is open");
        let agents = workforce(&server, &tasks).await?;
        let story = carry_out(&server, &plan, &agents).await?;
        is_whole(&story, &tasks)?;
        let approved: BTreeSet<&str> = story.approved.iter().map(String::as_str).collect();
        ensure!(approved == gated && story.approved.len() == gated.len(), "{approved:?}");
        crate::engine::log::check(&server.store).await?;
        server.stop().await
    })
    .await
}
