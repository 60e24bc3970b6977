//! Steps and statuses: what a move comes to, and what is refused by the law, clearly.

use super::{brought, fresh, patched, two_steps};
use crate::http::house::on_every;
use anyhow::{Result, ensure};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_loop_over_all_steps_completes_the_plan() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        for next in [2, 3] {
            let moved = patched(&server, &id, &json!({"current_step": next})).await?;
            ensure!(moved.status == 200, "{moved:?}");
        }
        let done = patched(&server, &id, &json!({"status": "completed"})).await?;
        ensure!(done.status == 200 && done.body["status"] == "completed", "{done:?}");
        ensure!(done.body["current_step"] == 2, "{done:?}");
        let back = patched(&server, &id, &json!({"status": "in_progress"})).await?;
        ensure!(back.status == 409 && back.body["code"] == "illegal_transition", "{back:?}");
        ensure!(back.body["current"] == "COMPLETED", "{back:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_blocks_the_plan_until_its_agent_goes_on() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        patched(&server, &id, &json!({"status": "in_progress"})).await?;
        let why =
            json!({"status": "blocked", "agent_reasoning": "Blocked: the archive is offline"});
        let blocked = patched(&server, &id, &why).await?;
        ensure!(blocked.body["status"] == "blocked" && blocked.body["current_step"] == 1);
        let path = format!("/api/executions/{id}/blockers?min_position={}", blocked.position()?);
        let seen = server.get(&path).await?;
        ensure!(seen.body["blockers"][0]["message"] == why["agent_reasoning"], "{seen:?}");
        let past = patched(&server, &id, &json!({"status": "completed"})).await?;
        ensure!(past.status == 409 && past.body["code"] == "not_grantable", "{past:?}");
        let on =
            patched(&server, &id, &json!({"status": "in_progress", "current_step": 2})).await?;
        ensure!(on.status == 200 && on.body["status"] == "in_progress", "{on:?}");
        ensure!(on.body["current_step"] == 2, "{on:?}");
        let failed = json!({"status": "failed", "agent_reasoning": "The data is wrong"});
        let failed = patched(&server, &id, &failed).await?;
        ensure!(failed.body["status"] == "failed" && failed.body["current_step"] == 2);
        let seen = server.get(&format!("/api/executions/{id}/status")).await?;
        ensure!(seen.body["status"] == "FAILED", "{seen:?}");
        let given_up = patched(&server, &id, &json!({"status": "cancelled"})).await?;
        ensure!(given_up.body["status"] == "cancelled", "{given_up:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_makes_no_sense_changes_nothing() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        patched(&server, &id, &json!({"current_step": 2})).await?;
        let position = server.store.head().await?.position;
        for (patch, status, code) in [
            (json!({}), 422, "invalid"),
            (json!({"current_step": 0}), 422, "invalid"),
            (json!({"current_step": 4}), 422, "invalid"),
            (json!({"current_step": 1}), 409, "wrong_state"),
            (json!({"status": "pending"}), 409, "wrong_state"),
            (json!({"status": "done"}), 422, "invalid"),
            (json!({"plan_id": "another", "current_step": 2}), 422, "invalid"),
            (json!({"steps": []}), 422, "invalid"),
        ] {
            let refused = patched(&server, &id, &patch).await?;
            ensure!(refused.status == status && refused.body["code"] == code, "{refused:?}");
        }
        let refused = patched(&server, &id, &json!({"status": "done"})).await?;
        let words = refused.body["errors"][0]["message"].to_string();
        ensure!(words.contains("in_progress") && words.contains("cancelled"), "{refused:?}");
        ensure!(server.store.head().await?.position == position, "something was stored");
        let same = patched(&server, &id, &json!({"current_step": 2})).await?;
        ensure!(same.status == 200 && same.body.get("event_id").is_none(), "{same:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_names_the_version_it_saw_and_can_be_rehearsed() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let path = format!("/api/agent-plans/{id}");
        let version = fresh(&server, &path).await?.body["version"].as_u64().unwrap_or_default();
        let on = json!({"current_step": 2});
        let tried = server.patch(&format!("{path}?dry_run=true"), &on).await?;
        let events = tried.body["events"].as_array().cloned().unwrap_or_default();
        let kinds: Vec<_> = events.iter().filter_map(|it| it["event_type"].as_str()).collect();
        ensure!(kinds.contains(&"task_completed") && kinds.contains(&"task_started"), "{tried:?}");
        let seen = format!("\"{version}\"");
        let moved = server.json("PATCH", &path, &[("If-Match", &seen)], &on).await?;
        ensure!(moved.status == 200, "{moved:?}");
        let late = server.json("PATCH", &path, &[("If-Match", &seen)], &on).await?;
        ensure!(late.status == 412 && late.body["code"] == "version_mismatch", "{late:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_has_paused_the_agent_cannot_go_on_with() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        patched(&server, &id, &json!({"status": "in_progress"})).await?;
        let execution = format!("/api/executions/{id}");
        server.patch(&execution, &json!({"status": "PAUSED"})).await?;
        let seen = fresh(&server, &format!("/api/agent-plans/{id}")).await?;
        ensure!(seen.body["status"] == "blocked", "{seen:?}");
        let on =
            patched(&server, &id, &json!({"status": "in_progress", "current_step": 2})).await?;
        ensure!(on.status == 409, "{on:?}");
        server.patch(&execution, &json!({"status": "RUNNING"})).await?;
        let on =
            patched(&server, &id, &json!({"status": "in_progress", "current_step": 2})).await?;
        ensure!(on.status == 200 && on.body["current_step"] == 2, "{on:?}");
        server.stop().await
    })
    .await
}
