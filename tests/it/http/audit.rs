//! `/api/audit`: checkpoints and proofs over HTTP, and an export of one workspace through the door.

use super::access::key;
use super::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{
    Checkpoint, Hash, Verifier, from_hex, verify_consistency, verify_inclusion,
};
use planexe_ax::domain::event::workspace::Role;
use planexe_ax_testkit::Folder;
use serde_json::{Value, json};
use std::process::Command;

fn hash(value: &Value) -> Result<Hash> {
    Ok(from_hex(value.as_str().context("no hash")?)?)
}

fn path(proof: &Value) -> Result<Vec<Hash>> {
    proof["path"].as_array().context("no path")?.iter().map(hash).collect()
}

async fn fill(server: &Server, agents: std::ops::Range<u32>) -> Result<()> {
    for number in agents {
        let id = format!("agent_{number}");
        let body = json!({"agent_id": id, "name": id, "capabilities": ["call"]});
        let made = server.post("/api/agents", &body).await?;
        ensure!(made.status == 201, "{made:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_auditor_is_told_can_be_verified_without_trusting_the_server() -> Result<()> {
    on_every(async |server| {
        let nothing = server.get("/api/audit/checkpoint").await?;
        ensure!(nothing.status == 404 && nothing.body["code"] == "not_found", "{nothing:?}");
        fill(&server, 0..5).await?;
        server.sealer.seal().await?;
        fill(&server, 5..12).await?;
        server.sealer.seal().await?;
        let told = server.get("/api/audit/key").await?.body;
        let key = Verifier::parse(told["key"].as_str().context("no key")?)?;
        let newest = server.get("/api/audit/checkpoint").await?.body;
        let newest = Checkpoint::open(newest["note"].as_str().context("no note")?, &key)?;
        let list = server.get("/api/audit/checkpoints?limit=1").await?.body;
        let first = list["checkpoints"][0]["note"].as_str().context("no note")?;
        let first = Checkpoint::open(first, &key)?;
        ensure!(list["next_after"] == first.size, "{list}");
        let log = server.get("/api/log").await?.body;
        for event in log["events"].as_array().context("no events")? {
            let position = event["position"].as_u64().context("no position")?;
            let asked = format!("/api/audit/inclusion?position={position}");
            let proof = server.get(&asked).await?.body;
            ensure!(proof["leaf"] == event["hash"], "{proof}");
            let leaf = hash(&event["hash"])?;
            let hashes = path(&proof)?;
            verify_inclusion(&leaf, position - 1, newest.size, &hashes, &newest.root)?;
        }
        let asked = format!("/api/audit/consistency?from={}", first.size);
        let proof = server.get(&asked).await?.body;
        let (old, new) = ((first.size, &first.root), (newest.size, &newest.root));
        verify_consistency(old, new, &path(&proof)?)?;
        let tile = server.get("/api/audit/tile").await?.body;
        ensure!(tile["hashes"].as_array().map(Vec::len) == usize::try_from(newest.size).ok());
        let state = server.get("/api/audit/verify").await?.body;
        ensure!(state["signed_to"] == newest.size && state["lag_events"] == 0, "{state}");
        ensure!(state["problem"].is_null() && state["key"] == told["key"], "{state}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beyond_the_tree_and_what_cannot_be_is_refused() -> Result<()> {
    on_every(async |server| {
        fill(&server, 0..2).await?;
        server.sealer.seal().await?;
        let size = server.store.head().await?.position.get();
        for (asked, status) in [
            (format!("/api/audit/inclusion?position={}", size + 1), 404),
            ("/api/audit/inclusion?position=0".to_owned(), 404),
            ("/api/audit/inclusion".to_owned(), 400),
            (format!("/api/audit/inclusion?position=1&size={}", size + 1), 404),
            ("/api/audit/consistency?from=0".to_owned(), 404),
            (format!("/api/audit/consistency?from=1&to={}", size + 1), 404),
            ("/api/audit/consistency?from=2&to=1".to_owned(), 404),
            (format!("/api/audit/checkpoint?size={}", size + 1), 404),
            (format!("/api/audit/checkpoint?size={}", u64::MAX), 400),
            ("/api/audit/checkpoints?limit=0".to_owned(), 400),
            ("/api/audit/tile?number=1".to_owned(), 404),
            ("/api/audit/tile?level=9".to_owned(), 404),
        ] {
            let answer = server.get(&asked).await?;
            ensure!(answer.status == status, "{asked}: {answer:?}");
            ensure!(answer.body["detail"].is_string(), "{asked}: {answer:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_of_one_workspace_exports_its_events_and_the_leaves_of_all_others() -> Result<()>
{
    on_every(async |server| {
        fill(&server, 0..3).await?;
        let auditor = key(&server, "default", Role::Auditor, None).await?;
        let theirs = key(&server, "other", Role::Owner, None).await?;
        let (name, shown) = theirs.header();
        for number in 0..4 {
            let id = format!("canary_{number}");
            let body = json!({"agent_id": id, "name": id, "capabilities": ["call"]});
            let made = server.json("POST", "/api/agents", &[(name, &shown)], &body).await?;
            ensure!(made.status == 201, "{made:?}");
        }
        server.sealer.seal().await?;
        let size = server.store.head().await?.position.get();
        let (name, shown) = auditor.header();
        let asked = format!("/api/audit/inclusion?position={size}");
        let foreign = server.ask("GET", &asked, &[(name, &shown)], b"").await?;
        ensure!(foreign.status == 404, "{foreign:?}");
        let folder = Folder::new()?;
        let out = folder.path().join("export");
        let command = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ax"));
            command.env_remove("DATABASE_URL").env("AX_KEY", &auditor.text);
            command.env("AX_URL", format!("http://{}", server.address()));
            command
        };
        let export = |command: &mut Command| {
            command
                .args(["--log", "error", "events", "export", "--json", "--out"])
                .arg(&out)
                .output()
        };
        let done = export(&mut command())?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told: Value = serde_json::from_slice(&done.stdout)?;
        ensure!(told["events"] == size && told["hidden"].as_u64() >= Some(4), "{told}");
        let text = std::fs::read_to_string(out.join("events-000000000001.jsonl"))?;
        ensure!(text.contains("agent_2") && !text.contains("canary"), "{text}");
        let verified = command().args(["--log", "error", "audit", "verify", "--json"]).output()?;
        ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let refused = export(command().env("AX_KEY", &theirs.text[..20]))?;
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(refused.status.code() == Some(4) && told.contains("not an API key"), "{told}");
        server.stop().await
    })
    .await
}

/// A number of the page that Prometheus reads; none when it does not stand there.
async fn measured(server: &Server, name: &str) -> Result<Option<u64>> {
    let page = server.get("/metrics").await?.body;
    let lines = page.as_str().context("a page")?.lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(values.next().map(str::parse).transpose()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_the_proofs_are_behind_the_log_is_measured() -> Result<()> {
    on_every(async |server| {
        let (tree, signed) = ("ax_audit_tree_lag_events", "ax_audit_lag_events");
        let age = "ax_audit_checkpoint_age_seconds";
        fill(&server, 0..4).await?;
        let head = server.store.head().await?.position.get();
        ensure!(measured(&server, tree).await? == Some(head), "the tree is not grown");
        ensure!(measured(&server, signed).await? == Some(head), "nothing is signed");
        ensure!(measured(&server, age).await?.is_none(), "nothing is signed");
        server.sealer.seal().await?;
        ensure!(measured(&server, tree).await? == Some(0), "the tree is grown");
        ensure!(measured(&server, signed).await? == Some(0), "all is signed");
        ensure!(measured(&server, age).await?.is_some(), "all is signed");
        fill(&server, 4..6).await?;
        let more = server.store.head().await?.position.get() - head;
        ensure!(more > 0 && measured(&server, signed).await? == Some(more), "{more}");
        server.stop().await
    })
    .await
}
