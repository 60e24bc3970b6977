//! The three clients, each put through the same against the real program.

use crate::program::Server;
use anyhow::{Context, Result, ensure};
use planexe_ax_client::{
    After, AgentWish, Client, ExecutionWish, Failure, Frame, Heard, Job, Key, Outcome, Patience,
    PlanSource, Worker, WorkerOptions, WriteTerms,
};
use planexe_ax_testkit::Folder;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// How a program ends that cannot be run here.
const CANNOT: i32 = 77;

/// What came of it must be this, whichever client it was.
fn wanted() -> Value {
    json!({
        "same": true,
        "attempts": 2,
        "handed_on": 23,
        "refused": "not_found",
        "events": [
            "task_granted s1", "task_started s1", "task_completed s1", "task_granted s2",
            "task_started s2", "task_failed s2", "retry_scheduled s2", "retry_came_due s2",
            "task_granted s2", "task_started s2", "task_completed s2",
        ],
        "told_to_stop": true,
        "statuses": ["COMPLETED", "CANCELLED"],
        "unreachable": true,
    })
}

fn clients() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a program printed at its end; none where it cannot be run here.
fn ran(mut command: Command) -> Result<Option<Value>> {
    let server = Server::start_in(Folder::new()?);
    command.env("AX_URL", format!("http://{}", server.address())).env_remove("AX_KEY");
    let output = command.output()?;
    if output.status.code() == Some(CANNOT) {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    Ok(Some(serde_json::from_slice(&output.stdout)?))
}

#[test]
fn the_client_in_python_goes_through_the_scenario() -> Result<()> {
    if !is_there("python3") {
        eprintln!("left out: there is no python3");
        return Ok(());
    }
    let mut command = Command::new("python3");
    command.arg("-B").arg(clients().join("python/scenario.py"));
    let told = ran(command)?.context("python3 runs it")?;
    ensure!(told == wanted(), "{told:#}");
    Ok(())
}

#[test]
fn the_client_in_typescript_goes_through_the_scenario() -> Result<()> {
    if !is_there("node") {
        eprintln!("left out: there is no node");
        return Ok(());
    }
    let mut command = Command::new("node");
    command.arg("--no-warnings").arg(clients().join("typescript/run.mjs")).arg("scenario.ts");
    let beside = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../dashboard/node_modules");
    let package = beside.join("typescript");
    if std::env::var_os("AX_TYPESCRIPT").is_none() && package.exists() {
        command.env("AX_TYPESCRIPT", package);
    }
    match ran(command)? {
        Some(told) => ensure!(told == wanted(), "{told:#}"),
        None => eprintln!("left out: node is too old, and AX_TYPESCRIPT names no typescript"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_in_rust_goes_through_the_scenario() -> Result<()> {
    let server = Server::start_in(Folder::new()?);
    let client = Client::new(&format!("http://{}", server.address()))?;
    let told = scenario(&client).await?;
    ensure!(told == wanted(), "{told:#}");
    Ok(())
}

const AGENT: &str = "worker_rust";

async fn scenario(client: &Client) -> Result<Value> {
    let (first, own) = registered(client).await?;
    let (again, _) = registered(client).await?;
    import(client).await?;
    let completed = start(client, "rust_completed").await?;
    let seen = Mutex::new(json!({"same": first == again}));
    let options = WorkerOptions { wait_seconds: 1, ..WorkerOptions::default() };
    let worker = Worker::new(&own, AGENT, options);
    let work = async |job: Job| carried_out(&job, &seen);
    worker.run(until_over(client, &completed), work).await?;
    let refused = client.execution("nobody", None).await.err().context("it is not there")?;
    let told = events(client, &completed).await?;
    let cancelled = start(client, "rust_cancelled").await?;
    let heartbeat = Duration::from_millis(50);
    let options = WorkerOptions { wait_seconds: 5, heartbeat, ..WorkerOptions::default() };
    let dropped = Mutex::new(false);
    let work = async |_: Job| {
        let _told = Told(&dropped);
        client
            .move_execution(&cancelled, "CANCELLED", &WriteTerms::default())
            .await
            .expect("it can be cancelled");
        std::future::pending().await
    };
    let until = async { until_true(&dropped).await };
    Worker::new(&own, AGENT, options).run(until, work).await?;
    let status = async |id: &str| -> Result<String> {
        Ok(client.execution(id, None).await?.told.status.to_string())
    };
    let nobody = Client::new("http://127.0.0.1:9")?.with_patience(Patience::NONE);
    let nobody = nobody.execution("nobody", None).await.err().context("nobody is there")?;
    let mut seen = seen.into_inner()?;
    seen["refused"] = refused.problem().map(|it| it.code.clone()).into();
    seen["events"] = told.into();
    seen["told_to_stop"] = dropped.into_inner()?.into();
    seen["statuses"] = json!([status(&completed).await?, status(&cancelled).await?]);
    seen["unreachable"] = nobody.is_retryable().into();
    Ok(seen)
}

/// Says that what it was put into was dropped.
struct Told<'a>(&'a Mutex<bool>);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        *self.0.lock().expect("nobody panics") = true;
    }
}

async fn until_true(told: &Mutex<bool>) {
    while !*told.lock().expect("nobody panics") {
        tokio::task::yield_now().await;
    }
}

async fn registered(client: &Client) -> Result<(u64, Client)> {
    let wish = AgentWish {
        agent_id: Some(AGENT.to_owned()),
        name: "Worker".to_owned(),
        capabilities: vec!["scenario".to_owned()],
        ..AgentWish::default()
    };
    let terms = WriteTerms { key: Some("rust-registers".to_owned()), ..WriteTerms::default() };
    let After::Stored(told) = client.register_agent(&wish, &terms).await? else {
        anyhow::bail!("nobody rehearsed");
    };
    let key = told.told.api_key.as_deref().and_then(Key::parse);
    let position = told.json["position"].as_u64().context("no position")?;
    let own = client.clone();
    Ok((position, if key.is_some() { own.with_key(key) } else { own }))
}

async fn import(client: &Client) -> Result<()> {
    let retry = json!({"max_attempts": 3, "backoff": "fixed", "backoff_seconds": 0});
    let subtasks = json!([
        {"subtask_id": "s1", "title": "First", "action": "scenario"},
        {"subtask_id": "s2", "title": "Second", "action": "scenario", "depends_on": ["s1"],
            "retry_policy": retry},
    ]);
    let tasks = json!([{"task_id": "t1", "title": "Task", "subtasks": subtasks}]);
    let plan = json!({"plan_id": "plan_rust", "goal": "Try a client",
        "phases": [{"phase_id": "p1", "name": "Phase", "tasks": tasks}]});
    let source = PlanSource::Json(plan.to_string().into_bytes());
    client.import_plan(source, &Default::default(), &WriteTerms::default()).await?;
    Ok(())
}

async fn start(client: &Client, id: &str) -> Result<String> {
    let wish = ExecutionWish {
        plan_id: "plan_rust".to_owned(),
        execution_id: Some(id.to_owned()),
        start: true,
        ..ExecutionWish::default()
    };
    client.create_execution(&wish, &WriteTerms::default()).await?;
    Ok(id.to_owned())
}

fn carried_out(job: &Job, seen: &Mutex<Value>) -> Outcome {
    let mut seen = seen.lock().expect("nobody panics");
    if job.task.task_id == "s1" {
        job.progress(50, Some(json!({"half": true})));
        return Outcome::Completed { output: json!({"found": 23}), message: None };
    }
    seen["attempts"] = job.task.attempt.into();
    if job.task.attempt == 1 {
        return Outcome::Failed(Failure {
            error_type: "timeout".to_owned(),
            message: "not yet".to_owned(),
            is_retryable: Some(true),
            needs_person: false,
        });
    }
    seen["handed_on"] = job.task.context["outputs"]["s1"]["found"].clone();
    Outcome::Completed { output: json!({"done": true}), message: None }
}

/// Until the stream says that the execution is over.
async fn until_over(client: &Client, id: &str) {
    let mut stream = client.follow_execution(id, Some(0));
    loop {
        let heard = stream.next().await.expect("the server is there");
        let Heard::Frame(frame) = heard else { continue };
        if let Frame::ExecutionUpdate(update) = &frame.told
            && update.status.is_over()
        {
            return;
        }
    }
}

/// What happened to the tasks, in order, from a stream that is let go and resumed.
async fn events(client: &Client, id: &str) -> Result<Vec<String>> {
    let (mut told, mut after) = (Vec::new(), 0);
    loop {
        let mut stream = client.follow_execution(id, Some(after));
        let mut taken = 0;
        while taken < 3 {
            let Heard::Frame(frame) = stream.next().await? else { continue };
            let Frame::Event(event) = &frame.told else { continue };
            (after, taken) = (event.position, taken + 1);
            told.extend(event.task_id.as_ref().map(|id| format!("{} {id}", event.event_type)));
            if event.event_type == "execution_completed" {
                return Ok(told);
            }
        }
    }
}
