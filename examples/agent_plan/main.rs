//! An agent brings its own plan and carries it out against a running server, knowing only the
//! document that describes such agents.
//!
//! `AX_URL` says where the server is (`http://127.0.0.1:8000`), and `AX_KEY` the key to it when it
//! wants one. Where no server is, the example starts one of its own.

mod client;
mod story;

use anyhow::{Context, Result};
use client::AgentExecution;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

const URL: &str = "http://127.0.0.1:8000";

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|word| word == "serve") {
        return planexe_ax::cli::run();
    }
    match tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell() -> Result<()> {
    let url = std::env::var("AX_URL").unwrap_or_else(|_| URL.to_owned());
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut agent = AgentExecution::at(&address, std::env::var("AX_KEY").ok());
    let health = agent.ask("GET", "/healthz", None);
    let is_there = health.is_ok_and(|health| health["database"].is_string());
    let own = if is_there { None } else { Some(OwnServer::start()?) };
    if let Some(own) = &own {
        println!("no server at {url}: here is one at http://{}", own.address);
        agent = AgentExecution::at(&own.address, None);
    }
    story::tell(&agent, &|line: &str| println!("{line}"))
}

/// This program once more, as a server on a database of its own; both go with this value.
struct OwnServer {
    child: Child,
    address: String,
    folder: PathBuf,
}

impl OwnServer {
    fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("ax-agent-plan-{}", std::process::id()));
        let mut server = Command::new(std::env::current_exe()?);
        server.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
        server.env_remove("DATABASE_URL").env("AX_DATA_DIR", &folder).env("AX_DEMO", "false");
        server.stdout(Stdio::piped());
        let mut child = server.spawn()?;
        let out = child.stdout.take().context("its output is piped")?;
        let first = BufReader::new(out).lines().next().context("the server says nothing")??;
        let address = first.rsplit("http://").next().unwrap_or_default().to_owned();
        Ok(Self { child, address, folder })
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        let removed = std::fs::remove_dir_all(&self.folder);
        if let Some(error) = ended.err().or(removed.err()) {
            eprintln!("its own server leaves something behind: {error}");
        }
    }
}
