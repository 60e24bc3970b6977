//! `ax plan`, at a running server.

use super::source;
use crate::cli::out::{self, text::plain};
use crate::cli::remote::{Remote, Terms, failed};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use planexe_ax_client::{After, ImportWish, Plan, PlanSource, WriteTerms};
use serde_json::{Value, json};
use std::path::Path;

/// How many plans are asked for at once.
const PAGE: u32 = 500;

/// Deletes a plan, for good.
pub(super) async fn delete(remote: &Remote, plan_id: &str, terms: &Terms) -> Result<(), Failure> {
    let after = remote.client()?.delete_plan(plan_id, &terms.write()).await.map_err(failed)?;
    if remote.wants_json() {
        return out::json(after.json());
    }
    match after {
        After::Stored(_) => out::say(&format!("{} is deleted", plain(plan_id))),
        After::Rehearsed(_) => remote.show_after(&after, |_| String::new()),
    }
}

/// A run of the PlanExe that is set up at the server.
pub(super) fn run(named: &str) -> PlanSource {
    PlanSource::Json(json!({"planexe_run": named}).to_string().into_bytes())
}

/// What lies at a path, or is piped in.
pub(super) fn source(path: &Path) -> Result<PlanSource, Failure> {
    Ok(match source::bytes(path)? {
        source::Found::Files(files) => {
            let form = json!({"files": files}).to_string();
            PlanSource::Json(form.into_bytes())
        }
        source::Found::Bytes(name, bytes) => kind_of(&name, bytes),
    })
}

/// Reads a plan in.
pub(super) async fn import(
    remote: &Remote,
    source: PlanSource,
    wish: &ImportWish,
) -> Result<(), Failure> {
    let client = remote.client()?;
    let after = client.import_plan(source, wish, &WriteTerms::default()).await.map_err(failed)?;
    if remote.wants_json() {
        return out::json(after.json());
    }
    let json = after.json();
    let text = |name: &str| plain(json[name].as_str().unwrap_or_default());
    out::say(&format!("{} is {}: {}", text("plan_id"), text("status"), text("title")))
}

/// What the server is told that the bytes are: by the name, else by how they begin.
fn kind_of(name: &str, bytes: Vec<u8>) -> PlanSource {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match (name.rsplit_once('.').map(|(_, end)| end), first) {
        (Some("zip"), _) | (_, Some(b'P')) if bytes.starts_with(b"PK") => PlanSource::Zip(bytes),
        (Some("json"), _) | (_, Some(b'{')) => PlanSource::Json(bytes),
        (Some("md" | "markdown"), _) | (_, Some(b'#')) => PlanSource::Markdown(bytes),
        _ => PlanSource::Text(bytes),
    }
}

/// Lists the plans, one a line.
pub(super) async fn list(remote: &Remote) -> Result<(), Failure> {
    let client = remote.client()?;
    let mut cursor: Option<String> = None;
    loop {
        let page = client.plans(Some(PAGE), cursor.as_deref()).await.map_err(failed)?;
        for (at, plan) in page.entries.iter().enumerate() {
            if remote.wants_json() {
                out::json(&page.json["plans"][at])?;
            } else {
                out::say(&line(plan))?;
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn line(plan: &Plan) -> String {
    let title = plan.title.as_deref().map(plain).unwrap_or_default();
    format!("{}\t{}\t{}\t{title}", plain(&plan.plan_id), plain(&plan.status), plan.leaf_count)
}

/// Shows a plan with its tasks.
pub(super) async fn show(remote: &Remote, plan_id: &str) -> Result<(), Failure> {
    let client = remote.client()?;
    let plan = client.plan(plan_id).await.map_err(failed)?;
    let tasks = client.plan_tasks(plan_id).await.map_err(failed)?;
    if remote.wants_json() {
        return out::json(&json!({"plan": plan.json, "tasks": tasks}));
    }
    let mut lines = vec![line(&plan.told).replace('\t', " ")];
    lines.extend(tasks.iter().map(|task| {
        let text = |name: &str| plain(task[name].as_str().unwrap_or_default());
        let before = task["waits_for"].as_array().map(Vec::as_slice).unwrap_or_default();
        let waits = if before.is_empty() { String::new() } else { waits(before) };
        format!("  {} {}{waits}", text("task_id"), text("title"))
    }));
    out::say(&lines.join("\n"))
}

fn waits(before: &[Value]) -> String {
    let name = |it: &Value| {
        let id = it.as_str().or_else(|| it["from"].as_str()).or_else(|| it["task_id"].as_str());
        id.map(plain)
    };
    let names: Vec<_> = before.iter().filter_map(name).collect();
    format!(" (waits for {})", names.join(", "))
}

/// What only the database itself can be asked for.
pub(super) fn not_there(what: &str) -> Failure {
    let told = anyhow!(
        "a server does not {what}: leave --server, AX_URL and the context out, where this machine \
         has the database"
    );
    Exit::Usage.because(told)
}
