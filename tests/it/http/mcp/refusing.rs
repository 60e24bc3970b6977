//! What is wrong, and how it is told: as an error of the protocol where a program must be mended,
//! as a result where who called can do better.

use super::{Client, larry, modern, plan};
use crate::http::house::{Server, on_every};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_say_something_else_than_the_body_are_refused() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        let (good, message) = modern("tools/call", json!({"name": "get_work"}));
        ensure!(client.send(&good, &message).await?.status == 200);
        for place in 0..good.len() {
            let mut missing = good.clone();
            missing.remove(place);
            let mut other = good.clone();
            other[place].1 = "other".to_owned();
            for headers in [missing, other] {
                let told = client.send(&headers, &message).await?;
                let code = &told.body["error"]["code"];
                ensure!(told.status == 400 && *code == -32_020, "{headers:?}: {told:?}");
                ensure!(told.body["id"] == 7, "{told:?}");
            }
        }
        let mut written = good;
        written[2].1 = "=?base64?Z2V0X3dvcms=?=".to_owned();
        ensure!(client.send(&written, &message).await?.status == 200);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_is_not_spoken_is_told_which_are() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        let (mut headers, mut message) = modern("tools/list", json!({}));
        headers[0].1 = "1900-01-01".to_owned();
        message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "1900-01-01".into();
        let told = client.send(&headers, &message).await?;
        ensure!(told.status == 400 && told.body["error"]["code"] == -32_022, "{told:?}");
        let data = &told.body["error"]["data"];
        ensure!(data["requested"] == "1900-01-01", "{told:?}");
        ensure!(data["supported"] == json!(["2026-07-28"]), "{told:?}");
        let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
        let told = client.send(&headers[..1], &bare).await?;
        ensure!(told.status == 400 && told.body["error"]["code"] == -32_022, "{told:?}");
        headers[0].1 = "2026-07-28".to_owned();
        let told = client.send(&headers, &bare).await?;
        ensure!(told.status == 400 && told.body["error"]["code"] == -32_602, "{told:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_refused_and_so_are_several_at_once() -> Result<()> {
    on_every(async |server| {
        let json = [("Content-Type", "application/json")];
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        for (body, code) in [
            ("{".to_owned(), -32_700),
            (r#"{"jsonrpc":"2.0","jsonrpc":"2.0"}"#.to_owned(), -32_700),
            (json!([call]).to_string(), -32_600),
            ("[]".to_owned(), -32_600),
            ("7".to_owned(), -32_600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#.to_owned(), -32_600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_owned(), -32_600),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#.to_owned(), -32_600),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#.to_owned(), -32_600),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(), -32_600),
        ] {
            let told = server.ask("POST", "/mcp", &json, body.as_bytes()).await?;
            ensure!(told.status == 400 && told.body["error"]["code"] == code, "{body}: {told:?}");
        }
        let told = server.ask("POST", "/mcp", &[], b"{}").await?;
        ensure!(told.status == 415, "{told:?}");
        for method in ["GET", "DELETE"] {
            let told = server.ask(method, "/mcp", &[], b"").await?;
            ensure!(told.status == 405, "{method}: {told:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_not_there_is_a_fault_and_wrong_arguments_are_told_to_who_called()
-> Result<()> {
    on_every(async |server| {
        larry(&server).await?;
        let client = Client::of(&server);
        let told = client.ask("tools/call", json!({"name": "delete_all"})).await?;
        ensure!(told.status == 200 && told.body["error"]["code"] == -32_602, "{told:?}");
        let told = client.ask("tools/call", json!({"name": "get_work", "arguments": []})).await?;
        ensure!(told.body["error"]["code"] == -32_602, "{told:?}");
        for (tool, arguments, said) in [
            ("get_work", json!({"agent": "larry"}), "has no argument \"agent\""),
            ("get_work", json!({"agent_id": "larry", "max": true}), "max is of the type integer"),
            ("get_work", json!({}), "Say agent_id"),
            ("get_work", json!({"agent_id": "../keys"}), "agent_id"),
            ("get_work", json!({"agent_id": "larry", "wait_seconds": 600}), "60s at most"),
            ("get_work", json!({"agent_id": "nobody"}), "not_found"),
            ("complete_task", json!({"execution_id": "first"}), "needs task_id"),
            (
                "report_progress",
                json!({"execution_id": "first", "task_id": "s1",
                "agent_id": "larry", "progress_percent": 900}),
                "progress_percent",
            ),
            (
                "complete_task",
                json!({"execution_id": "a/b", "task_id": "s1",
                "agent_id": "larry"}),
                "execution_id",
            ),
            (
                "complete_task",
                json!({"execution_id": "first", "task_id": "s1",
                "agent_id": "larry"}),
                "get_work and get_execution tell them",
            ),
            ("import_plan", json!({}), "Give either plan"),
            ("import_plan", json!({"plan": {"goal": ""}}), "Correct the arguments"),
            (
                "remember",
                json!({"context_type": "x", "context_key": "k", "context_value": "v",
                "agent_id": "larry"}),
                "context_type",
            ),
        ] {
            let told = client.refused(tool, arguments.clone()).await?;
            ensure!(told.contains(said), "{tool} {arguments}: {told}");
        }
        server.stop().await
    })
    .await
}

async fn begun(server: &Server, client: &Client<'_>) -> Result<Value> {
    larry(server).await?;
    let brought = json!({"plan": plan(), "carry_out": true, "execution_id": "first"});
    client.told("import_plan", brought).await?;
    client.told("get_work", json!({"agent_id": "larry"})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_lease_is_told_to_stop() -> Result<()> {
    on_every(async |server| {
        let client = Client::of(&server);
        let work = begun(&server, &client).await?;
        let lease = work["next_task"]["lease"].clone();
        let call = json!({"execution_id": "first", "task_id": "s1", "agent_id": "larry",
            "lease": lease, "message": "no paper"});
        client.told("fail_task", call.clone()).await?;
        let mut done = call;
        done["message"] = "it is done after all".into();
        let told = client.refused("complete_task", done).await?;
        ensure!(told.starts_with("lease_lost: ") && told.contains("Stop working"), "{told}");
        let mut same = json!({"agent_id": "larry", "context_type": "notes", "context_key": "k",
            "context_value": "one", "idempotency_key": "once"});
        client.told("remember", same.clone()).await?;
        same["context_value"] = "two".into();
        let told = client.refused("remember", same).await?;
        ensure!(told.starts_with("key_reused: ") && told.contains("a new"), "{told}");
        server.stop().await
    })
    .await
}
