//! `POST /api/plans` with plans in other forms than the structured one.

use super::house::{Answer, Server, on_every, on_every_with};
use anyhow::{Context, Result, ensure};
use planexe_ax::config::Config;
use serde_json::{Value, json};
use std::path::Path;

const MARKDOWN: &str = "# Shop\n\n## Prepare\n- [x] Find a room\n- Sign (after Find a room)\n";

/// A query, a kind, a body; the status, the code, and words of the answer.
type Refusal<'a> = (&'a str, &'a str, &'a [u8], u16, &'a str, &'a str);

/// The archive of a small run.
fn archive() -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/plan_archive/run.zip");
    std::fs::read(&path).with_context(|| path.display().to_string())
}

async fn import(server: &Server, query: &str, kind: &str, body: &[u8]) -> Result<Answer> {
    let path = format!("/api/plans?{query}");
    server.ask("POST", &path, &[("Content-Type", kind)], body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_read_in_with_its_report_and_recognised_when_it_comes_again() -> Result<()> {
    on_every(async |server| {
        let run = archive()?;
        let made = import(&server, "", "application/zip", &run).await?;
        ensure!(made.status == 201 && made.body["title"] == "Village Orchard", "{made:?}");
        let report = &made.body["import_report"];
        ensure!(report["format"] == "planexe" && report["generation"] == "G3", "{report}");
        ensure!(report["counts"]["leaves"] == 8 && report["counts"]["gates"] == 1, "{report}");
        ensure!(report["warnings"][0]["place"].is_string(), "{report}");
        let source = &made.body["source"];
        ensure!(source["format"] == "planexe" && source["source_id"].is_string(), "{source}");
        let kept = format!("/api/plans/{}/report", made.body["plan_id"].as_str().unwrap_or("?"));
        let kept = server.get(&format!("{kept}?min_position={}", made.position()?)).await?;
        ensure!(kept.status == 200 && kept.body["import_report"] == *report, "{kept:?}");
        ensure!(kept.body["imported_by"] == made.body["created_by"], "{kept:?}");
        let again = import(&server, "", "application/zip", &run).await?;
        ensure!(again.status == 200, "{again:?}");
        ensure!(again.body["plan_id"] == made.body["plan_id"], "{again:?}");
        let named = import(&server, "plan_id=second&title=Ours", "application/zip", &run).await?;
        ensure!(named.status == 201 && named.body["plan_id"] == "second", "{named:?}");
        ensure!(named.body["title"] == "Ours", "{named:?}");
        let path = format!("/api/plans/second/tasks?min_position={}", named.position()?);
        let tasks = server.get(&path).await?;
        ensure!(tasks.body["tasks"].as_array().map(Vec::len) == Some(14), "{tasks:?}");
        ensure!(tasks.body["tasks"][2]["task_id"] == "task_1_1_a", "{tasks:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn markdown_steps_outlines_and_bundles_are_read_in_with_what_is_wished() -> Result<()> {
    on_every(async |server| {
        let body = MARKDOWN.as_bytes();
        let made = import(&server, "sequencing=phases", "text/markdown", body).await?;
        ensure!(made.status == 201 && made.body["task_count"] == 3, "{made:?}");
        ensure!(made.body["import_report"]["counts"]["dependencies"] == 1, "{made:?}");
        let drawn = "PHASE 1: Call\n├─ Task 1.1: One\n└─ Task 1.2: Two\n";
        let made = import(&server, "", "text/plain; charset=utf-8", drawn.as_bytes()).await?;
        ensure!(made.status == 201 && made.body["source"]["format"] == "outline", "{made:?}");
        let steps = json!({"plan_type": "research", "steps": [
            {"step": 1, "action": "search", "estimated_duration": 30},
            {"step": 2, "action": "analyze"},
        ]});
        let made = server.post("/api/plans?assigned_to=agent_1", &steps).await?;
        ensure!(made.status == 201 && made.body["assigned_to"] == "agent_1", "{made:?}");
        let tree = json!({"wbs_project": {"id": "r", "description": "Lone", "task_children": [
            {"id": "p", "description": "Phase"},
        ]}});
        let whole = "wbs_project_level1_and_level2_and_level3.json";
        let files = json!({"files": {"plan.txt": "Plan:\nGo", whole: tree}});
        let made = server.post("/api/plans?gates=false&documents=true", &files).await?;
        ensure!(made.status == 201 && made.body["title"] == "Lone", "{made:?}");
        let told = import(&server, "dry_run=true", "text/markdown", b"- a\n").await?;
        ensure!(told.status == 200 && told.body["dry_run"] == true, "{told:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plan_is_refused_with_a_reason_and_nothing_is_stored() -> Result<()> {
    on_every(async |server| {
        let ping = json!({"files": {"plan.txt": "Plan:\nping", "start_time.json": "{}"}});
        let deep = "[".repeat(100_000);
        let (zip, markdown, json) = ("application/zip", "text/markdown", "application/json");
        let ping = ping.to_string();
        let refusals: [Refusal<'_>; 9] = [
            ("", zip, b"PK\x03\x04", 422, "invalid", "damaged"),
            ("", zip, b"no archive", 422, "invalid", "damaged"),
            ("", markdown, b"Dear Larry", 422, "invalid", "not a plan"),
            ("", "text/plain", b"- a\0", 422, "invalid", "NUL"),
            ("", json, ping.as_bytes(), 422, "invalid", "no work breakdown"),
            ("", json, deep.as_bytes(), 400, "bad_json", "64 deep"),
            ("", "text/html", b"<p>", 415, "unsupported_media_type", "text/markdown"),
            ("sequencing=soon", markdown, b"- a", 400, "bad_request", "waterfall"),
            ("titel=x", markdown, b"- a", 400, "bad_request", "sequencing"),
        ];
        for (query, kind, body, status, code, words) in refusals {
            let refused = import(&server, query, kind, body).await?;
            ensure!(refused.status == status && refused.body["code"] == code, "{refused:?}");
            let detail = refused.body["detail"].as_str().unwrap_or_default();
            ensure!(detail.contains(words), "{words}: {refused:?}");
        }
        ensure!(server.store.head().await?.position.get() == 0, "something was stored");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_deleted_does_not_come_back_under_its_id() -> Result<()> {
    on_every(async |server| {
        let made = import(&server, "", "text/markdown", MARKDOWN.as_bytes()).await?;
        let id = made.body["plan_id"].as_str().context("no id")?.to_owned();
        let gone = server.ask("DELETE", &format!("/api/plans/{id}"), &[], b"").await?;
        ensure!(gone.status == 200, "{gone:?}");
        let again = import(&server, "", "text/markdown", MARKDOWN.as_bytes()).await?;
        ensure!(again.status == 201 && again.body["plan_id"] != id.as_str(), "{again:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_another_wish_is_another_request() -> Result<()> {
    on_every(async |server| {
        let headers = [("Content-Type", "text/markdown"), ("Idempotency-Key", "one")];
        let body = MARKDOWN.as_bytes();
        let made = server.ask("POST", "/api/plans", &headers, body).await?;
        ensure!(made.status == 201, "{made:?}");
        let again = server.ask("POST", "/api/plans", &headers, body).await?;
        ensure!(again.body == made.body, "{again:?} for {made:?}");
        let other = server.ask("POST", "/api/plans?title=Other", &headers, body).await?;
        ensure!(other.status == 422 && other.body["code"] == "key_reused", "{other:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_have_a_limit_of_their_own() -> Result<()> {
    let mut config = Config::default();
    (config.door.body_bytes_max, config.door.import_bytes_max) = (1_024, 4_096);
    on_every_with(&config, async |server| {
        let plan = |bytes: usize| format!("# P\n- {}", "x ".repeat(bytes / 2 - 3)).into_bytes();
        let made = import(&server, "", "text/markdown", &plan(4_096)).await?;
        ensure!(made.status == 201, "{made:?}");
        let refused = import(&server, "", "text/markdown", &plan(4_098)).await?;
        ensure!(refused.status == 413 && refused.body["code"] == "too_large", "{refused:?}");
        let agent: Value = json!({"name": "x".repeat(1_100), "capabilities": ["x"]});
        let refused = server.post("/api/agents", &agent).await?;
        ensure!(refused.status == 413, "{refused:?}");
        server.stop().await
    })
    .await
}
