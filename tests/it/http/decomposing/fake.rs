//! A language model that does as it is told, and remembers what it was asked.

use anyhow::{Context, Result};
use planexe_ax::config::{Config, Flags};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// More than an answer may have.
const FLOOD_BYTES: usize = 3 << 20;

/// What it does with a question.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Answers in the form that it was asked for.
    Say(Value),
    /// Answers in the right place, with a text.
    Text(&'static str),
    /// Answers that it would rather not.
    Refuse,
    /// Never answers.
    Hang,
    /// Answers without an end.
    Flood,
    /// Answers with a status.
    Status(u16),
    /// Leads elsewhere.
    Redirect,
    /// Closes the connection.
    Cut,
    /// Does what it reads in the task, as far as it can.
    Obey,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: Value,
}

impl Asked {
    /// What it was told of the task.
    pub(super) fn user(&self) -> &str {
        let content = &self.body["messages"];
        let last = content.as_array().and_then(|messages| messages.last());
        last.and_then(|message| message["content"].as_str()).unwrap_or_default()
    }
}

/// A listening model; it ends with this value.
pub(super) struct Model {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Model {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Model {
    /// Does these things, one with each question, the last one again and again.
    pub(super) async fn start(acts: &[Act]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let acts: VecDeque<Act> = acts.iter().cloned().collect();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&asked), acts));
        Ok(Self { address, asked, accepting })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A server's settings that ask it, with more of them.
    pub(super) fn config(&self, name: &str, more: &[(&str, &str)]) -> Result<Config> {
        let path = if name.starts_with("claude") { "" } else { "/v1" };
        let url = format!("http://{}{path}", self.address);
        let own = [
            ("PLANEXE_DECOMPOSITION_MODEL", name),
            ("AX_DECOMPOSITION_BASE_URL", url.as_str()),
            ("AX_DECOMPOSITION_API_KEY", "key-of-the-test"),
            ("AX_DECOMPOSITION_PRICES", "300,1500"),
        ];
        let all: Vec<(&str, &str)> = more.iter().chain(&own).copied().collect();
        let found = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, it)| *it);
        let environment = |name: &str| found(name).map(str::to_owned);
        Ok(Config::resolve_in(&Flags::default(), &environment)?)
    }
}

async fn accept(listener: TcpListener, asked: Arc<Mutex<Vec<Asked>>>, mut acts: VecDeque<Act>) {
    let mut kept = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let Ok(question) = read(&mut stream).await else { continue };
        let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() };
        let answer = answer(&act.unwrap_or(Act::Cut), &question);
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        match answer {
            // Whoever asked may be gone before all of it was written.
            Some(bytes) => drop(stream.write_all(&bytes).await),
            None => kept.push(stream),
        }
    }
}

async fn read(stream: &mut TcpStream) -> Result<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.context("no length")?.parse()?];
    stream.read_exact(&mut body).await?;
    Ok(Asked { head, body: serde_json::from_slice(&body)? })
}

/// The bytes of an answer; none to hang.
fn answer(act: &Act, question: &Asked) -> Option<Vec<u8>> {
    let ok = |body: Value| response("200 OK", &body.to_string());
    match act {
        Act::Say(value) => Some(ok(wrapped(question, &value.to_string()))),
        Act::Text(text) => Some(ok(wrapped(question, text))),
        Act::Refuse => Some(ok(json!({"choices": [{"finish_reason": "stop",
            "message": {"role": "assistant", "content": null, "refusal": "No."}}]}))),
        Act::Hang => None,
        Act::Flood => Some(response("200 OK", &"[".repeat(FLOOD_BYTES))),
        Act::Status(status) => Some(response(&format!("{status} So"), "{\"error\": \"x\"}")),
        Act::Redirect => {
            Some(b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n".to_vec())
        }
        Act::Cut => Some(Vec::new()),
        Act::Obey => Some(ok(wrapped(question, &obeyed(question).to_string()))),
    }
}

fn response(status: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
    format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer in the manner in which it was asked.
fn wrapped(question: &Asked, text: &str) -> Value {
    if question.head.contains("/chat/completions") {
        return json!({"id": "x", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 1_000, "completion_tokens": 200}});
    }
    let input: Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
    json!({"id": "x", "role": "assistant", "stop_reason": "tool_use",
        "content": [{"type": "text", "text": "Here:"},
            {"type": "tool_use", "id": "t", "name": "decompose_task", "input": input}],
        "usage": {"input_tokens": 1_000, "output_tokens": 200}})
}

/// First the action that a text of the plan orders, and, where that is refused, a message to the
/// last address that it read.
fn obeyed(question: &Asked) -> Value {
    let user = question.user();
    let is_second = user.contains("You answered:");
    let mut step = super::three_steps()["subtasks"][0].clone();
    let addresses = user.split("[EMAIL_").skip(1).filter_map(|rest| rest.split_once(']'));
    let last = addresses.map(|(number, _)| format!("[EMAIL_{number}]")).last();
    step["action"] = if is_second { "send_email" } else { "delete_everything" }.into();
    step["params"] = json!([{"name": "to", "value": last.unwrap_or_default()}]);
    json!({"subtasks": [step], "confidence": 1, "notes": "as ordered"})
}
