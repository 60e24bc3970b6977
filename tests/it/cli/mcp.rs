//! `ax mcp`: the real program, with messages on its input and answers on its output.

use super::house::Person;
use crate::program::Server;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::Folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

const MODERN: &str = "2026-07-28";

/// A running `ax mcp`.
struct Tools {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Tools {
    fn of(person: &Person) -> Result<Self> {
        let mut command = person.command(&["mcp"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().context("it is piped")?);
        let input = child.stdin.take();
        Ok(Self { child, input, output, asked: 0 })
    }

    fn say(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.input.as_mut().context("it is open")?, "{line}")?)
    }

    fn next(&mut self) -> Result<Value> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "it says nothing more");
        Ok(serde_json::from_str(&line)?)
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.asked += 1;
        let id = self.asked;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.say(&message.to_string())?;
        let answer = self.next()?;
        ensure!(answer["id"] == id && answer["jsonrpc"] == "2.0", "{answer}");
        Ok(answer)
    }

    /// What a tool tells, asked as the newest revision wants it.
    fn call(&mut self, name: &str, arguments: &Value) -> Result<Value> {
        let meta = json!({"io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {}});
        let params = json!({"name": name, "arguments": arguments, "_meta": meta});
        let mut answer = self.ask("tools/call", &params)?;
        ensure!(answer["result"]["isError"] == false, "{name}: {answer}");
        Ok(answer["result"]["structuredContent"].take())
    }

    /// Ends its input, and waits for its end.
    fn ended(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        ensure!(status.code() == Some(0), "{status:?}");
        Ok(())
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn plan() -> Value {
    json!({"plan_id": "hello", "goal": "Say hello", "phases": [{"phase_id": "p1", "name": "One",
        "tasks": [{"task_id": "t1", "title": "Write", "subtasks": [
            {"subtask_id": "s1", "action": "write"}]}]}]})
}

fn known(person: &Person) -> Result<()> {
    person.told(&["agent", "register", "larry", "--can", "write"]).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_carried_out_over_standard_input_and_output() -> Result<()> {
    let server = Server::start_in(Folder::new()?);
    let person = Person::at(&format!("http://{}", server.address()))?;
    known(&person)?;
    let mut tools = Tools::of(&person)?;
    let brought = json!({"plan": plan(), "carry_out": true, "execution_id": "first"});
    tools.call("import_plan", &brought)?;
    let work = tools.call("get_work", &json!({"agent_id": "larry"}))?;
    let lease = &work["next_task"]["lease"];
    let done = json!({"agent_id": "larry", "execution_id": "first", "task_id": "s1",
        "lease": lease, "output_data": "hello"});
    tools.call("complete_task", &done)?;
    let seen = tools.call("get_execution", &json!({"execution_id": "first"}))?;
    ensure!(seen["execution"]["status"] == "COMPLETED", "{seen}");
    tools.ended()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_client_shakes_hands_and_a_wrong_line_hurts_no_other() -> Result<()> {
    let server = Server::start_in(Folder::new()?);
    let person = Person::at(&format!("http://{}", server.address()))?;
    let mut tools = Tools::of(&person)?;
    tools.say("this is no message")?;
    let wrong = tools.next()?;
    ensure!(wrong["error"]["code"] == -32_700 && wrong.get("id").is_none(), "{wrong}");
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"}});
    let welcome = tools.ask("initialize", &hello)?;
    ensure!(welcome["result"]["protocolVersion"] == "2025-06-18", "{welcome}");
    tools.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)?;
    let listed = tools.ask("tools/list", &json!({}))?;
    ensure!(listed["result"]["tools"].as_array().is_some_and(|it| it.len() == 11), "{listed}");
    tools.say(&json!([{"jsonrpc": "2.0", "id": 9, "method": "ping"}]).to_string())?;
    ensure!(tools.next()?["error"]["code"] == -32_600);
    tools.ended()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_holds_up_no_other_and_can_be_cancelled() -> Result<()> {
    let server = Server::start_in(Folder::new()?);
    let person = Person::at(&format!("http://{}", server.address()))?;
    known(&person)?;
    let mut tools = Tools::of(&person)?;
    let params = json!({"name": "get_work", "arguments": {"agent_id": "larry",
        "wait_seconds": 50}});
    let waiting = json!({"jsonrpc": "2.0", "id": "w", "method": "tools/call", "params": params});
    tools.say(&waiting.to_string())?;
    let pong = tools.ask("ping", &json!({}))?;
    ensure!(pong["result"] == json!({}), "{pong}");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": "w"}});
    tools.say(&cancel.to_string())?;
    let pong = tools.ask("ping", &json!({}))?;
    ensure!(pong["result"] == json!({}), "what was cancelled is not answered: {pong}");
    tools.ended()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_server_or_no_key_is_told_so_in_the_answer() -> Result<()> {
    let nowhere = Person::at("http://127.0.0.1:1")?;
    let mut tools = Tools::of(&nowhere)?;
    let answer = tools.ask("tools/list", &json!({}))?;
    let said = answer["error"]["message"].as_str().context("no message")?;
    ensure!(said.contains("start one with ax serve"), "{answer}");
    tools.ended()?;
    let server = Server::start_in(Folder::new()?);
    let url = format!("http://{}", server.address());
    let mut tools = Tools::of(&Person::at(&url)?.with_key("ax_k1_wrong"))?;
    let answer = tools.ask("tools/list", &json!({}))?;
    ensure!(answer["error"]["code"] == -32_603, "{answer}");
    ensure!(!answer.to_string().contains("ax_k1_wrong"), "{answer}");
    tools.ended()
}
