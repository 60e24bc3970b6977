//! `/api/keys`, and what a key opens.

use super::key;
use crate::http::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use planexe_ax::store::{LogFilter, Position};
use serde_json::{Value, json};

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_only_the_names_of_this_machine_are_answered() -> Result<()> {
    on_every(async |server| {
        let foreign = b"GET /api/agents HTTP/1.1\r\nHost: evil.example\r\n\
                        Connection: close\r\n\r\n";
        let answer = server.send(foreign).await?;
        ensure!(answer.status == 421 && answer.body["code"] == "wrong_host", "{answer:?}");
        let larry = json!({"name": "Larry", "capabilities": ["call"]});
        for header in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
            let answer = server.json("POST", "/api/agents", &[header], &larry).await?;
            ensure!(answer.status == 403 && answer.body["code"] == "foreign_origin", "{answer:?}");
        }
        let own = [("Origin", "http://localhost"), ("Sec-Fetch-Site", "same-origin")];
        let answer = server.json("POST", "/api/agents", &own, &larry).await?;
        ensure!(answer.status == 201, "{answer:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_closes_the_door_to_whoever_has_none() -> Result<()> {
    on_every(async |server| {
        let refused = server.post("/api/keys", &json!({"name": "ci", "role": "auditor"})).await?;
        ensure!(refused.status == 422 && refused.body["errors"][0]["pointer"] == "/role");
        let made = server.post("/api/keys", &json!({"name": "ada", "role": "owner"})).await?;
        ensure!(made.status == 201, "{made:?}");
        let owner = made.body["api_key"].as_str().context("no api_key")?.to_owned();
        let anybody = server.get("/api/agents").await?;
        ensure!(anybody.status == 401 && anybody.body["code"] == "unauthorized", "{anybody:?}");
        ensure!(server.get("/healthz").await?.status == 200);
        let shown = bearer(&owner);
        let authorized = [("Authorization", shown.as_str())];
        let known = server.ask("GET", "/api/keys", &authorized, b"").await?;
        ensure!(known.status == 200 && known.body["keys"][0]["name"] == "ada", "{known:?}");
        ensure!(known.body["keys"][0].get("api_key").is_none(), "{known:?}");
        let last = format!("/api/keys/{}", made.body["key_id"].as_str().context("no key_id")?);
        let kept = server.ask("DELETE", &last, &authorized, b"").await?;
        ensure!(kept.status == 409, "the last owner's key stays: {kept:?}");
        let mut wrong = owner.clone();
        let end = if owner.ends_with('0') { "1" } else { "0" };
        wrong.replace_range(owner.len() - 1.., end);
        for key in [wrong.as_str(), "ax_k0_0_0", ""] {
            let shown = bearer(key);
            let turned_away = [("Authorization", shown.as_str())];
            let answer = server.ask("GET", "/api/agents", &turned_away, b"").await?;
            ensure!(answer.status == 401, "{key}: {answer:?}");
        }
        nothing_stored_opens(&server, &owner).await?;
        server.stop().await
    })
    .await
}

/// Whoever reads the log finds no key in it.
async fn nothing_stored_opens(server: &Server, key: &str) -> Result<()> {
    let secret = key.split('_').nth(2).context("no secret")?;
    let log = server.store.read_log(Position::ZERO, &LogFilter::default(), 100).await?;
    for event in log {
        let (payload, metadata) = (&event.payload, &event.metadata);
        for stored in [payload, metadata] {
            ensure!(!String::from_utf8_lossy(stored).contains(secret), "{}", event.position);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing_and_a_member_who_left_neither() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?;
        let (name, shown) = owner.header();
        let owner = [(name, shown.as_str())];
        let add = json!({"member_id": "ada", "name": "Ada", "role": "member"});
        let added = server.json("POST", "/api/members", &owner, &add).await?;
        ensure!(added.status == 201 && added.body["role"] == "member", "{added:?}");
        let wish = json!({"name": "laptop", "role": "member", "member_id": "ada"});
        let mut keys = Vec::new();
        for _ in 0..2 {
            let made = server.json("POST", "/api/keys", &owner, &wish).await?;
            let text = made.body["api_key"].as_str().context("no api_key")?;
            keys.push((bearer(text), made.body["key_id"].clone()));
        }
        let status = async |shown: &str| -> Result<u16> {
            let headers = [("Authorization", shown)];
            Ok(server.ask("GET", "/api/executions", &headers, b"").await?.status)
        };
        ensure!((status(&keys[0].0).await?, status(&keys[1].0).await?) == (200, 200));
        let path = format!("/api/keys/{}", keys[0].1.as_str().unwrap_or_default());
        let revoked = server.ask("DELETE", &path, &owner, b"").await?;
        ensure!(revoked.status == 200 && !revoked.body["revoked_at"].is_null(), "{revoked:?}");
        ensure!((status(&keys[0].0).await?, status(&keys[1].0).await?) == (401, 200));
        let left = server.ask("DELETE", "/api/members/ada", &owner, b"").await?;
        ensure!(left.status == 200, "{left:?}");
        ensure!(status(&keys[1].0).await? == 401);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_a_key_once_and_speaks_for_nobody_else() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?;
        let (name, shown) = owner.header();
        let owner = [(name, shown.as_str())];
        let larry = json!({"agent_id": "larry", "name": "Larry", "capabilities": ["call"]});
        let made = server.json("POST", "/api/agents/register", &owner, &larry).await?;
        let own = bearer(made.body["api_key"].as_str().context("no api_key")?);
        let again = server.json("POST", "/api/agents/register", &owner, &larry).await?;
        ensure!(again.status == 200 && again.body.get("api_key").is_none(), "{again:?}");
        let own = [("Authorization", own.as_str())];
        ensure!(server.json("POST", "/api/agents/register", &own, &larry).await?.status == 200);
        let carol = json!({"agent_id": "carol", "name": "Carol", "capabilities": ["call"]});
        ensure!(server.json("POST", "/api/agents", &own, &carol).await?.status == 403);
        ensure!(server.json("POST", "/api/agents", &owner, &carol).await?.status == 201);
        ensure!(server.ask("GET", "/api/agents/larry/work", &own, b"").await?.status == 204);
        ensure!(server.ask("GET", "/api/agents/carol/work", &own, b"").await?.status == 403);
        let by_a_person = server.ask("GET", "/api/agents/larry/work", &owner, b"").await?;
        ensure!(by_a_person.status == 403, "a person is no agent: {by_a_person:?}");
        let plan = json!({"plan_id": "p", "goal": "Call", "phases": [{"phase_id": "a", "name": "A",
            "tasks": [{"task_id": "t", "title": "Call",
                "subtasks": [{"subtask_id": "s", "action": "call"}]}]}]});
        ensure!(server.json("POST", "/api/plans", &owner, &plan).await?.status == 201);
        let wish = json!({"plan_id": "p", "execution_id": "e"});
        ensure!(server.json("POST", "/api/executions", &own, &wish).await?.status == 403);
        ensure!(server.json("POST", "/api/executions", &owner, &wish).await?.status == 201);
        let work = server.ask("GET", "/api/agents/larry/work", &own, b"").await?;
        ensure!(work.status == 200, "{work:?}");
        let events = "/api/executions/e/events";
        let report = |agent: &str| {
            json!({"agent_id": agent, "event_type": "task_complete",
            "task_id": "s"})
        };
        let forged: Value = report("carol");
        ensure!(server.json("POST", events, &own, &forged).await?.status == 403);
        ensure!(server.json("POST", events, &own, &report("larry")).await?.status == 201);
        server.stop().await
    })
    .await
}
