//! Larry the laptop lobster: an agent that knows the source documents and nothing else. He polls
//! for work, asks before each task whether to go on, does it and reports, over plain HTTP: no
//! lease, no heartbeat.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The id that the documents give Larry.
pub(crate) const LARRY: &str = "agent_larry_001";
/// How long Larry rests when there is nothing to do. The documents say five minutes; a story is
/// told faster.
pub(crate) const REST: Duration = Duration::from_millis(50);
/// How often he asks for work before he gives up.
const POLLS_MAX: u32 = 1_000;

/// The way to a server.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) address: String,
    pub(crate) key: Option<String>,
}

impl Http {
    pub(crate) fn get(&self, path: &str) -> Result<(u16, Value)> {
        self.ask("GET", path, String::new())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        self.ask("POST", path, body.to_string())
    }

    fn ask(&self, method: &str, path: &str, body: String) -> Result<(u16, Value)> {
        let Self { address, key } = self;
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
        let status = head.split(' ').nth(1).context("the answer has no status")?.parse()?;
        ensure!(status < 400, "{method} {path}: {body}");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
        Ok((status, body))
    }
}

/// Larry, at work.
pub(crate) struct Larry {
    http: Http,
    /// Whether Carol was called before.
    has_called: bool,
    /// Where his last report stands in the log.
    pub(crate) position: u64,
}

impl Larry {
    /// Registers him, as the documents' registry has him; the key that comes with it is his own.
    pub(crate) fn register(http: &Http) -> Result<Self> {
        let mut http = http.clone();
        let entry: Value = serde_json::from_str(include_str!("larry.json"))?;
        let (_, known) = http.post("/api/agents/register", &entry)?;
        http.key = known["api_key"].as_str().map(str::to_owned).or(http.key);
        Ok(Self { http, has_called: false, position: 0 })
    }

    /// Polls and works until the execution is completed.
    pub(crate) fn carry_out(&mut self, execution: &str, say: &dyn Fn(&str)) -> Result<()> {
        for _ in 0..POLLS_MAX {
            let (_, work) = self.http.get(&format!("/api/agents/{LARRY}/work"))?;
            let at = work["execution_id"].as_str().unwrap_or(execution).to_owned();
            let (_, standing) = self.http.get(&format!("/api/executions/{at}/status"))?;
            if at == execution && standing["status"] == "COMPLETED" {
                return Ok(());
            }
            let must_wait =
                standing["pause_requested"] == true || standing["cancel_requested"] == true;
            if must_wait || work["work_available"] != true {
                std::thread::sleep(REST);
                continue;
            }
            self.work_on(&at, &work["next_task"], say)?;
        }
        bail!("the plan should be done by now")
    }

    fn work_on(&mut self, execution: &str, task: &Value, say: &dyn Fn(&str)) -> Result<()> {
        let title = task["title"].as_str().unwrap_or_default();
        self.report(execution, task, &json!({"event_type": "task_started"}))?;
        if task["task_id"] == "task_2_1_1" && !self.has_called {
            self.has_called = true;
            say(&format!("Larry: {title}: Carol does not answer"));
            return self.report(
                execution,
                task,
                &json!({"event_type": "task_error",
                "error_type": "external_dependency_blocked", "human_review_required": true,
                "error_message": "Carol does not answer. Contact info appears invalid.",
                "suggestion": "Verify contact via Google Maps listing or call directly",
                "status_code": 406}),
            );
        }
        let (output, notes) = done(task["action"].as_str().unwrap_or_default());
        say(&format!("Larry: {title}: {notes}"));
        self.report(
            execution,
            task,
            &json!({"event_type": "task_complete", "result": "success",
            "output": output, "notes": notes}),
        )
    }

    fn report(&mut self, execution: &str, task: &Value, said: &Value) -> Result<()> {
        let mut body = said.clone();
        body["execution_id"] = execution.into();
        body["agent_id"] = LARRY.into();
        body["task_id"] = task["task_id"].clone();
        let (_, told) = self.http.post(&format!("/api/executions/{execution}/events"), &body)?;
        self.position = told["position"].as_u64().context("no position")?;
        Ok(())
    }
}

/// What comes of an action, and what Larry says of it.
fn done(action: &str) -> (Value, &'static str) {
    match action {
        "search_google_maps" => (json!({"found": 23}), "23 breeders, raw_search_results.json"),
        "manage_csv" => (json!({"file": "PROSPECTS.csv", "rows": 23}), "PROSPECTS.csv, 23 rows"),
        "analyze_website" => (json!({"score": 4}), "a form that goes to e-mail"),
        "make_phone_call" => (json!({"interest": 8, "minutes": 18}), "18 minutes, interest 8/10"),
        "send_email" => (json!({"response_received": true}), "Carol responded positively"),
        "schedule_calendar_event" => (json!({"at": "Thursday 2 PM"}), "Thursday at 2 PM"),
        "create_wireframes" => (json!({"pages": 5}), "5 pages: dashboard to reports"),
        "build_quote" => (json!({"puppies": 2, "frames": 1}), "2 puppies, 1 greenhouse frame"),
        "draft_document" => (json!({"file": "notes.md"}), "2000 words, structured"),
        _ => (json!({"prospects": 15}), "done"),
    }
}
