//! A server on a database that was restored: nothing goes out and nothing falls due until an
//! operator says so.

use super::house::Server;
use super::work::{LARRY, begin};
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::keeping;
use planexe_ax_testkit::{Folder, postgres_is_skipped};
use serde_json::{Value, json};
use std::sync::Arc;

const DAY_MS: u64 = 86_400_000;

async fn every() -> Result<Vec<Backend>> {
    let mut every = vec![Backend::sqlite()?];
    if !postgres_is_skipped() {
        every.push(Backend::postgres().await?);
    }
    Ok(every)
}

/// A server on what is restored from a backup of a house where Larry is at work.
async fn restored(target: Backend) -> Result<(Server, Arc<SimulatedClock>, Value)> {
    let folder = Folder::new()?;
    let (backend, from) = (Backend::sqlite()?, folder.path().join("backup"));
    let config = backend.config();
    let server = Server::on(backend).await?;
    let execution = begin(&server).await?;
    ensure!(server.get(LARRY).await?.status == 200, "there is work");
    let second = json!({"plan_id": "plan_prospecting", "execution_id": "second"});
    let made = server.json("POST", "/api/executions", &[("Idempotency-Key", "k1")], &second);
    let made = made.await?;
    ensure!(made.status == 201, "{made:?}");
    keeping::back_up(&config, &from, Clock::System.now()).await?;
    server.stop().await?;
    keeping::restore(&target.config(), &from, &Clock::System).await?;
    let (clock, hands) = Clock::simulated(Clock::System.now());
    let known = json!({"execution_id": execution, "second": made.body});
    Ok((Server::by(target, clock).await?, hands, known))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_everything_waits_until_an_operator_lets_it_go_on() -> Result<()> {
    for target in every().await? {
        let (server, hands, known) = restored(target).await?;
        let health = server.get("/healthz").await?;
        ensure!(health.status == 200 && health.body["paused"] == "after_restore", "{health:?}");
        let mut ready = server.get("/readyz").await?;
        while ready.status == 503 && ready.body["code"] == "not_built" {
            ready = server.get("/readyz").await?;
        }
        ensure!(ready.body["paused"] == "after_restore", "{ready:?}");
        let shown = server.get("/api/admin/restore").await?;
        ensure!(shown.body["is_paused"] == true && shown.body["resumed_at"].is_null(), "{shown:?}");
        waits(&server, &hands).await?;
        keys_hold(&server, &known).await?;
        let resumed = server.post("/api/admin/restore/resume", &json!({})).await?;
        ensure!(resumed.status == 200 && resumed.body["is_paused"] == false, "{resumed:?}");
        ensure!(resumed.body["resumed_by"].as_str().is_some_and(|by| by.starts_with("user:")));
        let again = server.post("/api/admin/restore/resume", &json!({})).await?;
        ensure!(again.body == resumed.body, "{again:?}");
        goes_on(&server).await?;
        server.stop().await?;
    }
    Ok(())
}

/// No work, no deadline, no message, however much time goes by.
async fn waits(server: &Server, hands: &SimulatedClock) -> Result<()> {
    for path in [LARRY.to_owned(), format!("{LARRY}?wait=30s")] {
        let work = server.get(&path).await?;
        ensure!(work.status == 503 && work.body["code"] == "paused_after_restore", "{work:?}");
        ensure!(work.header("retry-after").is_some(), "{work:?}");
    }
    let before = server.store.head().await?;
    hands.advance_ms(DAY_MS);
    ensure!(server.engine.run_due().await? == 0, "something was due");
    ensure!(server.store.head().await? == before, "something happened");
    let metrics = server.get("/metrics").await?.body;
    let metrics = metrics.as_str().context("a page")?;
    ensure!(metrics.contains("\nax_paused_after_restore 1\n"), "{metrics}");
    Ok(())
}

async fn keys_hold(server: &Server, known: &Value) -> Result<()> {
    let second = json!({"plan_id": "plan_prospecting", "execution_id": "second"});
    let key = [("Idempotency-Key", "k1")];
    let before = server.store.head().await?;
    let again = server.json("POST", "/api/executions", &key, &second).await?;
    ensure!(again.status == 200, "{again:?}");
    let second = &known["second"];
    ensure!(again.body["execution_id"] == "second", "{again:?}");
    ensure!(again.body["created_at"] == second["created_at"], "{again:?}");
    ensure!(again.body["position"] == second["position"], "{again:?}");
    ensure!(server.store.head().await? == before, "it was stored again");
    let other = json!({"plan_id": "plan_prospecting", "execution_id": "third"});
    let refused = server.json("POST", "/api/executions", &key, &other).await?;
    ensure!(refused.status == 422 && refused.body["code"] == "key_reused", "{refused:?}");
    Ok(())
}

async fn goes_on(server: &Server) -> Result<()> {
    ensure!(server.engine.run_due().await? > 0, "the lease of before has ended");
    let work = server.get(LARRY).await?;
    ensure!(work.status == 200, "{work:?}");
    let health = server.get("/healthz").await?;
    ensure!(health.body.get("paused").is_none(), "{health:?}");
    let metrics = server.get("/metrics").await?.body;
    let metrics = metrics.as_str().context("a page")?;
    ensure!(metrics.contains("\nax_paused_after_restore 0\n"), "{metrics}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_to_the_database_or_to_another_server_is_heard_here() -> Result<()> {
    for target in every().await? {
        let (server, _, _) = restored(target).await?;
        ensure!(server.engine.is_paused());
        let now = Clock::System.now();
        ensure!(server.store.resume_restored(now, "user:operator").await?);
        ensure!(!server.store.resume_restored(now, "user:later").await?, "it was said before");
        server.engine.run_due().await?;
        ensure!(!server.engine.is_paused(), "it was not heard");
        let shown = server.get("/api/admin/restore").await?;
        ensure!(shown.body["resumed_by"] == "user:operator", "{shown:?}");
        server.stop().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_never_restored_has_nothing_to_resume() -> Result<()> {
    super::house::on_every(async |server| {
        ensure!(server.get("/api/admin/restore").await?.status == 404);
        let nothing = server.post("/api/admin/restore/resume", &json!({})).await?;
        ensure!(nothing.status == 404 && nothing.body["code"] == "not_found", "{nothing:?}");
        ensure!(server.get("/healthz").await?.body.get("paused").is_none());
        server.stop().await
    })
    .await
}
