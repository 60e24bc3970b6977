//! An agent brings its own plan and carries it out against a running server, knowing only the
//! document that describes such agents.
//!
//! `AX_URL` says where the server is (`http://127.0.0.1:8000`), and `AX_KEY` the key to it when it
//! wants one. Where no server is, the example starts one of its own.

mod client;
#[path = "../shared/server.rs"]
mod server;
mod story;

use anyhow::Result;
use client::AgentExecution;
use server::OwnServer;
use std::process::ExitCode;

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
    let own = if is_there { None } else { Some(OwnServer::start("agent-plan")?) };
    if let Some(own) = &own {
        println!("no server at {url}: here is one at http://{}", own.address);
        agent = AgentExecution::at(&own.address, None);
    }
    story::tell(&agent, &|line: &str| println!("{line}"))
}
