//! Who may open a stream, and how many.

use super::client::{Socket, Sse, patiently};
use crate::http::access::key;
use crate::http::house::{on_every, on_every_with};
use crate::http::work::begin;
use anyhow::{Context, Result, ensure};
use planexe_ax::config::{Config, StreamLimits};
use planexe_ax::domain::event::workspace::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_opens_no_stream() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
            let page = [("Origin", origin)];
            let status = server.status("GET", "/api/stream", &page, b"").await?;
            ensure!(status == 403, "{origin}: {status}");
            let refused = server.ask("GET", "/api/stream", &page, b"").await?;
            ensure!(refused.body["code"] == "foreign_origin", "{refused:?}");
            let socket = Socket::open_with(&server, "/api/stream", &[("origin", origin)]).await;
            ensure!(socket.is_err(), "{origin} opened a WebSocket");
        }
        for origin in ["http://localhost", "https://board.example"] {
            let header = format!("Origin: {origin}\r\n");
            Sse::open_with(&server, "/api/stream", &header).await?.one().await?;
        }
        let own = format!("http://{}", server.address);
        for origin in [&own, "https://board.example"] {
            Socket::open_with(&server, "/api/stream", &[("origin", origin)]).await?.one().await?;
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stream_too_many_is_refused_until_another_one_is_closed() -> Result<()> {
    let streams = StreamLimits { caller_max: 2, ..StreamLimits::default() };
    let config = Config { streams, ..Config::default() };
    on_every_with(&config, async |server| {
        let mut first = Sse::open(&server, "/api/stream").await?;
        let mut second = Socket::open(&server, "/api/stream").await?;
        first.one().await?;
        second.one().await?;
        let refused = server.get("/api/stream").await?;
        ensure!(refused.status == 429 && refused.body["code"] == "too_many_streams");
        ensure!(refused.header("retry-after").is_some(), "{refused:?}");
        ensure!(Socket::open(&server, "/api/stream").await.is_err());
        drop(first);
        let mut open = server.streams.open();
        patiently(open.wait_for(|open| *open < 2)).await??;
        Sse::open(&server, "/api/stream").await?.one().await?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_stream_and_a_key_that_is_revoked_closes_its_own() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?;
        let guest = key(&server, "default", Role::Auditor, None).await?;
        let (authorization, owner_is) = owner.header();
        let (_, guest_is) = guest.header();
        ensure!(server.get("/api/stream").await?.status == 401);
        let made = server.ask("POST", "/api/tickets", &[(authorization, &*guest_is)], b"").await?;
        let ticket = made.body["token"].as_str().context("no ticket")?.to_owned();
        let path = format!("/api/stream?token={ticket}");
        let mut sse = Sse::open(&server, &path).await?;
        sse.one().await?;
        ensure!(server.get(&path).await?.status == 401, "a ticket opened two streams");
        let mut socket =
            Socket::open_with(&server, "/api/stream", &[("authorization", &guest_is)]).await?;
        socket.one().await?;
        let header = format!("Authorization: {owner_is}\r\n");
        let mut own = Sse::open_with(&server, "/api/stream", &header).await?;
        let path = format!("/api/keys/{}", guest.id);
        let revoked = server.ask("DELETE", &path, &[(authorization, &*owner_is)], b"").await?;
        ensure!(revoked.status < 300, "{revoked:?}");
        let came = sse.until(|came| came.name == "closing").await?;
        ensure!(came.last().is_some_and(|it| it.frame["reason"] == "key_void"), "{came:?}");
        ensure!(u16::from(socket.closed().await?.code) == 1008);
        own.one().await?;
        let mut open = server.streams.open();
        patiently(open.wait_for(|open| *open == 1)).await??;
        server.stop().await
    })
    .await
}
