//! Two workspaces on one server: neither sees anything of the other (P22).

use super::matrix::operations;
use super::{Key, key};
use crate::http::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use serde_json::{Value, json};

/// Stands in everything that the first workspace holds.
const CANARY: &str = "canary-4711";

async fn fill(server: &Server, owner: &Key) -> Result<u64> {
    let (name, shown) = owner.header();
    let own = [(name, shown.as_str())];
    let agent = json!({"agent_id": "larry", "name": CANARY, "capabilities": ["call"]});
    let plan = json!({"plan_id": "plan", "goal": CANARY, "title": CANARY, "phases": [
        {"phase_id": "a", "name": CANARY, "tasks": [{"task_id": "t", "title": CANARY,
            "subtasks": [{"subtask_id": "s", "title": CANARY, "action": "call"}]}]}]});
    let execution = json!({"plan_id": "plan", "execution_id": "execution", "labels": [CANARY]});
    let mut position = 0;
    for (path, body) in
        [("/api/agents", agent), ("/api/plans", plan), ("/api/executions", execution)]
    {
        let made = server.json("POST", path, &own, &body).await?;
        ensure!(made.status == 201, "{made:?}");
        position = made.position()?;
    }
    let member = json!({"name": CANARY, "role": "member", "member_id": "member"});
    ensure!(server.json("POST", "/api/members", &own, &member).await?.status == 201);
    Ok(position)
}

/// The ids of what the first workspace holds, in the places of a path.
fn foreign(path: &str) -> String {
    let mut before = "";
    let mut parts = Vec::new();
    for part in path.split('/') {
        parts.push(match (part, before) {
            ("absent", "executions") => "execution",
            ("absent", "plans") => "plan",
            ("absent", "members") => "member",
            ("absent", "tasks") => "s",
            (_, _) => part,
        });
        before = part;
    }
    parts.join("/")
}

/// What is left of an answer without what belongs to the one request.
fn plain(mut body: Value) -> Value {
    for name in ["instance", "request_id"] {
        if let Some(body) = body.as_object_mut() {
            body.remove(name);
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_is_told_like_what_is_not_there() -> Result<()> {
    on_every(async |server| {
        let theirs = key(&server, "default", Role::Owner, None).await?;
        let position = fill(&server, &theirs).await?;
        let (name, shown) = theirs.header();
        let seen = format!("/api/executions?min_position={position}");
        let seen = server.ask("GET", &seen, &[(name, &shown)], b"").await?;
        ensure!(seen.body.to_string().contains(CANARY), "the owner sees it: {seen:?}");
        let stranger = key(&server, "elsewhere", Role::Owner, None).await?;
        let (name, shown) = stranger.header();
        let headers = [(name, shown.as_str()), ("Content-Type", "application/json")];
        for operation in operations()? {
            let is_open = operation.right.is_none() || operation.path.ends_with("/stream");
            if is_open || operation.path.contains("work") {
                continue;
            }
            let body = if operation.method == "GET" { &b""[..] } else { b"{}" };
            let theirs = foreign(&operation.path);
            let there = server.ask(&operation.method, &theirs, &headers, body).await?;
            ensure!(!there.body.to_string().contains(CANARY), "{theirs}: {there:?}");
            let absent = operation.path.replace("larry", "absent");
            if absent == theirs {
                continue;
            }
            let absent = server.ask(&operation.method, &absent, &headers, body).await?;
            let what = format!("{} {theirs}: {there:?} and {absent:?}", operation.method);
            ensure!(there.status == absent.status, "{what}");
            ensure!(plain(there.body) == plain(absent.body), "{what}");
        }
        let theirs_only = server.ask("DELETE", "/api/demonstration", &headers[..1], b"").await?;
        ensure!(theirs_only.status == 404, "{theirs_only:?}");
        let (name, shown) = theirs.header();
        let kept = server.ask("GET", "/api/plans/plan", &[(name, &shown)], b"").await?;
        ensure!(kept.status == 200 && kept.body["goal"] == CANARY, "{kept:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workspaces_may_call_different_things_by_the_same_id() -> Result<()> {
    on_every(async |server| {
        for workspace in ["default", "elsewhere"] {
            let owner = key(&server, workspace, Role::Owner, None).await?;
            let position = fill(&server, &owner).await?;
            let (name, shown) = owner.header();
            let path = format!("/api/executions?min_position={position}");
            let found = server.ask("GET", &path, &[(name, &shown)], b"").await?;
            let count = found.body["executions"].as_array().context("no list")?.len();
            ensure!(count == 1, "{workspace}: {found:?}");
        }
        server.stop().await
    })
    .await
}
