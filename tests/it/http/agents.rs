//! `/api/agents`.

use super::house::{Server, on_every};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Larry, as the agents' registry of the documents has him.
fn larry() -> Value {
    json!({
        "agent_id": "agent_larry_001",
        "name": "Larry the Laptop Lobster",
        "role": "Full-stack contractor + business development",
        "capabilities": [
            {"action": "search_google_maps", "params": ["query", "location", "category"]},
            {"action": "send_email", "params": ["to", "subject", "body", "attachments"]},
            "make_phone_call",
        ],
        "integration_endpoints": {"email": "gmail_api", "calls": "twilio"},
    })
}

async fn listed(server: &Server, position: u64) -> Result<Vec<String>> {
    let found = server.get(&format!("/api/agents?min_position={position}")).await?;
    let agents = found.body["agents"].as_array().cloned().unwrap_or_default();
    Ok(agents.iter().map(|agent| agent["agent_id"].as_str().unwrap_or_default().into()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_registers_is_found_and_brought_up_to_date() -> Result<()> {
    on_every(async |server| {
        let made = server.post("/api/agents/register", &larry()).await?;
        ensure!(made.status == 201, "{made:?}");
        ensure!(made.body["status"] == "idle" && made.body["version"] == 1, "{made:?}");
        ensure!(made.body["position"] == made.position()?, "{made:?}");
        let path = format!("/api/agents/agent_larry_001?min_position={}", made.position()?);
        let found = server.get(&path).await?;
        ensure!(found.status == 200 && found.position()? >= made.position()?, "{found:?}");
        ensure!(found.header("ax-lag-ms").is_some(), "{found:?}");
        for name in ["name", "role", "capabilities", "integration_endpoints", "registered_at"] {
            ensure!(found.body[name] == made.body[name], "{name}: {found:?}");
        }
        let abilities = server.get("/api/agents/agent_larry_001/capabilities").await?;
        ensure!(abilities.body["capabilities"][2]["action"] == "make_phone_call", "{abilities:?}");
        let mut better = larry();
        better["max_concurrent_tasks"] = json!(3);
        let changed = server.post("/api/agents", &better).await?;
        ensure!(changed.status == 200 && changed.body["version"] == 2, "{changed:?}");
        ensure!(changed.body["max_concurrent_tasks"] == 3, "{changed:?}");
        ensure!(listed(&server, changed.position()?).await? == ["agent_larry_001"]);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_pauses_an_agent_and_lets_it_go_on() -> Result<()> {
    on_every(async |server| {
        server.post("/api/agents", &larry()).await?;
        let path = "/api/agents/agent_larry_001";
        let wish = json!({"status": "paused", "reason": "a rest"});
        let paused = server.patch(path, &wish).await?;
        ensure!(paused.status == 200 && paused.body["status"] == "paused", "{paused:?}");
        let seen = server.get(&format!("{path}?min_position={}", paused.position()?)).await?;
        ensure!(seen.body["status"] == "paused", "{seen:?}");
        let tag = [("If-Match", "\"1\"")];
        let late = server.json("PATCH", path, &tag, &json!({"status": "active"})).await?;
        ensure!(late.status == 412 && late.body["code"] == "version_mismatch", "{late:?}");
        ensure!(late.body["current_version"] == 2, "{late:?}");
        let active = server.patch(path, &json!({"status": "active"})).await?;
        ensure!(active.body["status"] == "idle" && active.body["version"] == 3, "{active:?}");
        let both = json!({"status": "paused", "priority": "high"});
        let refused = server.patch(path, &both).await?;
        ensure!(refused.status == 422 && refused.body["code"] == "invalid", "{refused:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_first_answer_and_a_rehearsal_stores_nothing() -> Result<()> {
    on_every(async |server| {
        let mut nameless = larry();
        nameless.as_object_mut().map(|it| it.remove("agent_id"));
        let told = server.post("/api/agents?dry_run=true", &nameless).await?;
        ensure!(told.status == 200 && told.body["dry_run"] == true, "{told:?}");
        ensure!(told.body["events"][0]["event_type"] == "agent_registered", "{told:?}");
        ensure!(server.store.head().await?.position.get() == 0, "a rehearsal was stored");
        let key = [("Idempotency-Key", "one")];
        let made = server.json("POST", "/api/agents", &key, &nameless).await?;
        ensure!(made.status == 201, "{made:?}");
        let again = server.json("POST", "/api/agents", &key, &nameless).await?;
        ensure!(again.status == 200 && again.body == made.body, "{again:?} for {made:?}");
        let other = server.json("POST", "/api/agents", &key, &larry()).await?;
        ensure!(other.status == 422 && other.body["code"] == "key_reused", "{other:?}");
        ensure!(listed(&server, made.position()?).await?.len() == 1, "made twice");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_capabilities_and_one_that_is_not_there_are_refused() -> Result<()> {
    on_every(async |server| {
        let mut empty = larry();
        empty["capabilities"] = json!([]);
        let refused = server.post("/api/agents/register", &empty).await?;
        ensure!(refused.status == 422 && refused.body["code"] == "invalid", "{refused:?}");
        ensure!(refused.body["errors"][0]["pointer"] != "", "{refused:?}");
        for path in ["/api/agents/agent_nobody", "/api/agents/a%2Fb", "/api/agents/.."] {
            let absent = server.get(path).await?;
            ensure!(absent.status == 404 && absent.body["code"] == "not_found", "{absent:?}");
        }
        server.stop().await
    })
    .await
}
