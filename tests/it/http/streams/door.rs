//! Who may open a stream, and how many.

use super::client::{Socket, Sse, patiently};
use crate::http::house::{on_every, on_every_with};
use crate::http::work::begin;
use anyhow::{Result, ensure};
use planexe_ax::http::StreamLimits;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_opens_no_stream() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        for origin in ["https://evil.example", "null", "http://test.evil.example"] {
            let refused = server.ask("GET", "/api/stream", &[("Origin", origin)], b"").await?;
            ensure!(refused.status == 403 && refused.body["code"] == "forbidden", "{refused:?}");
            let socket = Socket::open_with(&server, "/api/stream", &[("origin", origin)]).await;
            ensure!(socket.is_err(), "{origin} opened a WebSocket");
        }
        for origin in ["http://test", "https://board.example"] {
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
    let limits = StreamLimits { caller_max: 2, ..StreamLimits::default() };
    on_every_with(limits, async |server| {
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
