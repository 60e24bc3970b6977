//! A plan that is deleted takes its logs and its memory out of sight; the log stays provable.

use super::{TASK, brought, fresh, list, patched, two_steps};
use crate::http::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use serde_json::json;

/// Stands in everything that the plan personally holds.
const CANARY: &str = "canary-4711";

/// A plan with a log, a note and two things remembered; its id.
async fn filled(server: &Server) -> Result<String> {
    let id = brought(server, &two_steps()).await?;
    patched(server, &id, &json!({"status": "in_progress"})).await?;
    let log = json!({"step_number": 1, "action_type": "add_note", "description": CANARY});
    ensure!(server.post(&format!("/api/agent-plans/{id}/logs"), &log).await?.status == 201);
    let note = json!({"agent_id": "owner", "event_type": "note_added", "notes": CANARY});
    ensure!(server.post(&format!("/api/executions/{id}/events"), &note).await?.status == 201);
    for task_id in [json!(null), json!(TASK)] {
        let context = json!({"plan_id": id, "task_id": task_id, "context_type": "notes",
            "context_key": CANARY, "context_value": CANARY});
        ensure!(server.json("PUT", "/api/context", &[], &context).await?.status == 200);
    }
    Ok(id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_plan_takes_its_logs_and_its_memory_out_of_sight() -> Result<()> {
    on_every(async |server| {
        let (id, kept) = (filled(&server).await?, filled(&server).await?);
        let path = format!("/api/agent-plans/{id}");
        let seen =
            fresh(&server, &format!("{path}?include_logs=true&include_context=true")).await?;
        ensure!(list(&seen, "logs")?.len() == 2 && list(&seen, "context")?.len() == 2, "{seen:?}");
        let gone = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(gone.status == 200 && gone.body["status"] == "deleted", "{gone:?}");
        let position = gone.position()?;
        let at = format!("min_position={position}");
        for found in [
            server.get(&format!("/api/agent-plans?{at}")).await?,
            server.get(&format!("/api/agent-logs?{at}")).await?,
            server.get(&format!("/api/agent-logs?plan_id={id}&{at}")).await?,
            server.get(&format!("/api/context?{at}")).await?,
            server.get(&format!("/api/context?search_query={CANARY}&{at}")).await?,
            server.get(&format!("/api/context?plan_id={id}&{at}")).await?,
        ] {
            let text = found.body.to_string();
            ensure!(found.status == 200 && !text.contains(&id), "still found: {found:?}");
        }
        let context = fresh(&server, &format!("/api/context?search_query={CANARY}")).await?;
        ensure!(list(&context, "context")?.len() == 2, "that of the other stays: {context:?}");
        let logs = fresh(&server, &format!("/api/agent-logs?plan_id={kept}")).await?;
        ensure!(list(&logs, "logs")?.len() == 2, "those of the other stay: {logs:?}");
        ensure!(server.get(&format!("{path}?{at}")).await?.status == 404);
        ensure!(server.get(&format!("/api/plans/{id}?{at}")).await?.status == 404);
        for write in [
            patched(&server, &id, &json!({"current_step": 2})).await?,
            server
                .post(
                    &format!("{path}/logs"),
                    &json!({"step_number": 1,
                "action_type": "add_note", "description": "x"}),
                )
                .await?,
            server
                .json(
                    "PUT",
                    "/api/context",
                    &[],
                    &json!({"plan_id": id,
                "context_type": "notes", "context_key": "k", "context_value": "v"}),
                )
                .await?,
        ] {
            ensure!(write.status == 404, "{write:?}");
        }
        let note = json!({"agent_id": "owner", "event_type": "note_added", "notes": "late"});
        let late = server.post(&format!("/api/executions/{id}/events"), &note).await?;
        ensure!(late.status == 409, "nothing is written beside it any more: {late:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_deleted_plan_stays_and_its_execution_is_cancelled() -> Result<()> {
    on_every(async |server| {
        let id = filled(&server).await?;
        let path = format!("/api/agent-plans/{id}?reason=enough");
        let tried = server.ask("DELETE", &format!("{path}&dry_run=true"), &[], b"").await?;
        ensure!(tried.status == 200 && tried.body["dry_run"] == true, "{tried:?}");
        let key = [("Idempotency-Key", "gone-1")];
        let gone = server.ask("DELETE", &path, &key, b"").await?;
        let again = server.ask("DELETE", &path, &key, b"").await?;
        ensure!(gone.status == 200 && gone.body == again.body, "{gone:?} {again:?}");
        let twice = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(twice.status == 200 && twice.body["status"] == "deleted", "{twice:?}");
        let status = server.get(&format!("/api/executions/{id}/status")).await?;
        ensure!(status.body["status"] == "CANCELLED", "{status:?}");
        let events = server.get(&format!("/api/executions/{id}/events?order=asc")).await?;
        let events = list(&events, "events")?;
        let kinds: Vec<_> = events.iter().filter_map(|it| it["event_type"].as_str()).collect();
        ensure!(kinds.contains(&"action_logged") && kinds.contains(&"context_set"), "{kinds:?}");
        ensure!(kinds.last() == Some(&"own_plan_deleted"), "{kinds:?}");
        server.store.verify().await?;
        let feed = format!("/api/feed?execution_id={id}&min_position={}", gone.position()?);
        let feed = server.get(&feed).await?;
        let feed = feed.body.to_string();
        ensure!(feed.contains("own_plan_deleted") && !feed.contains(CANARY), "{feed}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_over_and_one_that_somebody_changed_meanwhile_are_deleted_too() -> Result<()>
{
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        patched(&server, &id, &json!({"status": "completed"})).await?;
        let path = format!("/api/agent-plans/{id}");
        let gone = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(gone.status == 200, "{gone:?}");
        let status = server.get(&format!("/api/executions/{id}/status")).await?;
        ensure!(status.body["status"] == "COMPLETED", "what is done stays done: {status:?}");
        let other = brought(&server, &two_steps()).await?;
        let plan = server.ask("DELETE", &format!("/api/plans/{other}"), &[], b"").await?;
        ensure!(plan.status == 409 && plan.body["code"] == "wrong_state", "not a half: {plan:?}");
        let own = server.ask("DELETE", &format!("/api/agent-plans/{other}"), &[], b"").await?;
        ensure!(own.status == 200, "{own:?}");
        let third = brought(&server, &two_steps()).await?;
        let path = format!("/api/agent-plans/{third}");
        let seen = fresh(&server, &path).await?.body["version"].as_u64().context("no version")?;
        patched(&server, &third, &json!({"current_step": 2})).await?;
        let stale = format!("\"{seen}\"");
        let refused = server.ask("DELETE", &path, &[("If-Match", &stale)], b"").await?;
        ensure!(refused.status == 412, "{refused:?}");
        ensure!(fresh(&server, &path).await?.status == 200);
        server.stop().await
    })
    .await
}
