//! What the document calls `agentExecution`: a few calls over plain HTTP, and a helper that carries
//! a whole plan out. It knows the HTTP API and nothing else.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The way to a server.
#[derive(Clone)]
pub(crate) struct AgentExecution {
    address: String,
    key: Option<String>,
    /// Where the last write stands in the log: what is read is to show it.
    position: Cell<u64>,
}

impl AgentExecution {
    pub(crate) fn at(address: &str, key: Option<String>) -> Self {
        Self { address: address.to_owned(), key, position: Cell::new(0) }
    }

    /// Brings a plan.
    pub(crate) fn create_plan(&self, plan: &Value) -> Result<Value> {
        self.ask("POST", "/api/agent-plans", Some(plan))
    }

    /// One plan; in full, with all that was logged and is remembered.
    pub(crate) fn plan(&self, id: &str, in_full: bool) -> Result<Value> {
        let wish = format!("include_logs={in_full}&include_context={in_full}");
        self.read(&format!("/api/agent-plans/{id}?{wish}"))
    }

    /// The plans that a query finds.
    pub(crate) fn query_plans(&self, query: &str) -> Result<Vec<Value>> {
        self.list(&format!("/api/agent-plans?{query}"), "plans")
    }

    /// Moves a plan on: `current_step`, `status`, `agent_reasoning`.
    pub(crate) fn update_plan(&self, id: &str, patch: &Value) -> Result<Value> {
        self.ask("PATCH", &format!("/api/agent-plans/{id}"), Some(patch))
    }

    /// Logs something.
    pub(crate) fn add_log(&self, id: &str, log: &Value) -> Result<Value> {
        self.ask("POST", &format!("/api/agent-plans/{id}/logs"), Some(log))
    }

    /// The entries that a query finds.
    pub(crate) fn query_logs(&self, query: &str) -> Result<Vec<Value>> {
        self.list(&format!("/api/agent-logs?{query}"), "logs")
    }

    /// Remembers something.
    pub(crate) fn set_context(&self, context: &Value) -> Result<Value> {
        self.ask("PUT", "/api/context", Some(context))
    }

    /// What is remembered, and found by a query.
    pub(crate) fn query_context(&self, query: &str) -> Result<Vec<Value>> {
        self.list(&format!("/api/context?{query}"), "context")
    }

    /// Makes parts of a task out of the steps of a plan.
    pub(crate) fn make_subtasks(&self, id: &str, body: &Value) -> Result<Value> {
        self.ask("POST", &format!("/api/agent-plans/{id}/subtasks"), Some(body))
    }

    /// Brings a plan and carries it out, step by step, with what the caller does for each; a step
    /// that fails is logged, and the plan has failed.
    pub(crate) fn execute_plan(
        &self,
        task_id: &str,
        plan_type: &str,
        steps: &[Value],
        mut executor: impl FnMut(&Value, &str) -> Result<Value>,
    ) -> Result<Value> {
        let plan = json!({"task_id": task_id, "plan_type": plan_type, "steps": steps});
        let plan = self.create_plan(&plan)?;
        let id = plan["id"].as_str().context("a plan has an id")?;
        for step in plan["plan_json"]["steps"].as_array().into_iter().flatten() {
            self.update_plan(id, &json!({"current_step": step["step"]}))?;
            match executor(step, id) {
                Ok(result) => self.add_log(id, &done(step, &result))?,
                Err(error) => {
                    let why = format!("{error:#}");
                    self.add_log(id, &failed(&step["step"], &why))?;
                    let failed = json!({"status": "failed", "agent_reasoning": why});
                    return self.update_plan(id, &failed);
                }
            };
        }
        self.update_plan(id, &json!({"status": "completed"}))
    }

    /// Asks the server something.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let Self { address, key, position } = self;
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = key.iter().map(|key| format!("Authorization: Bearer {key}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            key.collect::<String>(),
            body.len(),
        );
        let mut stream = TcpStream::connect(address).context("no server is there")?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
        let status: u16 = head.split(' ').nth(1).context("the answer has no status")?.parse()?;
        ensure!(status < 400, "{method} {path}: {body}");
        let answer = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
        if let (true, Some(written)) = (method != "GET", answer["position"].as_u64()) {
            position.set(written);
        }
        Ok(answer)
    }

    /// Asks a question whose answer is to show what was written before.
    fn read(&self, question: &str) -> Result<Value> {
        let position = self.position.get();
        self.ask("GET", &format!("{question}&min_position={position}"), None)
    }

    fn list(&self, path: &str, name: &str) -> Result<Vec<Value>> {
        let answer = self.read(path)?;
        Ok(answer[name].as_array().context("the answer has no list")?.clone())
    }
}

/// What is logged of a step that is done.
pub(crate) fn done(step: &Value, result: &Value) -> Value {
    let description = step["description"].as_str().unwrap_or_default();
    json!({"step_number": step["step"], "action_type": "complete_step",
        "description": format!("Completed: {description}"), "after_state": result,
        "agent_confidence": 0.95})
}

/// What is logged of a step that failed.
pub(crate) fn failed(step: &Value, why: &str) -> Value {
    json!({"step_number": step, "action_type": "block", "description": "Operation failed",
        "error_message": why, "agent_confidence": 0})
}
