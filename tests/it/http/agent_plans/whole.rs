//! An agent's own plan is a plan with an execution, made by one call, whole or not at all; and
//! everything that looks at executions sees it as one.

use super::{brought, each, fresh, list, patched, two_steps};
use crate::http::house::on_every;
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{LogFilter, Position};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_execution_are_made_in_one_append_and_once_for_a_key() -> Result<()> {
    on_every(async |server| {
        let path = "/api/agent-plans";
        let key = [("Idempotency-Key", "plan-1")];
        let tried = server.post(&format!("{path}?dry_run=true"), &two_steps()).await?;
        let events = list(&tried, "events")?;
        let kinds = each(events, "event_type");
        ensure!(kinds.contains(&"plan_imported") && kinds.contains(&"own_plan_described"));
        let begin = server.store.head().await?;
        let first = server.json("POST", path, &key, &two_steps()).await?;
        let again = server.json("POST", path, &key, &two_steps()).await?;
        ensure!(first.status == 201 && again.status == 200, "{first:?} {again:?}");
        ensure!(first.body == again.body, "{first:?} {again:?}");
        let mut other = two_steps();
        other["reasoning"] = "something else".into();
        let reused = server.json("POST", path, &key, &other).await?;
        ensure!(reused.status == 422 && reused.body["code"] == "key_reused", "{reused:?}");
        let end = server.store.head().await?;
        ensure!(end.batch_no == begin.batch_no + 1, "one append: {begin:?} {end:?}");
        let log = server.store.read_log(begin.position, &LogFilter::default(), 100).await?;
        let of = |kind: &str| log.iter().filter(|it| it.kind == kind).count();
        ensure!((of("plan_imported"), of("execution_created")) == (1, 1), "{log:?}");
        ensure!(log.last().map(|it| it.position) == Some(end.position));
        ensure!(begin.position == Position::ZERO, "the rehearsal stored nothing");
        server.store.verify().await?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_looks_at_executions_sees_an_agents_own_plan() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let moved = patched(&server, &id, &json!({"current_step": 2})).await?;
        let at = format!("min_position={}", moved.position()?);
        let path = format!("/api/executions/{id}");
        let seen = server.get(&format!("{path}?{at}")).await?;
        ensure!(seen.body["status"] == "RUNNING" && seen.body["agent_id"] == "owner", "{seen:?}");
        ensure!(seen.body["progress"]["tasks_completed"] == 1, "{seen:?}");
        ensure!(seen.body["progress"]["current_task_id"] == "step_2", "{seen:?}");
        let tree = server.get(&format!("{path}/tasks?{at}")).await?;
        ensure!(each(list(&tree, "tasks")?, "status") == ["COMPLETE", "RUNNING"], "{tree:?}");
        let timeline = server.get(&format!("{path}/timeline?{at}")).await?;
        ensure!(timeline.status == 200 && timeline.body.to_string().contains("step_2"));
        let plan = server.get(&format!("/api/plans/{id}?{at}")).await?;
        ensure!(plan.body["source"]["format"] == "steps", "{plan:?}");
        ensure!(plan.body["assigned_to"] == "owner" && plan.body["leaf_count"] == 2, "{plan:?}");
        let feed = server.get(&format!("/api/feed?execution_id={id}&{at}")).await?;
        ensure!(feed.body.to_string().contains("task_completed"), "{feed:?}");
        let metrics = server.get(&format!("/api/admin/metrics?{at}")).await?;
        ensure!(metrics.status == 200, "{metrics:?}");
        let why = server.get(&format!("{path}/tasks/step_2/why")).await?;
        ensure!(why.status == 200, "{why:?}");
        let then = server.get(&format!("{path}?as_of=1")).await?;
        ensure!(then.body["status"] == "CREATED", "{then:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_as_well_poll_for_its_steps_and_report_on_them() -> Result<()> {
    on_every(async |server| {
        let claude = json!({"agent_id": "claude", "name": "Claude",
            "capabilities": ["search", "analyze"]});
        server.post("/api/agents", &claude).await?;
        let other = json!({"agent_id": "marie", "name": "Marie",
            "capabilities": ["search", "analyze"]});
        server.post("/api/agents", &other).await?;
        let mut plan = two_steps();
        plan["agent_id"] = "claude".into();
        let id = brought(&server, &plan).await?;
        ensure!(server.get("/api/agents/marie/work").await?.status == 204, "it is Claude's alone");
        let work = server.get("/api/agents/claude/work").await?;
        let task = &work.body["next_task"];
        ensure!(task["task_id"] == "step_1" && task["action"] == "search", "{work:?}");
        let seen = fresh(&server, &format!("/api/agent-plans/{id}")).await?;
        ensure!(seen.body["status"] == "in_progress", "{seen:?}");
        let done = json!({"agent_id": "claude", "event_type": "task_complete",
            "task_id": "step_1", "lease": task["lease"], "output_data": {"found": 15}});
        let done = server.post(&format!("/api/executions/{id}/events"), &done).await?;
        ensure!(done.status == 201, "{done:?}");
        let seen = fresh(&server, &format!("/api/agent-plans/{id}")).await?;
        ensure!(seen.body["current_step"] == 2, "{seen:?}");
        let completed = patched(&server, &id, &json!({"status": "completed"})).await?;
        ensure!(completed.body["status"] == "completed", "{completed:?}");
        let agent = server.get("/api/agents/claude").await?;
        agent.body["agent_id"].as_str().context("no agent")?;
        server.stop().await
    })
    .await
}
