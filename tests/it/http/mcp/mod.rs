//! Agents' tools at `/mcp`: a client of the protocol, and what it finds.

mod carrying;
mod refusing;
mod rights;
mod speaking;

use super::house::{Answer, Server};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const MODERN: &str = "2026-07-28";

/// Somebody who speaks the newest revision.
pub(super) struct Client<'a> {
    server: &'a Server,
    key: Option<String>,
}

/// A request as the newest revision wants it: with its revision inside, and the headers beside it.
pub(super) fn modern(method: &str, mut params: Value) -> (Vec<(&'static str, String)>, Value) {
    let mut headers =
        vec![("MCP-Protocol-Version", MODERN.to_owned()), ("Mcp-Method", method.to_owned())];
    let name = params.get("name").or(params.get("uri")).and_then(Value::as_str);
    headers.extend(name.map(|name| ("Mcp-Name", name.to_owned())));
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    (headers, json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
}

impl<'a> Client<'a> {
    pub(super) fn of(server: &'a Server) -> Self {
        Self { server, key: None }
    }

    pub(super) fn with_key(server: &'a Server, key: &str) -> Self {
        Self { server, key: Some(key.to_owned()) }
    }

    /// Sends these headers and this message.
    pub(super) async fn send(&self, headers: &[(&str, String)], message: &Value) -> Result<Answer> {
        let bearer = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let mut all: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        self.server.json("POST", "/mcp", &all, message).await
    }

    /// Asks a method of the protocol.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Result<Answer> {
        let (headers, message) = modern(method, params);
        self.send(&headers, &message).await
    }

    /// What calling a tool comes to, be it good or not.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Value> {
        let params = json!({"name": tool, "arguments": arguments});
        let mut answer = self.ask("tools/call", params).await?;
        ensure!(answer.status == 200 && answer.body["id"] == 7, "{tool}: {answer:?}");
        let result = answer.body["result"].take();
        ensure!(result["resultType"] == "complete", "{tool}: {answer:?}");
        Ok(result)
    }

    /// What a tool tells that does what it is asked.
    pub(super) async fn told(&self, tool: &str, arguments: Value) -> Result<Value> {
        let mut result = self.call(tool, arguments).await?;
        ensure!(result["isError"] == false, "{tool}: {result}");
        let told = result["structuredContent"].take();
        let text = result["content"][1]["text"].as_str().context("no text")?;
        ensure!(serde_json::from_str::<Value>(text)? == told, "{tool}: {text}");
        Ok(told)
    }

    /// What a tool says that does nothing.
    pub(super) async fn refused(&self, tool: &str, arguments: Value) -> Result<String> {
        let result = self.call(tool, arguments).await?;
        ensure!(result["isError"] == true, "{tool}: {result}");
        ensure!(result.get("structuredContent").is_none(), "{tool}: {result}");
        Ok(result["content"][0]["text"].as_str().context("no text")?.to_owned())
    }
}

/// A plan of two tasks, one after the other.
pub(super) fn plan() -> Value {
    json!({"plan_id": "hello", "goal": "Say hello", "phases": [{"phase_id": "p1", "name": "One",
        "tasks": [{"task_id": "t1", "title": "Write", "subtasks": [
            {"subtask_id": "s1", "action": "write", "params": {"to": "carol"}},
            {"subtask_id": "s2", "action": "write", "depends_on": ["s1"]}]}]}]})
}

/// Makes larry known, who can write.
pub(super) async fn larry(server: &Server) -> Result<Answer> {
    let larry = json!({"agent_id": "larry", "name": "Larry", "capabilities": ["write"]});
    let known = server.post("/api/agents", &larry).await?;
    ensure!(known.status == 201, "{known:?}");
    Ok(known)
}
