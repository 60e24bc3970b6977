//! Promise 16, at the door: who reads slowly is told so, who does not read is cut, and neither
//! delays anybody.

use super::client::{Socket, Sse, connect, patiently};
use super::watching::work_once;
use crate::http::house::{Server, on_every, on_every_with};
use crate::http::work::{LARRY, begin, report};
use anyhow::{Context, Result, ensure};
use planexe_ax::config::{Config, StreamLimits};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::io::AsyncWriteExt;

/// How many reports go together.
const REPORTS: usize = 250;

/// An agent that says much: about 300 KB in frames each time.
async fn chatter(server: &Server, execution: &str, rounds: usize) -> Result<()> {
    ensure!(server.get(LARRY).await?.status == 200);
    let words = "x".repeat(900);
    for round in 0..rounds {
        let report_of = |place: usize| {
            json!({"agent_id": "agent_larry_001", "event_type": "task_progress",
                "task_id": "task_1_1_a", "progress_percent": (round * REPORTS + place) % 100,
                "message": words})
        };
        let reports: Vec<Value> = (0..REPORTS).map(report_of).collect();
        let answer = report(server, execution, &json!(reports)).await?;
        ensure!(answer.status < 300, "{answer:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut_and_delays_nobody() -> Result<()> {
    let streams = StreamLimits { stall_ms_max: 1_000, ..StreamLimits::default() };
    let config = Config { streams, ..Config::default() };
    on_every_with(&config, async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut reads = Sse::open(&server, &path).await?;
        let stuck_socket = Socket::open(&server, &path).await?;
        let mut stuck = connect(&server).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stuck.write_all(request.as_bytes()).await?;
        let mut open = server.streams.open();
        patiently(open.wait_for(|open| *open == 3)).await??;
        let talking = async {
            chatter(&server, &execution, 4).await?;
            work_once(&server, &execution, "the end").await
        };
        let reading = reads.until(|came| came.frame["said"] == "the end");
        let (talked, came) = tokio::join!(talking, reading);
        ensure!(talked? && !came?.is_empty());
        patiently(open.wait_for(|open| *open == 1)).await??;
        drop((stuck, stuck_socket));
        server.stop().await
    })
    .await
}

/// How often in a row a reader may fall behind before it is cut, and once more.
const LAGS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_that_never_keeps_up_is_closed_with_1013_and_where_to_go_on() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut slow = Socket::open(&server, &path).await?;
        slow.one().await?;
        let (mut last, mut lags) = (0, 0);
        while lags < LAGS {
            chatter(&server, &execution, 6).await?;
            let came = slow.until(|frame| frame["type"] == "lagged").await?;
            lags += 1;
            let lagged = came.last().context("nothing came")?;
            ensure!(lagged["is_cut"] == (lags == LAGS), "{lags}: {lagged}");
            let head = server.store.head().await?.position.get();
            if lags < LAGS {
                slow.until(|it| it["type"] == "snapshot" && it["position"] == head).await?;
            }
            last = lagged["position"].as_u64().context("no position")?;
        }
        let close = slow.closed().await?;
        ensure!(u16::from(close.code) == 1013, "{close:?} is not 1013");
        ensure!(close.reason.contains(&format!("resume with after={last}")), "{close:?}");
        let mut again = Socket::open(&server, &format!("{path}?after={last}")).await?;
        let came = again.until(|frame| frame["type"] == "snapshot").await?;
        let first = came.iter().find(|frame| frame["type"] == "event").context("no event")?;
        ensure!(first["position"] == last + 1, "{first} is not what follows {last}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_was_too_slow_is_told_so_and_misses_nothing() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}/stream");
        let mut slow = Sse::open(&server, &path).await?;
        let first = slow.one().await?.id.context("no position")?;
        chatter(&server, &execution, 6).await?;
        let head = server.store.head().await?.position.get();
        let came = slow.until(|came| came.name == "snapshot" && came.id == Some(head)).await?;
        let lagged = came.iter().find(|came| came.name == "lagged").context("it was not told")?;
        ensure!(lagged.frame["reason"] == "too_slow" && lagged.frame["is_cut"] == false);
        let seen: Vec<_> =
            came.iter().filter(|it| it.name == "event").filter_map(|it| it.id).collect();
        let once: BTreeSet<_> = seen.iter().copied().collect();
        let all: Vec<_> = (first + 1..=head).filter(|position| once.contains(position)).collect();
        ensure!(seen == all && once.len() == seen.len(), "an event came twice, or too late");
        let mut again = Sse::open(&server, &format!("{path}?after={first}")).await?;
        let again = again.until(|came| came.name == "snapshot").await?;
        let again: Vec<_> =
            again.iter().filter(|it| it.name == "event").filter_map(|it| it.id).collect();
        ensure!(again == seen, "{} events came of {}", seen.len(), again.len());
        server.stop().await
    })
    .await
}
