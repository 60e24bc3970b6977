//! What a connection may do: how slow it may be, how much it may send, and how it ends.

use super::house::{Server, on_every_with};
use anyhow::{Result, ensure};
use planexe_ax::config::{Config, Door};
use serde_json::json;

fn with(change: impl Fn(&mut Door)) -> Config {
    let mut config = Config::default();
    change(&mut config.door);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_finish_its_head_in_time_is_closed_and_hurts_nobody()
-> Result<()> {
    on_every_with(&with(|door| door.head_ms_max = 200), async |server| {
        for head in ["", "G", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
            let mut slow = server.connect().await?;
            slow.send(head.as_bytes()).await?;
            ensure!(server.get("/healthz").await?.status == 200);
            ensure!(slow.rest().await?.is_empty(), "{head:?} was answered");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_in_time_is_refused_and_nothing_is_stored() -> Result<()> {
    on_every_with(&with(|door| door.body_ms_max = 200), async |server| {
        let mut slow = server.connect().await?;
        let head = "POST /api/agents HTTP/1.1\r\nHost: localhost\r\n\
                    Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"name\":";
        slow.send(head.as_bytes()).await?;
        let refused = slow.rest().await?;
        ensure!(refused.starts_with("HTTP/1.1 408 "), "{refused}");
        ensure!(refused.contains("\"code\":\"body_too_slow\""), "{refused}");
        ensure!(server.store.head().await?.position.get() == 0, "something was stored");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_at_the_limit_is_taken_and_one_byte_more_is_refused() -> Result<()> {
    on_every_with(&with(|door| door.url_bytes_max = 300), async |server| {
        let path = |bytes: usize| format!("/version?x={}", "y".repeat(bytes - "/version?x=".len()));
        ensure!(server.get(&path(300)).await?.status == 200);
        let refused = server.get(&path(301)).await?;
        ensure!(refused.status == 414 && refused.body["code"] == "uri_too_long", "{refused:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_at_the_limit_are_taken_and_one_byte_more_is_refused() -> Result<()> {
    on_every_with(&with(|door| door.header_bytes_max = 2_000), async |server| {
        let request = |bytes: usize| {
            let fixed = "Hostlocalhost".len() + "Connectionclose".len() + "X-Pad".len();
            let pad = "p".repeat(bytes - fixed);
            format!(
                "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Pad: {pad}\
                 \r\n\r\n"
            )
        };
        ensure!(server.send(request(2_000).as_bytes()).await?.status == 200);
        let refused = server.send(request(2_001).as_bytes()).await?;
        ensure!(refused.status == 431, "{refused:?}");
        ensure!(refused.body["code"] == "headers_too_large", "{refused:?}");
        let mut far_beyond = server.connect().await?;
        far_beyond.send(&request(24_000).into_bytes()).await?;
        ensure!(far_beyond.rest().await?.starts_with("HTTP/1.1 431 "));
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_at_the_limit_is_read_and_one_byte_more_is_refused() -> Result<()> {
    on_every_with(&with(|door| door.body_bytes_max = 2_000), async |server| {
        let json = [("Content-Type", "application/json")];
        let body = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes();
        let read = server.ask("POST", "/api/agents", &json, &body(2_000)).await?;
        ensure!(read.status == 422, "{read:?}");
        let refused = server.ask("POST", "/api/agents", &json, &body(2_001)).await?;
        ensure!(refused.status == 413 && refused.body["code"] == "too_large", "{refused:?}");
        ensure!(refused.body["detail"].to_string().contains("2000"), "{refused:?}");
        server.stop().await
    })
    .await
}

const ALIVE: &[u8] = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_beyond_the_limit_is_told_so_and_one_that_goes_makes_room() -> Result<()> {
    on_every_with(&with(|door| door.connections_max = 2), async |server| {
        let mut kept = [server.connect().await?, server.connect().await?];
        for wire in &mut kept {
            wire.send(ALIVE).await?;
            ensure!(wire.answer().await?.status == 200);
        }
        let mut refused = server.connect().await?;
        refused.send(ALIVE).await?;
        let told = refused.rest().await?.to_lowercase();
        ensure!(told.starts_with("http/1.1 503 ") && told.contains("retry-after: 1"), "{told}");
        kept[0].send(ALIVE).await?;
        ensure!(kept[0].answer().await?.status == 200);
        drop(kept);
        while server.get("/version").await?.status != 200 {}
        server.stop().await
    })
    .await
}

async fn agent(server: &Server, agent_id: &str) -> Result<()> {
    let agent = json!({"agent_id": agent_id, "name": "A", "capabilities": ["x"]});
    ensure!(server.post("/api/agents", &agent).await?.status == 201);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_sends_polls_away_answers_what_comes_and_closes_what_is_idle()
-> Result<()> {
    on_every_with(&with(|door| door.linger_ms = 9_000), async |server| {
        agent(&server, "a1").await?;
        let (mut poll, mut busy) = (server.connect().await?, server.connect().await?);
        let wait = b"GET /api/agents/a1/work?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n";
        poll.send(wait).await?;
        busy.send(ALIVE).await?;
        let before = busy.answer().await?;
        ensure!(before.status == 200 && before.header("connection").is_none(), "{before:?}");
        server.ask_to_stop();
        let sent_away = poll.answer().await?;
        ensure!(sent_away.status == 204, "{sent_away:?}");
        ensure!(sent_away.header("connection") == Some("close"), "{sent_away:?}");
        ensure!(poll.rest().await?.is_empty());
        busy.send(ALIVE).await?;
        let last = busy.answer().await?;
        ensure!(last.status == 200 && last.header("connection") == Some("close"), "{last:?}");
        ensure!(busy.rest().await?.is_empty());
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_idle_when_the_server_stops_is_closed_after_a_moment() -> Result<()> {
    on_every_with(&with(|door| door.linger_ms = 50), async |server| {
        let mut idle = server.connect().await?;
        idle.send(ALIVE).await?;
        ensure!(idle.answer().await?.status == 200);
        server.ask_to_stop();
        ensure!(idle.rest().await?.is_empty());
        server.stop().await
    })
    .await
}
