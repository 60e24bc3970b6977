//! Agents' own plans over HTTP, in the words of the document that describes them.

mod context;
mod deleting;
mod documents;
mod example;
mod logs;
mod moving;
mod subtasks;
mod whole;
mod whose;

use super::house::{Answer, Server};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The task that the document's agent works for.
const TASK: &str = "deep-1765060407236";

/// The two steps of the document's first example.
fn two_steps() -> Value {
    json!({
        "task_id": TASK,
        "plan_type": "research",
        "steps": [
            {"step": 1, "action": "search",
             "description": "Search for first-principles frameworks", "estimated_duration": 30},
            {"step": 2, "action": "analyze", "description": "Analyze findings",
             "estimated_duration": 45},
        ],
        "reasoning": "Research first-principles thinking methodology",
    })
}

/// Brings a plan; its id.
async fn brought(server: &Server, plan: &Value) -> Result<String> {
    let made = server.post("/api/agent-plans", plan).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(made.body["id"].as_str().context("no id")?.to_owned())
}

async fn patched(server: &Server, id: &str, patch: &Value) -> Result<Answer> {
    server.patch(&format!("/api/agent-plans/{id}"), patch).await
}

/// What is answered when all that was stored so far can be seen.
async fn fresh(server: &Server, path: &str) -> Result<Answer> {
    let position = server.store.head().await?.position;
    let sign = if path.contains('?') { '&' } else { '?' };
    server.get(&format!("{path}{sign}min_position={position}")).await
}

/// What an answer says under a name, as a list.
fn list<'a>(answer: &'a Answer, name: &str) -> Result<&'a [Value]> {
    let found = answer.body[name].as_array().map(Vec::as_slice);
    found.with_context(|| format!("no {name}: {answer:?}"))
}

/// One field of each thing in a list.
fn each<'a>(things: &'a [Value], field: &str) -> Vec<&'a str> {
    things.iter().map(|it| it[field].as_str().unwrap_or_default()).collect()
}

/// A text as it stands in a query.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
