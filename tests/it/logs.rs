//! What the program says of requests: a line for each, which names the request and nobody else.

use crate::program::Server;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::process::Stdio;

/// What must never be said.
const CANARY: &str = "canary-4711";

/// Requests that hold the canary wherever a client can put something, taken and refused.
fn requests() -> Vec<String> {
    let agent = format!(
        r#"{{"agent_id":"larry","name":"{CANARY}","role":"{CANARY}","capabilities":["x"]}}"#
    );
    let bodies = [
        agent,
        format!(r#"{{"name":"A","{CANARY}":1}}"#),
        format!(r#"{{"name":"{CANARY}"#),
        format!(r#"{{"name":"A","name":"{CANARY}","capabilities":["x"]}}"#),
        format!("\"\\u0000{CANARY}\""),
    ];
    let post = |body: &String| {
        format!(
            "POST /api/agents?reason={CANARY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Idempotency-Key: {CANARY}-{}\r\n\
             Cookie: a={CANARY}\r\nX-Request-Id: mine-7\r\nX-Odd: {CANARY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
            body.len()
        )
    };
    let gets = [
        format!("/version?q={CANARY}"),
        format!("/api/executions?{CANARY}=1"),
        format!("/api/executions/{CANARY}/status"),
        format!("/{CANARY}"),
    ];
    let get = |path: &String| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    };
    let stranger = format!(
        "GET /api/agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {CANARY}\r\n\r\n"
    );
    bodies.iter().map(post).chain(gets.iter().map(get)).chain([stranger]).collect()
}

/// Runs a server with this log, and answers what it said.
fn said(filter: &str, format: &str) -> Result<String> {
    let mut server = Server::start_changed(Folder::new()?, |command| {
        command.env("AX_LOG", filter).env("AX_LOG_FORMAT", format).stderr(Stdio::piped());
    });
    for request in requests() {
        let (head, _) = server.send(&request);
        ensure!(head.starts_with("HTTP/1.1 "), "{head}");
    }
    ensure!(server.terminate().code() == Some(0));
    Ok(server.said())
}

#[test]
fn what_clients_send_is_never_in_the_log() -> Result<()> {
    for format in ["text", "json"] {
        let said = said("debug", format)?;
        ensure!(said.contains("mine-7"), "{said}");
        ensure!(!said.contains(CANARY), "{said}");
    }
    Ok(())
}

#[test]
fn every_request_is_one_line_with_its_id_route_status_and_time() -> Result<()> {
    let said = said("info", "json")?;
    let mut lines = Vec::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        if line["fields"]["http.status"].is_u64() {
            lines.push(line);
        }
    }
    ensure!(lines.len() == requests().len(), "{said}");
    let statuses: Vec<_> =
        lines.iter().filter_map(|line| line["fields"]["http.status"].as_u64()).collect();
    ensure!(statuses == [201, 422, 400, 400, 400, 200, 400, 404, 404, 401], "{statuses:?}");
    let (first, last) = (&lines[0], &lines[8]);
    ensure!(first["span"]["request.id"] == "mine-7", "{first}");
    ensure!(first["span"]["http.route"] == "/api/agents", "{first}");
    ensure!(first["span"]["http.method"] == "POST", "{first}");
    ensure!(first["fields"]["duration_ms"].is_u64(), "{first}");
    ensure!(last["span"]["http.route"] == "none", "{last}");
    Ok(())
}

#[test]
fn the_line_of_a_request_names_the_key_and_never_shows_it() -> Result<()> {
    let mut server = Server::start_changed(Folder::new()?, |command| {
        command.env("AX_LOG", "debug").env("AX_LOG_FORMAT", "json").stderr(Stdio::piped());
    });
    let body = r#"{"name":"ada","role":"owner"}"#;
    let (_, made) = server.send(&format!(
        "POST /api/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let made: Value = serde_json::from_str(&made)?;
    let (key_id, key) = (made["key_id"].as_str(), made["api_key"].as_str());
    let (key_id, key) = (key_id.context("no key_id")?, key.context("no api_key")?);
    let (head, _) = server.send(&format!(
        "GET /api/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {key}\r\n\r\n"
    ));
    ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    ensure!(server.terminate().code() == Some(0));
    let said = server.said();
    ensure!(!said.contains(key), "{said}");
    let lines: Vec<Value> = said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let named = lines.iter().find(|line| line["span"]["key.id"] == key_id);
    ensure!(named.is_some_and(|line| line["fields"]["http.status"] == 200), "{said}");
    Ok(())
}
