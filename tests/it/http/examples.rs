//! The examples in the API's description: each operation has one, and what it sends is taken.

use super::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::http::openapi_json;
use serde_json::Value;

const JSON: &str = "/content/application~1json";
const EXECUTION: &str = "/api/executions/exec_carol_breeder_20260211_001";

fn operations() -> Result<Vec<Value>> {
    let document: Value = serde_json::from_str(&openapi_json())?;
    let paths = document["paths"].as_object().context("no paths")?;
    let items = paths.values().filter_map(Value::as_object);
    Ok(items.flat_map(|item| item.values().cloned()).collect())
}

/// What an operation's example sends.
fn request(operations: &[Value], id: &str) -> Result<Value> {
    let operation = operations.iter().find(|it| it["operationId"] == id).context("no operation")?;
    let example = operation.pointer(&format!("/requestBody{JSON}/example"));
    example.cloned().with_context(|| format!("{id} has no example"))
}

#[test]
fn every_operation_shows_what_is_sent_and_what_is_answered() -> Result<()> {
    for operation in operations()? {
        let id = operation["operationId"].as_str().context("no operationId")?;
        let sent = operation.pointer(&format!("/requestBody{JSON}"));
        ensure!(sent.is_none_or(|sent| sent.get("example").is_some()), "{id}: no request");
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let shown = answer.pointer(JSON).filter(|_| status.starts_with('2'));
            ensure!(shown.is_none_or(|it| it.get("example").is_some()), "{id}: no response");
        }
    }
    Ok(())
}

async fn send(server: &Server, all: &[Value], id: &str, method: &str, path: &str) -> Result<()> {
    let body = request(all, id)?;
    let answer = server.json(method, path, &[], &body).await?;
    ensure!((200..300).contains(&answer.status), "{id}: {answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_examples_send_is_taken_as_it_stands() -> Result<()> {
    on_every(async |server| {
        let all = operations()?;
        let (agent, work) = ("/api/agents/agent_larry_001", "/api/agents/agent_larry_001/work");
        send(&server, &all, "register_agent_by_document", "POST", "/api/agents/register").await?;
        send(&server, &all, "register_agent", "POST", "/api/agents").await?;
        send(&server, &all, "change_agent", "PATCH", agent).await?;
        send(&server, &all, "import_plan", "POST", "/api/plans").await?;
        send(&server, &all, "create_execution", "POST", "/api/executions").await?;
        server.get(work).await?;
        let beat = "/api/agents/agent_larry_001/heartbeat";
        send(&server, &all, "send_heartbeat", "POST", beat).await?;
        let events = format!("{EXECUTION}/events");
        send(&server, &all, "report", "POST", &events).await?;
        server.get(work).await?;
        let mut blocked = request(&all, "report")?;
        blocked["event_type"] = "task_error".into();
        blocked["task_id"] = "task_1_1_b".into();
        blocked["human_review_required"] = true.into();
        blocked["suggestion"] = request(&all, "resolve_blocker")?["option"].clone();
        let told = server.post(&events, &blocked).await?;
        let blocker = told.body["blocker_id"].as_str().context("no blocker_id")?;
        let resolve = format!("{EXECUTION}/blockers/{blocker}/resolve");
        send(&server, &all, "resolve_blocker", "POST", &resolve).await?;
        let apart = format!("{EXECUTION}/tasks/task_1_2_a/subtasks");
        send(&server, &all, "set_execution_subtasks", "PUT", &apart).await?;
        let (amend, fork) = (format!("{EXECUTION}/amend"), format!("{EXECUTION}/fork"));
        send(&server, &all, "amend_execution", "POST", &amend).await?;
        send(&server, &all, "fork_execution", "POST", &fork).await?;
        send(&server, &all, "change_execution", "PATCH", EXECUTION).await?;
        let own = server.post("/api/agent-plans", &request(&all, "create_agent_plan")?).await?;
        let own = own.body["id"].as_str().context("no agent's own plan")?;
        let (own, logs) =
            (format!("/api/agent-plans/{own}"), format!("/api/agent-plans/{own}/logs"));
        send(&server, &all, "change_agent_plan", "PATCH", &own).await?;
        send(&server, &all, "add_agent_log", "POST", &logs).await?;
        send(&server, &all, "set_context", "PUT", "/api/context").await?;
        send(&server, &all, "make_subtasks", "POST", &format!("{own}/subtasks")).await?;
        let plan = "/api/plans/plan_carol_breeder_sys_20260211";
        let (task, asked) = (format!("{plan}/tasks/task_1_1"), format!("{agent}/decompose"));
        send(&server, &all, "decompose_task", "POST", &asked).await?;
        send(&server, &all, "decompose_plan", "POST", &format!("{plan}/decompose")).await?;
        send(&server, &all, "set_subtasks", "PUT", &format!("{task}/subtasks")).await?;
        send(&server, &all, "review_subtasks", "POST", &format!("{task}/review")).await?;
        send(&server, &all, "add_member", "POST", "/api/members").await?;
        send(&server, &all, "change_member", "PATCH", "/api/members/carol").await?;
        send(&server, &all, "change_workspace", "PATCH", "/api/workspace").await?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_holds_no_script_or_style_of_its_own_and_asks_nobody_else() -> Result<()> {
    on_every(async |server| {
        let files = [("/docs", "html"), ("/docs/page.js", "javascript"), ("/docs/page.css", "css")];
        let mut texts = Vec::new();
        for (path, kind) in files {
            let file = server.get(path).await?;
            ensure!(file.status == 200, "{path}: {file:?}");
            let of_kind = file.header("content-type").is_some_and(|it| it.contains(kind));
            ensure!(of_kind, "{path}: {file:?}");
            let policy = file.header("content-security-policy").context("no policy")?;
            ensure!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
            ensure!(!policy.contains("unsafe"), "{policy}");
            texts.push(file.body.as_str().context("no text")?.to_owned());
        }
        let [page, script, style] = texts.as_slice() else { return Ok(()) };
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
            ensure!(!page.contains(inline), "{inline}");
        }
        let scripts = page.split("<script").skip(1);
        ensure!(scripts.into_iter().all(|it| it.starts_with(" src=\"/docs/page.js\"")));
        for unsafe_one in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
        {
            ensure!(!script.contains(unsafe_one), "{unsafe_one}: text must become text");
        }
        for text in [page, script, style] {
            ensure!(!text.contains("https://") && !text.contains("http://"), "it asks elsewhere");
        }
        server.stop().await
    })
    .await
}
