//! What an agent that listens is told at once.

use super::client::{Socket, Sse};
use crate::http::house::on_every;
use crate::http::work::{LARRY, begin};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const STREAM: &str = "/api/agents/agent_larry_001/stream";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_at_once_what_to_do_about_its_task() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let mut sse = Sse::open(&server, STREAM).await?;
        sse.until(|came| came.name == "work_available").await?;
        ensure!(server.get(LARRY).await?.status == 200);
        sse.until(|came| came.frame["event_type"] == "task_granted").await?;
        let path = format!("/api/executions/{execution}");
        for (status, verdict) in [("PAUSED", "pause"), ("RUNNING", "ok"), ("CANCELLED", "cancel")] {
            ensure!(server.patch(&path, &json!({"status": status})).await?.status == 200);
            let told = sse.until(|came| came.name == "directive").await?;
            let told = told.last().context("nothing came")?;
            ensure!(told.frame["verdict"] == verdict, "{told:?}");
            ensure!(told.frame["task_id"] == "task_1_1_a", "{told:?}");
            ensure!(told.frame["execution_id"] == *execution && told.id.is_none(), "{told:?}");
            ensure!(told.frame["grace_ends_at"].is_string() == (verdict == "cancel"), "{told:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_connects_late_hears_what_still_holds_and_what_it_lost_by_somebody_else() -> Result<()>
{
    on_every(async |server| {
        let execution = begin(&server).await?;
        let marie = json!({"agent_id": "agent_marie", "name": "Marie",
            "capabilities": ["search_google_maps"]});
        server.post("/api/agents/register", &marie).await?;
        ensure!(server.get(LARRY).await?.status == 200);
        let path = format!("/api/executions/{execution}");
        server.patch(&path, &json!({"status": "PAUSED"})).await?;
        let mut socket = Socket::open(&server, STREAM).await?;
        let is_directive = |frame: &Value| frame["type"] == "directive";
        let told = socket.until(is_directive).await?;
        ensure!(told.last().is_some_and(|it| it["verdict"] == "pause"), "{told:?}");
        let taken = server.patch(&path, &json!({"agent_id": "agent_marie"})).await?;
        ensure!(taken.status == 200, "{taken:?}");
        let told = socket.until(is_directive).await?;
        ensure!(told.last().is_some_and(|it| it["verdict"] == "lost"), "{told:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_the_agent_finished_itself_is_not_called_lost() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let mut sse = Sse::open(&server, STREAM).await?;
        super::watching::work_once(&server, &execution, "done").await?;
        let came = sse.until(|came| came.frame["event_type"] == "task_completed").await?;
        ensure!(came.iter().all(|came| came.name != "directive"), "{came:?}");
        ensure!(server.get(LARRY).await?.status == 200);
        server.patch(&format!("/api/executions/{execution}"), &json!({"status": "PAUSED"})).await?;
        let came = sse.until(|came| came.name == "directive").await?;
        let told = &came.last().context("nothing came")?.frame;
        ensure!(told["verdict"] == "pause" && told["task_id"] == "task_2_1_a", "{told}");
        server.stop().await
    })
    .await
}
