//! Traces: a collector is told what a request led to, and nothing that anybody wrote.

use crate::program::{Server, ended};
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// What must never go out.
const CANARY: &str = "canary-4711";
/// How long a collector waits for what a server has to say.
const WAIT: Duration = Duration::from_secs(60);

/// A collector: what it was sent, path and body.
fn collector() -> Result<(String, Receiver<(String, Value)>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let (sent, received) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let Ok(taken) = take(stream) else { continue };
            if sent.send(taken).is_err() {
                return;
            }
        }
    });
    Ok((address, received))
}

fn take(mut stream: TcpStream) -> Result<(String, Value)> {
    stream.set_read_timeout(Some(WAIT))?;
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk)?;
        ensure!(count > 0, "it broke off");
        read.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>())
        });
        if body.len() < length.context("no length")?? {
            continue;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        return Ok((path, serde_json::from_str(body)?));
    }
}

#[test]
fn a_request_and_its_command_are_told_as_part_of_the_callers_trace() -> Result<()> {
    let (address, received) = collector()?;
    let mut server = Server::start_changed(Folder::new()?, |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
        command.env("AX_LOG", "error");
    });
    let body = format!(r#"{{"agent_id":"larry","name":"{CANARY}","capabilities":["x"]}}"#);
    let (head, _) = server.send(&format!(
        "POST /api/agents?reason={CANARY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    ensure!(head.starts_with("HTTP/1.1 201"), "{head}");
    ensure!(server.terminate().code() == Some(0));
    let mut spans = Vec::new();
    while !spans.iter().any(|span: &Value| span["name"] == "POST /api/agents") {
        let (path, told) = received.recv_timeout(WAIT)?;
        ensure!(path == "/v1/traces" && !told.to_string().contains(CANARY), "{path}: {told}");
        let resource = &told["resourceSpans"][0];
        let service = &resource["resource"]["attributes"][0];
        ensure!(service["value"]["stringValue"] == "planexe-ax", "{service}");
        let told = resource["scopeSpans"][0]["spans"].as_array();
        spans.extend(told.context("no spans")?.clone());
    }
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).context("no span");
    let (request, command) = (named("POST /api/agents")?, named("command")?);
    ensure!(request["traceId"] == TRACE && command["traceId"] == TRACE, "{spans:?}");
    ensure!(request["parentSpanId"] == "b7ad6b7169203331" && request["kind"] == 2, "{request}");
    ensure!(command["parentSpanId"] == request["spanId"] && command["kind"] == 1, "{command}");
    let attributes = request["attributes"].to_string();
    for wanted in ["http.response.status_code", "\"201\"", "http.route"] {
        ensure!(attributes.contains(wanted), "{attributes}");
    }
    Ok(())
}

#[test]
fn a_collector_that_is_not_there_holds_nobody_up() -> Result<()> {
    let mut server = Server::start_changed(Folder::new()?, |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    });
    for _ in 0..20 {
        ensure!(server.get("/api/executions").0.starts_with("HTTP/1.1 200"));
    }
    ensure!(server.terminate().code() == Some(0));
    let wrong = ended(&["serve", "--traces-url", "localhost"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    ensure!(wrong.status.code() == Some(2) && said.contains("traces_url"), "{said}");
    Ok(())
}
