//! The protocol: which revisions are spoken, and what is told before any tool is called.

use super::{Client, MODERN, larry, plan};
use crate::http::house::on_every;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

fn older(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params})
}

#[tokio::test(flavor = "multi_thread")]
async fn older_clients_agree_on_a_revision_by_a_handshake() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        for (wished, agreed) in [
            ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2024-11-05", "2025-11-25"),
            ("2999-01-01", "2025-11-25"),
        ] {
            let hello = json!({"protocolVersion": wished, "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"}});
            let told = client.send(&[], &older("initialize", &hello)).await?;
            ensure!(told.status == 200 && told.body["id"] == "a", "{told:?}");
            ensure!(told.body["result"]["protocolVersion"] == agreed, "{wished}: {told:?}");
            ensure!(told.header("mcp-session-id").is_none(), "nothing is kept: {told:?}");
            let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            let headers = [("MCP-Protocol-Version", agreed.to_owned())];
            let taken = client.send(&headers, &ready).await?;
            ensure!(taken.status == 202 && taken.body.is_null(), "{taken:?}");
            let listed = client.send(&headers, &older("tools/list", &json!({}))).await?;
            let tools = listed.body["result"]["tools"].as_array().context("no tools")?;
            ensure!(tools.len() == 11, "{listed:?}");
            ensure!(listed.body["result"].get("resultType").is_none(), "{listed:?}");
            let pong = client.send(&headers, &older("ping", &json!({}))).await?;
            ensure!(pong.body["result"] == json!({}), "{pong:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_revision_needs_no_handshake_and_says_what_holds() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        let told = client.ask("server/discover", json!({})).await?;
        let result = &told.body["result"];
        ensure!(result["supportedVersions"] == json!([MODERN]), "{told:?}");
        ensure!(result["capabilities"] == json!({"tools": {}, "resources": {}}), "{told:?}");
        let server_info = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        ensure!(server_info["name"] == "planexe-ax", "{told:?}");
        for (method, scope) in [
            ("server/discover", "public"),
            ("tools/list", "public"),
            ("resources/templates/list", "public"),
            ("resources/list", "private"),
        ] {
            let told = client.ask(method, json!({})).await?;
            let result = &told.body["result"];
            ensure!(result["resultType"] == "complete", "{method}: {told:?}");
            ensure!(result["cacheScope"] == scope && result["ttlMs"].is_u64(), "{told:?}");
        }
        for gone in ["ping", "initialize", "logging/setLevel", "resources/subscribe"] {
            let told = client.ask(gone, json!({})).await?;
            ensure!(told.status == 404 && told.body["error"]["code"] == -32_601, "{told:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tool_says_what_it_takes_what_it_tells_and_what_it_does() -> Result<()> {
    on_every(async |server| {
        let listed = Client::of(&server).ask("tools/list", json!({})).await?;
        let tools = listed.body["result"]["tools"].as_array().context("no tools")?;
        for tool in tools {
            for part in ["inputSchema", "outputSchema"] {
                ensure!(tool[part]["type"] == "object", "{part}: {tool}");
            }
            let hints = &tool["annotations"];
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                ensure!(hints[hint].is_boolean(), "{hint}: {tool}");
            }
            let reads = ["recall", "get_execution"].map(Value::from);
            ensure!(hints["readOnlyHint"] == reads.contains(&tool["name"]), "{tool}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_executions_are_resources() -> Result<()> {
    on_every(async |server| {
        larry(&server).await?;
        let client = Client::of(&server);
        let brought = json!({"plan": plan(), "carry_out": true, "execution_id": "first"});
        let made = client.told("import_plan", brought).await?;
        let position = made["execution"]["position"].as_u64().context("no position")?;
        server.get(&format!("/api/executions?min_position={position}")).await?;
        server.get(&format!("/api/plans?min_position={position}")).await?;
        let mut found = Vec::new();
        let mut params = json!({});
        loop {
            let page = client.ask("resources/list", params).await?;
            let result = &page.body["result"];
            let listed = result["resources"].as_array().context("no resources")?;
            found.extend(listed.iter().map(|it| it["uri"].clone()));
            let Some(next) = result["nextCursor"].as_str() else { break };
            params = json!({"cursor": next});
        }
        ensure!(found == ["ax://executions/first", "ax://plans/hello"], "{found:?}");
        for (uri, name) in [
            ("ax://executions/first", "execution_id"),
            ("ax://executions/first/tasks", "tasks"),
            ("ax://plans/hello", "plan_id"),
            ("ax://plans/hello/tasks", "tasks"),
        ] {
            let read = client.ask("resources/read", json!({"uri": uri})).await?;
            let content = &read.body["result"]["contents"][0];
            ensure!(content["uri"] == uri && content["mimeType"] == "application/json", "{read:?}");
            let text = content["text"].as_str().context("no text")?;
            let value: Value = serde_json::from_str(text)?;
            ensure!(!value[name].is_null(), "{text}");
        }
        for absent in ["ax://executions/other", "ax://plans/../keys", "file:///etc/passwd", ""] {
            let read = client.ask("resources/read", json!({"uri": absent})).await?;
            ensure!(read.body["error"]["code"] == -32_602, "{absent}: {read:?}");
            let asked = older("resources/read", &json!({"uri": absent}));
            let read = client.send(&[], &asked).await?;
            ensure!(read.body["error"]["code"] == -32_002, "{absent}: {read:?}");
        }
        server.stop().await
    })
    .await
}
