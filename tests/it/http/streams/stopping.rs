//! A planned stop: every stream ends with the place to go on from.

use super::client::{Socket, Sse};
use super::watching::work_all;
use crate::http::house::on_every;
use crate::http::work::begin;
use anyhow::{Context, Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_stop_says_where_to_go_on_and_ends_every_stream() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut sse = Sse::open(&server, &path).await?;
        let mut socket = Socket::open(&server, "/api/stream").await?;
        work_all(&server, &execution).await?;
        let head = server.store.head().await?.position.get();
        let ended = |position: Option<u64>| position == Some(head);
        sse.until(|came| ended(came.id)).await?;
        socket.until(|frame| ended(frame["position"].as_u64())).await?;
        server.ask_to_stop();
        let came = sse.until(|came| came.name == "closing").await?;
        let closing = came.last().context("nothing came")?;
        ensure!(closing.frame["resume_after"] == head, "{closing:?}");
        ensure!(closing.frame["reason"] == "stopping" && closing.id.is_none(), "{closing:?}");
        ensure!(sse.next().await?.is_none(), "something comes after the end");
        let close = socket.closed().await?;
        ensure!(u16::from(close.code) == 1001, "{close:?}");
        ensure!(close.reason.contains(&format!("after={head}")), "{close:?}");
        server.stop().await
    })
    .await
}
