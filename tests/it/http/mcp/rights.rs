//! Who may do what through the tools: what each may at the door, and nothing more.

use super::{Client, modern, plan};
use crate::http::access::key;
use crate::http::house::on_every;
use anyhow::{Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use serde_json::{Value, json};

/// Each tool with arguments that it takes, and the roles that may use it.
fn tools() -> Vec<(&'static str, Value, &'static [Role])> {
    const AGENT: &[Role] = &[Role::Agent];
    const EVERYBODY: &[Role] =
        &[Role::Owner, Role::Member, Role::Operator, Role::Auditor, Role::Agent];
    const OWN: &[Role] = &[Role::Owner, Role::Member, Role::Agent];
    const COMMAND: &[Role] = &[Role::Owner, Role::Member];
    let report = json!({"execution_id": "first", "task_id": "s1", "agent_id": "larry",
        "message": "so it is"});
    let mut bare = report.clone();
    if let Some(bare) = bare.as_object_mut() {
        bare.remove("message");
    }
    let note = json!({"context_type": "notes", "context_key": "k", "context_value": "v",
        "agent_id": "larry"});
    vec![
        ("get_work", json!({"agent_id": "larry"}), AGENT),
        ("heartbeat", json!({"agent_id": "larry", "leases": []}), AGENT),
        ("report_progress", bare.clone(), AGENT),
        ("complete_task", bare, AGENT),
        ("report_blocker", report.clone(), AGENT),
        ("ask_person", report.clone(), AGENT),
        ("fail_task", report, AGENT),
        ("remember", note, OWN),
        ("recall", json!({}), EVERYBODY),
        ("get_execution", json!({"execution_id": "first"}), EVERYBODY),
        ("import_plan", json!({"plan": plan()}), COMMAND),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_may_what_its_caller_may_and_nothing_more() -> Result<()> {
    on_every(async |server| {
        for role in [Role::Owner, Role::Member, Role::Operator, Role::Auditor, Role::Agent] {
            let agent = (role == Role::Agent).then_some("larry");
            let key = key(&server, "default", role, agent).await?;
            let client = Client::with_key(&server, &key.text);
            for (tool, arguments, roles) in tools() {
                let result = client.call(tool, arguments).await?;
                let code = &result["_meta"]["planexe-ax/problem"]["code"];
                let may = roles.contains(&role);
                ensure!((*code == "forbidden") != may, "{role:?}: {tool}: {result}");
            }
        }
        let (headers, message) = modern("tools/list", json!({}));
        let nobody = Client::of(&server).send(&headers, &message).await?;
        ensure!(nobody.status == 401, "{nobody:?}");
        let wrong = Client::with_key(&server, "ax_k_wrong").send(&headers, &message).await?;
        ensure!(wrong.status == 401, "{wrong:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_another_workspace_or_agent_is_not_there() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?;
        let stranger = key(&server, "elsewhere", Role::Owner, None).await?;
        let ours = Client::with_key(&server, &owner.text);
        let theirs = Client::with_key(&server, &stranger.text);
        let brought = json!({"plan": plan(), "carry_out": true, "execution_id": "first"});
        ours.told("import_plan", brought).await?;
        ours.told("get_execution", json!({"execution_id": "first"})).await?;
        let foreign = theirs.refused("get_execution", json!({"execution_id": "first"})).await?;
        let absent = theirs.refused("get_execution", json!({"execution_id": "absent"})).await?;
        ensure!(foreign == absent && foreign.starts_with("not_found: "), "{foreign} | {absent}");
        for uri in ["ax://executions/first", "ax://plans/hello"] {
            let read = theirs.ask("resources/read", json!({"uri": uri})).await?;
            ensure!(read.body["error"]["code"] == -32_602, "{uri}: {read:?}");
        }
        let listed = theirs.ask("resources/list", json!({})).await?;
        ensure!(listed.body["result"]["resources"] == json!([]), "{listed:?}");
        let larry = key(&server, "default", Role::Agent, Some("larry")).await?;
        let larry = Client::with_key(&server, &larry.text);
        let told = larry.refused("get_work", json!({"agent_id": "moe"})).await?;
        ensure!(told.starts_with("forbidden: "), "{told}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_and_another_host_get_nothing() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        let (headers, message) = modern("tools/list", json!({}));
        for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
            let mut from = headers.clone();
            from.push(("Origin", origin.to_owned()));
            let told = client.send(&from, &message).await?;
            ensure!(told.status == 403, "{origin}: {told:?}");
        }
        let mut own = headers.clone();
        own.push(("Origin", "http://localhost".to_owned()));
        ensure!(client.send(&own, &message).await?.status == 200);
        let body = message.to_string();
        let rebound = format!(
            "POST /mcp HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let told = server.send(rebound.as_bytes()).await?;
        ensure!(told.status == 421, "{told:?}");
        server.stop().await
    })
    .await
}
