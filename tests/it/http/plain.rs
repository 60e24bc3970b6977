//! What every request has in common: problem documents, request ids, and bodies that are plain.

use super::house::on_every;
use anyhow::{Result, ensure};
use planexe_ax::http::Code;

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_can_be_read_in_two_ways_is_refused_and_nothing_is_stored() -> Result<()> {
    let bodies: [(&str, u16, &str, &str); 9] = [
        (r#"{"name":"A","name":"B","capabilities":["x"]}"#, 400, "bad_json", "/name"),
        (r#"{"name":"A\u0000","capabilities":["x"]}"#, 400, "bad_json", "/name"),
        (r#"{"name":"\ud800","capabilities":["x"]}"#, 400, "bad_json", ""),
        (r#"{"name":NaN,"capabilities":["x"]}"#, 400, "bad_json", ""),
        (r#"{"name":"A","capabilities":["x"]"#, 400, "bad_json", ""),
        (r#"{"name":"A","capabilites":["x"]}"#, 422, "invalid", "/capabilites"),
        (
            r#"{"name":"A","capabilities":[{"action":"x"},{"acton":"y"}]}"#,
            422,
            "invalid",
            "/capabilities/1/acton",
        ),
        (
            r#"{"name":"A","capabilities":["x"],"max_concurrent_tasks":-1}"#,
            422,
            "invalid",
            "/max_concurrent_tasks",
        ),
        (r#"{"name":"A","agent_id":"a/b","capabilities":["x"]}"#, 422, "invalid", "/agent_id"),
    ];
    on_every(async |server| {
        for (body, status, code, pointer) in bodies {
            let refused = server.ask("POST", "/api/agents", &JSON, body.as_bytes()).await?;
            ensure!(refused.status == status && refused.body["code"] == code, "{refused:?}");
            ensure!(refused.body["errors"][0]["pointer"] == pointer, "{body}: {refused:?}");
        }
        let deep = "[".repeat(100_000);
        let refused = server.ask("POST", "/api/agents", &JSON, deep.as_bytes()).await?;
        ensure!(refused.status == 400 && refused.body["code"] == "bad_json", "{refused:?}");
        let large = format!("\"{}\"", "x".repeat(1 << 20));
        let refused = server.ask("POST", "/api/agents", &JSON, large.as_bytes()).await?;
        ensure!(refused.status == 413 && refused.body["code"] == "too_large", "{refused:?}");
        let refused = server.ask("POST", "/api/agents", &[], b"{}").await?;
        ensure!(refused.status == 415, "{refused:?}");
        ensure!(server.store.head().await?.position.get() == 0, "something was stored");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_a_document_with_the_request_s_id() -> Result<()> {
    on_every(async |server| {
        let named = [("X-Request-Id", "mine-1")];
        let absent = server.ask("GET", "/nothing", &named, b"").await?;
        ensure!(absent.status == 404, "{absent:?}");
        ensure!(absent.header("content-type") == Some("application/problem+json"), "{absent:?}");
        ensure!(absent.header("x-request-id") == Some("mine-1"), "{absent:?}");
        ensure!(absent.body["request_id"] == "mine-1", "{absent:?}");
        ensure!(absent.body["instance"] == "/nothing", "{absent:?}");
        let told = server.get(absent.body["type"].as_str().unwrap_or_default()).await?;
        ensure!(told.status == 200 && told.body["code"] == "not_found", "{told:?}");
        let wrong = server.ask("DELETE", "/healthz", &named, b"").await?;
        ensure!(wrong.status == 405 && wrong.header("allow") == Some("GET,HEAD"), "{wrong:?}");
        let forged = server.ask("GET", "/healthz", &[("X-Request-Id", "a b\"c")], b"").await?;
        ensure!(forged.header("x-request-id").is_some_and(|id| id.len() == 36), "{forged:?}");
        let limit = server.get("/api/agents?limit=501").await?;
        ensure!(limit.status == 400 && limit.body["code"] == "bad_request", "{limit:?}");
        let unknown = server.get("/api/agents?limt=5").await?;
        ensure!(unknown.status == 400, "{unknown:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_that_it_is_ready_and_what_it_is() -> Result<()> {
    on_every(async |server| {
        let ready = server.get("/readyz").await?;
        ensure!(ready.status == 200 && ready.body["status"] == "ready", "{ready:?}");
        let version = server.get("/version").await?;
        ensure!(version.body["version"] == env!("CARGO_PKG_VERSION"), "{version:?}");
        ensure!(version.header("x-content-type-options") == Some("nosniff"), "{version:?}");
        ensure!(version.header("cache-control") == Some("no-store"), "{version:?}");
        let codes = server.get("/errors").await?;
        ensure!(codes.body["errors"].as_array().map(Vec::len) == Some(Code::ALL.len()));
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_a_word_in_its_query_that_is_not_known_is_refused() -> Result<()> {
    on_every(async |server| {
        let body = br#"{"name":"A","capabilities":["x"]}"#;
        let answer = server.ask("POST", "/api/agents?dryrun=true", &JSON, body).await?;
        ensure!(answer.status == 400 && answer.body["code"] == "bad_request", "{answer:?}");
        ensure!(server.get("/api/agents").await?.body["agents"] == serde_json::json!([]));
        server.stop().await
    })
    .await
}
