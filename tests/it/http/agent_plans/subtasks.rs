//! Steps that become parts of a task.

use super::{brought, each, list, two_steps};
use crate::http::access::key;
use crate::http::house::{Server, on_every};
use anyhow::{Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use serde_json::{Value, json};

/// A plan with one task, which an agent's own plan can be for.
async fn plan_with_task(server: &Server, headers: &[(&str, &str)], meant_for: Value) -> Result<()> {
    let plan = json!({"plan_id": "garden", "goal": "Make a prompt", "assigned_to": meant_for,
        "phases": [{"phase_id": "deep", "name": "Deep work", "tasks": [
            {"task_id": "deep-7", "title": "Make a first principle systems prompt"}]}]});
    let made = server.json("POST", "/api/plans", headers, &plan).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(())
}

fn breakdown() -> Value {
    let mut plan = two_steps();
    plan["plan_type"] = "subtask_breakdown".into();
    plan["task_id"] = "deep-7".into();
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_become_parts_of_the_task_that_the_plan_is_for() -> Result<()> {
    on_every(async |server| {
        plan_with_task(&server, &[], json!(null)).await?;
        let id = brought(&server, &breakdown()).await?;
        let path = format!("/api/agent-plans/{id}/subtasks");
        let first = json!({"plan_id": "garden", "steps": [1], "priority": "high"});
        let made = server.post(&path, &first).await?;
        ensure!(made.status == 201 && made.body["task_id"] == "deep-7", "{made:?}");
        ensure!(
            made.body["subtasks"]
                == json!([{"subtask_id": "deep-7_step_1",
            "title": "Search for first-principles frameworks", "priority": "high",
            "estimated_time": 30}]),
            "{made:?}"
        );
        let again = server.post(&path, &first).await?;
        ensure!(again.status == 200 && again.body["subtasks"] == made.body["subtasks"]);
        let rest = json!({"plan_id": "garden", "steps": [2]});
        let made = server.post(&path, &rest).await?;
        ensure!(made.status == 201, "{made:?}");
        let at = format!("/api/plans/garden/tasks?min_position={}", made.position()?);
        let tasks = server.get(&at).await?;
        let tasks = list(&tasks, "tasks")?;
        let ids = each(tasks, "task_id");
        ensure!(ids == ["deep", "deep-7", "deep-7_step_1", "deep-7_step_2"], "{ids:?}");
        ensure!(tasks[3]["kind"] == "subtask" && tasks[3]["action"] == "analyze", "{tasks:?}");
        ensure!(tasks[3]["estimated_hours"] == 0.75 && !tasks[1]["is_leaf"].is_null());
        let other = json!({"plan_id": "garden", "steps": [1], "priority": "low"});
        let clash = server.post(&path, &other).await?;
        ensure!(clash.status == 409 && clash.body["code"] == "already_exists", "{clash:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_wait_for_each_other_become_parts_that_do() -> Result<()> {
    on_every(async |server| {
        plan_with_task(&server, &[], json!(null)).await?;
        let id = brought(&server, &breakdown()).await?;
        let path = format!("/api/agent-plans/{id}/subtasks");
        let made = server.post(&path, &json!({"plan_id": "garden"})).await?;
        ensure!(made.status == 201 && list(&made, "subtasks")?.len() == 2, "{made:?}");
        let at = format!("/api/plans/garden/tasks?min_position={}", made.position()?);
        let tasks = server.get(&at).await?;
        let waits = &list(&tasks, "tasks")?[3]["waits_for"];
        ensure!(waits[0]["task_id"] == "deep-7_step_1", "{waits}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_become_parts_is_refused_with_the_place() -> Result<()> {
    on_every(async |server| {
        plan_with_task(&server, &[], json!(null)).await?;
        let id = brought(&server, &breakdown()).await?;
        let path = format!("/api/agent-plans/{id}/subtasks");
        for (body, pointer) in [
            (json!({"plan_id": "absent"}), "/plan_id"),
            (json!({"plan_id": "garden", "task_id": "absent"}), "/task_id"),
            (json!({"plan_id": "garden", "steps": []}), "/steps"),
            (json!({"plan_id": "garden", "steps": [0]}), "/steps"),
            (json!({"plan_id": "garden", "steps": [3]}), "/steps"),
            (json!({"plan_id": "garden", "task_id": "t".repeat(128)}), "/task_id"),
            (json!({"plan_id": "garden", "more": 1}), "/more"),
        ] {
            let refused = server.post(&path, &body).await?;
            let at = &refused.body["errors"][0]["pointer"];
            ensure!(refused.status == 422 && at == pointer, "{body}: {refused:?}");
        }
        let research = brought(&server, &two_steps()).await?;
        let path = format!("/api/agent-plans/{research}/subtasks");
        let refused = server.post(&path, &json!({"plan_id": "garden"})).await?;
        ensure!(refused.status == 409 && refused.body["code"] == "wrong_state", "{refused:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_adds_parts_only_to_plans_that_are_meant_for_it() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?.header().1;
        let owner = [("Authorization", owner.as_str())];
        plan_with_task(&server, &owner, json!("claude")).await?;
        for (agent, expected) in [("marie", 403), ("claude", 201)] {
            let own = key(&server, "default", Role::Agent, Some(agent)).await?.header().1;
            let own = [("Authorization", own.as_str())];
            let made = server.json("POST", "/api/agent-plans", &own, &breakdown()).await?;
            let id = made.body["id"].as_str().unwrap_or_default();
            let path = format!("/api/agent-plans/{id}/subtasks");
            let made = server.json("POST", &path, &own, &json!({"plan_id": "garden"})).await?;
            ensure!(made.status == expected, "{agent}: {made:?}");
        }
        server.stop().await
    })
    .await
}
