//! What a WebSocket's client may say, and how it is closed when it says something else.

use super::client::{Socket, connect, patiently};
use crate::http::house::{on_every, on_every_with};
use anyhow::{Result, ensure};
use planexe_ax::config::{Config, StreamLimits};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_ask_whether_somebody_is_there_and_say_what_it_has() -> Result<()> {
    on_every(async |server| {
        let mut socket = Socket::open(&server, "/api/stream").await?;
        ensure!(socket.one().await?["type"] == "snapshot");
        socket.send(Message::text(r#"{"type":"ack","position":7}"#)).await?;
        socket.send(Message::text(r#"{"type":"ping"}"#)).await?;
        ensure!(socket.one().await? == json!({"type": "pong"}));
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_beyond_that_closes_the_socket_with_the_reason() -> Result<()> {
    on_every(async |server| {
        let large = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(70_000));
        for (message, code, reason) in [
            (Message::text("hello"), 1008, "are known"),
            (Message::text(r#"{"type":"subscribe"}"#), 1008, "are known"),
            (Message::text(r#"{"type":"ping","position":1}"#), 1008, "are known"),
            (Message::binary(vec![1, 2, 3]), 1003, "send text"),
            (Message::text(large), 1009, "65536 bytes"),
        ] {
            let mut socket = Socket::open(&server, "/api/stream?after=0").await?;
            socket.one().await?;
            socket.send(message).await?;
            let close = socket.closed().await?;
            ensure!(u16::from(close.code) == code, "{close:?} is not {code}");
            ensure!(close.reason.contains(reason), "{close:?} does not say {reason}");
            ensure!(close.reason.contains("after=0"), "{close:?} does not say where to go on");
        }
        server.stop().await
    })
    .await
}

/// Frames that no client may send: one that is not masked, an operation that is unknown, a reserved
/// bit, a ping in pieces, and a continuation of nothing.
const VIOLATIONS: [&[u8]; 5] = [
    &[0x81, 0x02, b'h', b'i'],
    &[0x83, 0x80, 0, 0, 0, 0],
    &[0xC1, 0x80, 0, 0, 0, 0],
    &[0x09, 0x80, 0, 0, 0, 0],
    &[0x80, 0x80, 0, 0, 0, 0],
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_web_socket_message_closes_with_1002_and_where_to_go_on() -> Result<()> {
    on_every(async |server| {
        for violation in VIOLATIONS {
            let mut socket = Socket::open(&server, "/api/stream?after=0").await?;
            socket.one().await?;
            socket.write_raw(violation).await?;
            let close = socket.closed().await?;
            ensure!(u16::from(close.code) == 1002, "{violation:?}: {close:?} is not 1002");
            ensure!(close.reason.contains("no WebSocket message"), "{close:?}");
            ensure!(close.reason.contains("after=0"), "{close:?} does not say where to go on");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_too_much_is_closed() -> Result<()> {
    on_every(async |server| {
        let mut socket = Socket::open(&server, "/api/stream").await?;
        let mut sent = 0;
        while sent < 100 && socket.send(Message::text(r#"{"type":"ping"}"#)).await.is_ok() {
            sent += 1;
        }
        let close = socket.closed().await?;
        ensure!(u16::from(close.code) == 1008 && close.reason.contains("a second"), "{close:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_closed_and_one_that_does_is_not() -> Result<()> {
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let streams = StreamLimits { ping_ms: 20, idle_ms_max: 200, ..StreamLimits::default() };
    let config = Config { streams, ..Config::default() };
    on_every_with(&config, async |server| {
        let mut answering = Socket::open(&server, "/api/stream").await?;
        answering.one().await?;
        let mut silent = connect(&server).await?;
        let request = format!(
            "GET /api/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{KEY}\r\n"
        );
        silent.write_all(request.as_bytes()).await?;
        let mut heard = Vec::new();
        let reading = silent.read_to_end(&mut heard);
        tokio::select! {
            read = patiently(reading) => drop(read??),
            frame = answering.one() => anyhow::bail!("{frame:?} came, and the silent one stays"),
        }
        let text = String::from_utf8_lossy(&heard);
        ensure!(text.contains("no ping was answered"), "{text}");
        answering.send(Message::text(r#"{"type":"ping"}"#)).await?;
        ensure!(answering.one().await? == json!({"type": "pong"}));
        server.stop().await
    })
    .await
}
