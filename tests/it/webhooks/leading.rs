//! Several senders, and one that is lost between sending and writing down.

use super::house::{LEAD_MS, everything, on_every, only};
use super::receiver::Act;
use anyhow::{Result, ensure};
use planexe_ax::store::outbox::DeliveryState;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_not_written_down_is_sent_again_with_the_same_id() -> Result<()> {
    on_every(&[Act::Hang], async |house, receiver| {
        let lost = house.sender(&[&receiver]).await?;
        house.register(&lost, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        lost.begin().await?;
        receiver.until(1).await?;
        lost.crash().await;
        house.hands.advance_ms(LEAD_MS);
        let next = house.sender(&[&receiver]).await?;
        ensure!(next.work_off().await?, "it does not lead");
        let received = receiver.received();
        ensure!(received.len() == 2, "{received:?}");
        ensure!(received[0].id()? == received[1].id()?, "{received:?}");
        ensure!(received[0].body == received[1].body, "{received:?}");
        ensure!(only(&next, "wh_1").await?.state == DeliveryState::Delivered);
        next.stop().await;
        lost.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_senders_only_the_leader_sends() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let first = house.sender(&[&receiver]).await?;
        let second = house.sender(&[&receiver]).await?;
        house.register(&first, "wh_1", everything(&receiver.url())).await?;
        for number in 0..20 {
            house.happens(&format!("agent_{number}")).await?;
            let (one, two) = tokio::join!(first.work_off(), second.work_off());
            ensure!(one? != two?, "both lead, or nobody does");
        }
        let received = receiver.received();
        let mut ids = received.iter().map(|it| it.id()).collect::<Result<Vec<_>>>()?;
        ids.sort_unstable();
        ids.dedup();
        ensure!(received.len() == 20 && ids.len() == 20, "{} sent", received.len());
        first.stop().await;
        house.happens("agent_last").await?;
        ensure!(second.work_off().await?, "the lead was not given up");
        ensure!(receiver.received().len() == 21);
        second.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_lost_the_lead_without_noticing_writes_nothing() -> Result<()> {
    on_every(&[Act::Held, Act::Answer(500, "")], async |house, receiver| {
        let mut config = house.config(&[&receiver]);
        config.timeout_ms = 60_000;
        let slow = house.sender_with(config).await?;
        house.register(&slow, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        slow.begin().await?;
        receiver.until(1).await?;
        house.hands.advance_ms(LEAD_MS);
        let next = house.sender(&[&receiver]).await?;
        ensure!(next.work_off().await?, "it does not lead");
        let before = only(&next, "wh_1").await?;
        ensure!(before.last_status == Some(500), "{before:?}");
        receiver.release();
        slow.stop().await;
        let after = only(&next, "wh_1").await?;
        ensure!(before == after, "{before:?} became {after:?}");
        ensure!(!slow.work_off().await.unwrap_or(false), "two lead");
        next.stop().await;
        house.close().await
    })
    .await
}
