//! What a command costs on top of the append that it ends in.

use super::{float, now, plans};
use crate::shared::{Figure, Reach};
use anyhow::{Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::execution::ExecutionCommand;
use planexe_ax::domain::{Actor, StreamName, TaskId, WorkspaceId};
use planexe_ax::engine::{Command, Engine, EngineConfig, Random, Request};
use planexe_ax::store::{
    AppendRequest, Expected, NewEvent, Store, StoreConfig, StreamWrite, Version,
};
use planexe_ax_testkit::{Database, Durability, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

const CALLERS: u64 = 64;
const LEAVES: usize = 50;
const WARM_UP_MS: u64 = 1_000;
const MEASURE_MS: u64 = 4_000;

/// Prints reports a second through the engine, against bare appends of the same size.
pub(crate) async fn measure() -> Result<()> {
    let server = Server::start(Durability::On)?;
    let baseline = appends(&server).await?;
    let value = reports(&server).await?;
    let name = "engine.execute of a report, 64 callers, PostgreSQL".to_owned();
    Figure {
        name,
        value,
        unit: "reports/s",
        baseline,
        reach: Reach { limit: 0.6, is_most: false },
    }
    .print();
    Ok(())
}

async fn rate_of(done: &AtomicU64) -> f64 {
    tokio::time::sleep(Duration::from_millis(WARM_UP_MS)).await;
    let (before, started) = (done.load(Ordering::Relaxed), now());
    tokio::time::sleep(Duration::from_millis(MEASURE_MS)).await;
    float(done.load(Ordering::Relaxed) - before) / started.elapsed().as_secs_f64()
}

async fn reports(server: &Server) -> Result<f64> {
    let database = Database::on(server).await?;
    let store = Store::open(&StoreConfig::new(&database.url)).await?;
    let config = EngineConfig::default();
    let engine = Engine::start(store.clone(), Clock::System, Random::from_seed(7), config).await?;
    let workspace = WorkspaceId::parse("bench")?;
    let (agent_id, profile) = (plans::agent()?, plans::profile()?);
    let stream = StreamName::agent(&agent_id);
    let register = Command::Agent(AgentCommand::Register { agent_id, profile });
    engine.execute(Request::new(&workspace, stream, register, Actor::system())).await?;
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for caller in 0..CALLERS {
        prepare(&engine, &workspace, caller).await?;
        tasks.push(tokio::spawn(report(engine.clone(), caller, Arc::clone(&done))));
    }
    let rate = rate_of(&done).await;
    for task in tasks {
        ensure!(!task.is_finished(), "a caller ended early: {:?}", task.await);
        task.abort();
    }
    engine.stop().await;
    store.close().await;
    Ok(rate)
}

fn stream_of(caller: u64) -> Result<StreamName> {
    Ok(StreamName::parse(&format!("execution/exec_{caller}"))?)
}

async fn prepare(engine: &Engine, workspace: &WorkspaceId, caller: u64) -> Result<()> {
    let creation = plans::creation(&format!("exec_{caller}"), LEAVES)?;
    let create = ExecutionCommand::Create(Box::new(creation));
    let grant = plans::grant(&TaskId::parse("task_0_0")?)?;
    for command in [create, grant] {
        let command = Command::Execution(command);
        let request = Request::new(workspace, stream_of(caller)?, command, Actor::system());
        engine.execute(request).await?;
    }
    Ok(())
}

/// One agent: a report after the other, each with a key of its own.
async fn report(engine: Engine, caller: u64, done: Arc<AtomicU64>) -> Result<()> {
    let workspace = WorkspaceId::parse("bench")?;
    let (task_id, stream) = (TaskId::parse("task_0_0")?, stream_of(caller)?);
    let actor = Actor::agent(&plans::agent()?);
    for step in 0.. {
        let command = Command::Execution(plans::progress(&task_id, step)?);
        let request = Request::new(&workspace, stream.clone(), command, actor.clone())
            .with_key(format!("{caller}-{step}"), [7; 32]);
        engine.execute(request).await?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn appends(server: &Server) -> Result<f64> {
    let database = Database::on(server).await?;
    let store = Store::open(&StoreConfig::new(&database.url)).await?;
    let done = Arc::new(AtomicU64::new(0));
    let callers = (0..CALLERS).map(|n| tokio::spawn(append(store.clone(), n, Arc::clone(&done))));
    let tasks: Vec<_> = callers.collect();
    let rate = rate_of(&done).await;
    for task in tasks {
        task.abort();
    }
    store.close().await;
    Ok(rate)
}

async fn append(store: Store, caller: u64, done: Arc<AtomicU64>) -> Result<()> {
    let workspace = WorkspaceId::parse("bench")?;
    for version in 0_u64.. {
        let event = NewEvent {
            event_id: Uuid::from_u128(u128::from(caller) << 64 | u128::from(version)),
            kind: "task_progressed".into(),
            schema_version: 1,
            payload: vec![b'x'; 400],
            metadata: vec![b'y'; 112],
            recorded_at: plans::moment(version).at,
        };
        let (stream, expected) = (stream_of(caller)?, Expected::Exact(Version::new(version)));
        let request = AppendRequest {
            workspace: workspace.clone(),
            writes: vec![StreamWrite { stream, expected, events: vec![event] }],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        };
        store.append(request).await?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
