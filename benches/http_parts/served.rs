//! The server itself, as a process of its own, with an owner and agents that have keys.

use super::client::Client;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// How long the server may take to say where it listens.
const START_SECONDS_MAX: u64 = 60;

/// A server; it ends with this value.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
    pub(crate) owner: String,
    folder: PathBuf,
}

impl Served {
    /// Starts one on that database, asked by callers with keys.
    pub(crate) async fn on(database: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("ax-bench-http-{}", uuid::Uuid::now_v7()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_ax"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
            .env("DATABASE_URL", database)
            .env("AX_DATA_DIR", &folder)
            .env("AX_DEMO", "false")
            // What is asked here is asked faster than an agent may.
            .env("AX_RATES_AGENT_REQUESTS_PER_MINUTE", "0")
            .env("AX_RATES_USER_REQUESTS_PER_MINUTE", "0")
            .env("AX_HTTP_CONNECTIONS_MAX", "12000")
            .env("AX_STREAMS_CALLER_MAX", "10000")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start ax")?;
        let out = child.stdout.take().context("its output is piped")?;
        let mut lines =
            BufReader::new(tokio::process::ChildStdout::from_std(out)?.take(1 << 20)).lines();
        let first = tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), lines.next_line());
        let first = first.await.context("ax does not start")??.context("ax says nothing")?;
        let address = first.rsplit("http://").next().unwrap_or_default().to_owned();
        let mut served = Self { child, address, owner: String::new(), folder };
        let key = json!({"name": "bench", "role": "owner"});
        let made = served.connect("").await?.post("/api/keys", &key.to_string()).await?;
        served.owner = text(&made.json()?, "api_key")?;
        Ok(served)
    }

    pub(crate) async fn connect(&self, key: &str) -> Result<Client> {
        Client::connect(&self.address, key).await
    }

    pub(crate) async fn as_owner(&self) -> Result<Client> {
        self.connect(&self.owner).await
    }

    /// Registers an agent that is capable of one action, and gives its key.
    pub(crate) async fn agent(&self, agent_id: &str, action: &str) -> Result<String> {
        let body = json!({"agent_id": agent_id, "name": agent_id, "capabilities": [action]});
        let made = self.as_owner().await?.post("/api/agents/register", &body.to_string()).await?;
        text(&made.json()?, "api_key")
    }

    /// How long the server's process was at work, in seconds.
    pub(crate) fn worked_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let rest = stat.rsplit(')').next().context("stat names the program")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|it| it.parse::<f64>().ok());
        // In hundredths of a second, the unit of every Linux that this runs on.
        Ok((ticks(11).context("utime")? + ticks(12).context("stime")?) / 100.0)
    }

    /// How much memory the server's process holds.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Some(error) = ended.err() {
            eprintln!("the server of this bench was not ended: {error}");
        }
        if self.folder.exists()
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
        {
            eprintln!("{} stays: {error}", self.folder.display());
        }
    }
}

/// A text out of an answer.
pub(crate) fn text(answer: &Value, field: &str) -> Result<String> {
    let text = answer[field].as_str().map(str::to_owned);
    text.with_context(|| format!("no {field}: {answer}"))
}
