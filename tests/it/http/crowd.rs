//! Many agents at once: ten of them on twenty executions, while a person pauses and resumes, some
//! agents vanish in the middle of a task, and some of those come back too late.

use super::house::{Answer, Server, answered, on_every_with_hands, written};
use crate::engine::log;
use anyhow::{Context, Result, bail, ensure};
use planexe_ax::clock::SimulatedClock;
use planexe_ax::engine::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::task::JoinSet;

const AGENTS: usize = 10;
const EXECUTIONS: usize = 20;
/// The leaves of the plan.
const LEAVES: usize = 5;
/// How often one agent asks at most.
const ROUNDS_MAX: usize = 200;
/// The shortest lease that there is, and a little more.
const LEASE_SECONDS: u64 = 10;
const LEASE_OVER_MS: u64 = 10_500;
/// Of so many tasks one is taken by an agent that vanishes, one by an agent that comes back late.
const VANISHES_EVERY: usize = 24;

/// Two tasks that wait for a first, each in two parts that follow each other.
fn plan() -> Value {
    let task = |id: &str| {
        json!({"task_id": id, "title": id, "prerequisites": ["first"], "subtasks": [
            {"subtask_id": format!("{id}_a"), "action": "send_email"},
            {"subtask_id": format!("{id}_b"), "action": "call", "depends_on": [format!("{id}_a")]},
        ]})
    };
    let first = json!({"task_id": "first", "title": "first",
        "subtasks": [{"subtask_id": "first_a", "action": "call"}]});
    json!({"plan_id": "crowded", "goal": "Call everybody", "phases": [
        {"phase_id": "phase_1", "name": "All", "tasks": [first, task("left"), task("right")]}]})
}

/// What the crowd shares.
struct Crowd {
    address: String,
    engine: Engine,
    hands: Arc<SimulatedClock>,
    /// How many tasks are done, by what the server acknowledged.
    done: AtomicUsize,
    /// How many were taken.
    taken: AtomicUsize,
    /// How many reports came too late and were refused.
    late: AtomicUsize,
}

impl Crowd {
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let (json, body) = ([("Content-Type", "application/json")], body.to_string());
        answered(&self.address, &written(method, path, &json, body.as_bytes())).await
    }

    fn is_over(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= EXECUTIONS * LEAVES
    }

    /// One agent, until everything is done; what it was acknowledged, by the id of its report.
    async fn work(self: Arc<Self>, agent: String) -> Result<BTreeMap<String, Answer>> {
        let mut acknowledged = BTreeMap::new();
        for round in 0..ROUNDS_MAX {
            if self.is_over() {
                return Ok(acknowledged);
            }
            let poll = format!("wait=1s&lease_seconds={LEASE_SECONDS}");
            let path = format!("/api/agents/{agent}/work?{poll}");
            let work = self.ask("GET", &path, &Value::Null).await?;
            if work.status == 204 {
                continue;
            }
            ensure!(work.status == 200, "{work:?}");
            let event_id = format!("{agent}-{round}");
            let place = self.taken.fetch_add(1, Ordering::SeqCst);
            let fate = place % VANISHES_EVERY;
            if fate < 2 {
                self.hands.advance_ms(LEASE_OVER_MS);
                self.engine.run_due().await?;
            }
            if fate == 0 {
                continue;
            }
            let told = self.report(&agent, &event_id, &work.body).await?;
            acknowledged.extend(told.map(|told| (event_id, told)));
        }
        bail!("{agent} should be done by now")
    }

    /// Reports that a task is done; none when the lease was lost meanwhile.
    async fn report(&self, agent: &str, event_id: &str, work: &Value) -> Result<Option<Answer>> {
        let execution = work["execution_id"].as_str().context("no execution_id")?;
        let task = &work["next_task"];
        let report = json!({"event_id": event_id, "agent_id": agent, "lease": task["lease"],
            "task_id": task["task_id"], "event_type": "task_complete", "output_data": event_id});
        let path = format!("/api/executions/{execution}/events");
        let told = self.ask("POST", &path, &report).await?;
        if told.status == 409 {
            ensure!(told.body["code"] == "lease_lost", "{told:?}");
            self.late.fetch_add(1, Ordering::SeqCst);
            return Ok(None);
        }
        ensure!(told.status == 201, "{told:?}");
        self.done.fetch_add(1, Ordering::SeqCst);
        let again = self.ask("POST", &path, &report).await?;
        ensure!(again.status == 200 && again.body == told.body, "{again:?}");
        Ok(Some(told))
    }

    /// A person who cannot make up their mind, until everything is done.
    async fn pause_and_resume(self: Arc<Self>) -> Result<BTreeMap<String, Answer>> {
        for round in 0.. {
            if self.is_over() {
                break;
            }
            let path = format!("/api/executions/exec_{}", round % EXECUTIONS);
            for wanted in ["PAUSED", "RUNNING"] {
                let moved = self.ask("PATCH", &path, &json!({"status": wanted})).await?;
                ensure!(matches!(moved.status, 200 | 409), "{moved:?}");
            }
        }
        Ok(BTreeMap::new())
    }
}

async fn gather(server: &Server, hands: Arc<SimulatedClock>) -> Result<Arc<Crowd>> {
    for number in 0..AGENTS {
        let agent = json!({"agent_id": format!("agent_{number}"), "name": "One of many",
            "capabilities": ["call", "send_email"]});
        ensure!(server.post("/api/agents", &agent).await?.status == 201);
    }
    ensure!(server.post("/api/plans", &plan()).await?.status == 201);
    for number in 0..EXECUTIONS {
        let order = json!({"plan_id": "crowded", "execution_id": format!("exec_{number}"),
            "policy": {"losses_max": 1_000}});
        let made = server.post("/api/executions", &order).await?;
        ensure!(made.status == 201, "{made:?}");
    }
    let (done, taken, late) = Default::default();
    let (address, engine) = (server.address(), server.engine.clone());
    Ok(Arc::new(Crowd { address, engine, hands, done, taken, late }))
}

/// What the log says: each task is completed once, and each acknowledged report stands where its
/// answer says.
async fn judge(server: &Server, acknowledged: &BTreeMap<String, Answer>) -> Result<()> {
    log::check(&server.store).await?;
    let (mut completed, mut outputs) = (BTreeMap::new(), BTreeMap::new());
    for event in log::read(&server.store).await? {
        if event.kind == "task_completed" {
            let payload: Value = serde_json::from_slice(&event.payload)?;
            let task = (event.stream.to_string(), payload["task_id"].to_string());
            *completed.entry(task).or_insert(0) += 1;
            let output = payload["output"].as_str().context("no output")?.to_owned();
            let twice = outputs.insert(output, event.event_id.to_string());
            ensure!(twice.is_none(), "{payload} is stored twice");
        }
    }
    ensure!(completed.len() == EXECUTIONS * LEAVES, "{} tasks are done", completed.len());
    ensure!(completed.values().all(|times| *times == 1), "{completed:?}");
    ensure!(acknowledged.len() == outputs.len(), "the log holds what nobody was told");
    for (report, answer) in acknowledged {
        let stored = outputs.get(report).with_context(|| format!("{report} is lost"))?;
        ensure!(answer.body["event_id"] == **stored, "{report}: {answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_does_each_task_once_whoever_pauses_vanishes_or_comes_back_late() -> Result<()> {
    on_every_with_hands(async |server, hands| {
        let crowd = gather(&server, hands).await?;
        let mut agents = JoinSet::new();
        for number in 0..AGENTS {
            agents.spawn(Arc::clone(&crowd).work(format!("agent_{number}")));
        }
        agents.spawn(Arc::clone(&crowd).pause_and_resume());
        let mut acknowledged = BTreeMap::new();
        while let Some(ended) = agents.join_next().await {
            acknowledged.extend(ended??);
        }
        judge(&server, &acknowledged).await?;
        ensure!(crowd.late.load(Ordering::SeqCst) > 0, "nobody came too late");
        for number in 0..EXECUTIONS {
            let seen = server.get(&format!("/api/executions/exec_{number}/status")).await?;
            ensure!(seen.body["status"] == "COMPLETED", "{seen:?}");
        }
        server.stop().await
    })
    .await
}
