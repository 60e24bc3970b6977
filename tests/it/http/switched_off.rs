//! A server that was told to carry nothing out: it reads, takes reports, and gives nothing out.

use super::house::on_every_with;
use anyhow::{Result, ensure};
use planexe_ax::config::Config;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_carries_nothing_out_says_so_and_can_be_read() -> Result<()> {
    let config =
        Config { is_execution_enabled: false, poll_interval_seconds: 7, ..Config::default() };
    on_every_with(&config, async |server| {
        let agent = json!({"agent_id": "a1", "name": "A", "capabilities": ["x"]});
        ensure!(server.post("/api/agents", &agent).await?.status == 201);
        let plan = json!({"plan_id": "p", "goal": "g", "phases": []});
        server.post("/api/plans", &plan).await?;
        let refused = server.post("/api/executions", &json!({"plan_id": "p"})).await?;
        ensure!(refused.status == 503, "{refused:?}");
        ensure!(refused.body["code"] == "execution_disabled", "{refused:?}");
        for poll in ["/api/agents/a1/work", "/api/agents/a1/work?wait=60s"] {
            let nothing = server.get(poll).await?;
            ensure!(nothing.body["code"] == "execution_disabled", "{nothing:?}");
            ensure!(nothing.header("retry-after") == Some("7"), "{nothing:?}");
        }
        let fork = server.post("/api/executions/first/fork", &json!({})).await?;
        ensure!(fork.body["code"] == "execution_disabled", "{fork:?}");
        ensure!(server.get("/api/executions").await?.status == 200);
        ensure!(server.get("/api/agents").await?.status == 200);
        server.stop().await
    })
    .await
}
