//! Larry carries the prospecting plan out against a running server, knowing only the source
//! documents; Mark clears a blocker meanwhile, as a person would with curl.
//!
//! `AX_URL` says where the server is (`http://127.0.0.1:8000`), and `AX_KEY` the key to it when it
//! wants one. Where no server is, the example starts one of its own.

mod agent;
mod person;
#[path = "../shared/server.rs"]
mod server;

use agent::{Http, Larry};
use anyhow::Result;
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
    let mut http = Http { address, key: std::env::var("AX_KEY").ok() };
    let is_there = http.get("/healthz").is_ok_and(|(_, health)| health["database"].is_string());
    let own = if is_there { None } else { Some(OwnServer::start("larry")?) };
    if let Some(own) = &own {
        println!("no server at {url}: here is one at http://{}", own.address);
        http = Http { address: own.address.clone(), key: None };
    }
    let say = |line: &str| println!("{line}");
    let mut larry = Larry::register(&http)?;
    let execution = person::order(&http)?;
    println!("Mark:  carry out the prospecting plan, Larry: {execution}\n");
    std::thread::scope(|scope| {
        let helping = scope.spawn(|| person::help(&http, &execution, &say));
        larry.carry_out(&execution, &say)?;
        helping.join().expect("Mark does not panic")
    })?;
    let wish = format!("{execution}?min_position={}", larry.position);
    let (_, seen) = http.get(&format!("/api/executions/{wish}"))?;
    let (progress, status) = (&seen["progress"], &seen["status"]);
    let (done, all) = (&progress["tasks_completed"], &progress["tasks_total"]);
    println!("\n{}: {done} of {all} tasks", status.as_str().unwrap_or_default());
    Ok(())
}
