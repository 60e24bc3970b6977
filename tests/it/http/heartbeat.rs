//! `/api/agents/{agent_id}/heartbeat`, and what is known of an agent by its work.

use super::house::on_every;
use anyhow::{Context, Result, ensure};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_heartbeat_brings_along_is_recorded_and_counts_for_the_agent() -> Result<()> {
    on_every(async |server| {
        let larry = json!({"agent_id": "larry", "name": "Larry", "capabilities": ["call"]});
        server.post("/api/agents", &larry).await?;
        let plan = json!({"plan_id": "plan", "goal": "Call", "phases": [{"phase_id": "p",
            "name": "P", "tasks": [{"task_id": "t", "title": "Call",
                "subtasks": [{"subtask_id": "s", "action": "call"}]}]}]});
        server.post("/api/plans", &plan).await?;
        let wish = json!({"plan_id": "plan", "execution_id": "run"});
        server.post("/api/executions", &wish).await?;
        let work = server.get("/api/agents/larry/work").await?;
        let lease = work.body["next_task"]["lease"].as_str().context("no lease")?;
        let beat = json!({"leases": [{"lease": lease, "progress_percent": 40,
            "checkpoint": {"page": 7},
            "usage": {"input_tokens": 120, "output_tokens": 8, "cost_usd": 0.25}}]});
        let told = server.post("/api/agents/larry/heartbeat", &beat).await?;
        ensure!(told.body["leases"][0]["verdict"] == "ok", "{told:?}");
        let again = server.get("/api/agents/larry/work").await?;
        ensure!(again.body["next_task"]["checkpoint"] == json!({"page": 7}), "{again:?}");
        let report = json!({"agent_id": "larry", "event_type": "task_complete", "task_id": "s",
            "lease": lease});
        let done = server.post("/api/executions/run/events", &report).await?;
        ensure!(done.body["status"] == "COMPLETED", "{done:?}");
        let position = done.position()?;
        let path = format!("/api/agents/larry?min_position={position}");
        // The sums are another window than the agents.
        server.get(&format!("/api/executions/run?min_position={position}")).await?;
        let seen = server.get(&path).await?;
        let record = &seen.body["track_record"];
        ensure!(record["tasks_completed"] == 1 && record["success_rate"] == 1.0, "{seen:?}");
        ensure!(record["input_tokens"] == 120, "{seen:?}");
        let late = server.post("/api/agents/larry/heartbeat", &beat).await?;
        ensure!(late.body["leases"][0]["verdict"] == "lost", "{late:?}");
        server.stop().await
    })
    .await
}
