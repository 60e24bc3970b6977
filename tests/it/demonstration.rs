//! The demonstration that a first visitor finds.

use crate::program::Server;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::demo::{Demonstration, EXECUTION, take_away};
use planexe_ax::domain::event::record::Resolution;
use planexe_ax::domain::execution::{ExecutionCommand, ExecutionStatus, ResolveBlocker};
use planexe_ax::domain::{Actor, ExecutionId, StreamName, Timestamp, WorkspaceId};
use planexe_ax::engine::{Command, Engine, EngineConfig, Random, Request};
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax_testkit::{Folder, SqliteFile};
use serde_json::Value;

/// How many steps the demonstration may take.
const STEPS_MAX: usize = 20_000;
const STEP_MS: u64 = 100;

fn exec() -> Result<ExecutionId> {
    Ok(ExecutionId::parse(EXECUTION)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_asks_once_and_comes_to_its_end_when_it_is_answered() -> Result<()> {
    let file = SqliteFile::new()?;
    let store = Store::open(&StoreConfig::new(file.url())).await?;
    let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(1_700_000_000_000));
    let (random, config) = (Random::from_seed(1), EngineConfig::default());
    let engine = Engine::start(store.clone(), clock, random, config).await?;
    let demonstration = Demonstration::start(&engine).await;
    let workspace = WorkspaceId::parse("default")?;
    let (mut asked, execution_id) = (0, exec()?);
    for _ in 0..STEPS_MAX {
        hands.advance_ms(STEP_MS);
        let seen = engine.ask(&workspace, &execution_id, |execution| {
            let blocker = execution.blockers().next().map(|it| it.blocker_id.clone());
            (execution.phase().status(), blocker)
        });
        let (status, blocker) = seen.await?.context("it is there")?;
        if let Some(blocker_id) = blocker {
            asked += 1;
            answer(&engine, &workspace, blocker_id).await?;
        }
        if status.is_over() {
            ensure!(status == ExecutionStatus::Completed && asked == 1, "{status}, {asked}");
            demonstration.stop().await;
            take_away(&engine, &Actor::user("visitor")?).await?;
            engine.stop().await;
            store.close().await;
            return Ok(());
        }
    }
    anyhow::bail!("the demonstration does not end")
}

async fn answer(
    engine: &Engine,
    workspace: &WorkspaceId,
    blocker_id: planexe_ax::domain::BlockerId,
) -> Result<()> {
    let resolve = ResolveBlocker {
        blocker_id,
        resolution: Resolution::Retry,
        option: None,
        input: None,
        agent_id: None,
        note: None,
    };
    let command = Command::Execution(ExecutionCommand::Resolve(Box::new(resolve)));
    let stream = StreamName::execution(&exec()?);
    let request = Request::new(workspace, stream, command, Actor::user("visitor")?);
    engine.execute(request).await?;
    Ok(())
}

#[test]
fn a_first_start_has_a_demonstration_that_one_request_takes_away_and_others_have_none() {
    let dir = Folder::new().expect("the temporary folder can be written");
    let server = Server::start_changed(dir, |command| {
        command.env("AX_DEMO", "true");
    });
    let path = format!("/api/executions/{EXECUTION}?min_position=11");
    let shown: Value = serde_json::from_str(&server.get(&path).1).expect("JSON");
    assert_eq!(shown["status"], "RUNNING", "{shown}");
    let (head, body) = server
        .send("DELETE /api/demonstration HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}: {body}");
    let status = server.get(&format!("/api/executions/{EXECUTION}/status")).1;
    let shown: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(shown["status"], "CANCELLED", "{shown}");
    let other = Server::start_with(&["--no-demo"], Folder::new().expect("a folder"));
    let health: Value = serde_json::from_str(&other.get("/healthz").1).expect("JSON");
    assert_eq!(health["position"], 0, "{health}");
}
