//! Promise 16: a reader that is too slow costs little, delays nobody, is told so, and comes back.

use super::house::{House, acme, begin, frames_upto, next, note, on_every, topic};
use super::validators::Saw;
use anyhow::{Context, Result, ensure};
use planexe_ax::feed::{Frame, LagReason, READER_BYTES_MAX, Since};
use planexe_ax::store::{Position, Store};
use tokio::task::JoinSet;

/// Notes that take more room, all together, than a reader may.
const NOTES: u64 = 1_000;
/// Notes that take more room than a ring has.
const RING_NOTES: u64 = 500;
const AT_ONCE: u64 = 100;

async fn write_notes(store: &Store, notes: u64) -> Result<()> {
    let text = "a sentence that takes up some room, ".repeat(25);
    for _ in 0..notes / AT_ONCE {
        let mut writes = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (store, note) = (store.clone(), note(&acme(), 1, &text));
            writes.spawn(async move { store.append(note).await });
        }
        while let Some(written) = writes.join_next().await {
            written??;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_costs_a_mebibyte_at_most_and_delays_nobody() -> Result<()> {
    const OTHERS: usize = 200;
    on_every(async |house| {
        begin(&house.store, 1).await?;
        let mut stopped = house.subscribe(&topic(1), Since::Now);
        next(&mut stopped).await?;
        let from = house.head().await?;
        let to = from.plus(NOTES);
        let mut others = JoinSet::new();
        for _ in 0..OTHERS {
            let mut subscription = house.subscribe(&topic(1), Since::After(from));
            others.spawn(async move {
                let mut seen = Vec::new();
                for frame in frames_upto(&mut subscription, to).await? {
                    if let Frame::Event(event) = &*frame {
                        seen.push(event.position);
                    }
                }
                anyhow::Ok(seen)
            });
        }
        write_notes(&house.store, NOTES).await?;
        let all: Vec<Position> = (1..=NOTES).map(|number| from.plus(number)).collect();
        while let Some(seen) = others.join_next().await {
            ensure!(seen?? == all, "another reader did not see everything in order");
        }
        ensure!(house.head().await? == to, "nothing else was written");
        let held = house.feed.bytes_held();
        ensure!(held <= READER_BYTES_MAX, "the reader that stopped costs {held} bytes");
        ensure!(held > 0, "it holds what it did not read");
        drop(stopped);
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_fell_behind_is_told_so_and_misses_nothing() -> Result<()> {
    on_every(async |house| {
        begin(&house.store, 1).await?;
        let from = house.head().await?;
        let to = from.plus(RING_NOTES);
        let mut slow = house.subscribe(&topic(1), Since::After(from));
        let mut saw = Saw::default();
        saw.reconnects(from);
        saw.take(&next(&mut slow).await?)?;
        write_notes(&house.store, RING_NOTES).await?;
        published(&house, to).await?;
        let (mut lags, mut snapshots, mut is_covered) = (0, 0, false);
        while !is_covered || (lags > 0 && snapshots == 0) {
            let frame = next(&mut slow).await?;
            saw.take(&frame)?;
            if let Frame::Lagged(lagged) = &*frame {
                lags += 1;
                ensure!(lagged.reason == LagReason::TooSlow && !lagged.is_cut, "it goes on");
            }
            snapshots += u32::from(lags > 0 && matches!(*frame, Frame::Snapshot(_)));
            is_covered = matches!(*frame, Frame::Heartbeat(_)) && frame.position() >= to;
        }
        saw.check(&house.store, &topic(1), from).await?;
        ensure!(lags == 1, "it fell behind once and was told {lags} times");
        ensure!(snapshots >= 1, "a fresh snapshot follows");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_keeps_up_is_cut_and_resumes_without_a_gap() -> Result<()> {
    on_every(async |house| {
        begin(&house.store, 1).await?;
        let from = house.head().await?;
        let mut slow = house.subscribe(&topic(1), Since::After(from));
        let mut saw = Saw::default();
        saw.reconnects(from);
        let (mut is_cut, mut rounds) = (false, 0);
        while !is_cut {
            let frame = next(&mut slow).await?;
            saw.take(&frame)?;
            if matches!(&*frame, Frame::Snapshot(_)) {
                rounds += 1;
                ensure!(rounds <= 5, "it is never cut");
                let to = house.head().await?.plus(RING_NOTES);
                write_notes(&house.store, RING_NOTES).await?;
                published(&house, to).await?;
            }
            is_cut = matches!(&*frame, Frame::Lagged(lagged) if lagged.is_cut);
        }
        ensure!(slow.next().await.is_none(), "nothing follows");
        let (resume, head) = (slow.position(), house.head().await?);
        let mut again = house.subscribe(&topic(1), Since::After(resume));
        saw.reconnects(resume);
        while saw.events.last().is_none_or(|last| *last < head) {
            saw.take(&next(&mut again).await?)?;
        }
        saw.check(&house.store, &topic(1), from).await?;
        house.close().await;
        Ok(())
    })
    .await
}

async fn published(house: &House, to: Position) -> Result<()> {
    let mut published = house.feed.published();
    published.wait_for(|position| *position >= to).await.context("the feed has stopped")?;
    Ok(())
}
