//! Receivers that fail, each in its own way.

use super::house::{HOUR_MS, deliveries, endpoint, everything, on_every, only};
use super::receiver::{Act, Receiver};
use anyhow::{Result, ensure};
use planexe_ax::store::outbox::DeliveryState;
use planexe_ax::webhooks::WAITS_MS;

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_later_the_same_with_the_same_id() -> Result<()> {
    on_every(&[Act::Answer(500, ""), Act::Answer(404, "")], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        let secret = house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        let failed = only(&webhooks, "wh_1").await?;
        ensure!(failed.state == DeliveryState::Pending && failed.attempts == 1, "{failed:?}");
        ensure!(failed.last_status == Some(500), "{failed:?}");
        let said = failed.last_failure.unwrap_or_default();
        ensure!(!said.contains("raw words"), "{said}");
        house.hands.advance_ms(WAITS_MS[0] - 1);
        webhooks.work_off().await?;
        ensure!(receiver.received().len() == 1, "it was tried too early");
        for (at, wait_ms) in WAITS_MS.iter().take(2).enumerate() {
            house.hands.advance_ms(wait_ms + wait_ms / 10);
            webhooks.work_off().await?;
            ensure!(receiver.received().len() == at + 2, "it was not tried again");
        }
        let done = only(&webhooks, "wh_1").await?;
        ensure!(done.state == DeliveryState::Delivered && done.attempts == 3, "{done:?}");
        let received = receiver.received();
        for notice in &received {
            ensure!(notice.id()? == received[0].id()? && notice.body == received[0].body);
            ensure!(notice.signed_with(&secret)? == (1, true), "{notice:?}");
        }
        ensure!(received[0].at()? < received[2].at()?, "a signature was used again");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_it_is_given_up_and_can_be_tried_again_by_hand() -> Result<()> {
    on_every(&vec![Act::Cut; 10], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        let begin = house.hands.now();
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        while only(&webhooks, "wh_1").await?.state == DeliveryState::Pending {
            let next = only(&webhooks, "wh_1").await?.next_attempt_at;
            house.hands.set(next);
            webhooks.work_off().await?;
        }
        let failed = only(&webhooks, "wh_1").await?;
        ensure!(failed.state == DeliveryState::Failed && failed.attempts == 10, "{failed:?}");
        ensure!(house.hands.now().ms_since(begin) >= 72 * HOUR_MS, "it was given up too early");
        ensure!(receiver.received().len() == 10);
        let key = super::house::key("wh_1");
        ensure!(webhooks.retry(&key, &failed.delivery_id).await?.is_some());
        ensure!(webhooks.retry(&key, "msg_none").await?.is_none());
        webhooks.work_off().await?;
        ensure!(only(&webhooks, "wh_1").await?.state == DeliveryState::Delivered);
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receiver_does_it_is_an_attempt_that_failed() -> Result<()> {
    let acts = [Act::Hang, Act::Drip, Act::Cut, Act::Noise, Act::Answer(302, ""), Act::Huge];
    on_every(&acts, async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        let whys = ["in time", "", "broke off", "broke off", "not followed"];
        for (at, why) in whys.iter().enumerate() {
            let failed = only(&webhooks, "wh_1").await?;
            let said = failed.last_failure.clone().unwrap_or_default();
            ensure!(failed.state == DeliveryState::Pending, "{at}: {failed:?}");
            ensure!(said.contains(why) && !said.is_empty(), "{at}: {failed:?}");
            house.hands.set(failed.next_attempt_at);
            webhooks.work_off().await?;
        }
        let done = only(&webhooks, "wh_1").await?;
        ensure!(done.state == DeliveryState::Delivered, "{done:?}");
        ensure!(done.answer_bytes == Some(4_096), "{done:?}");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_never_followed() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let canary = Receiver::start(&[]).await?;
        let place: &'static str =
            format!("Location: http://{}/metadata\r\n", canary.address).leak();
        for status in [301, 302, 303, 307, 308] {
            receiver.next(Act::Answer(status, place));
        }
        let webhooks = house.sender(&[&receiver, &canary]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        for _ in 0..5 {
            webhooks.work_off().await?;
            let failed = only(&webhooks, "wh_1").await?;
            ensure!(failed.state == DeliveryState::Pending, "{failed:?}");
            house.hands.set(failed.next_attempt_at);
        }
        ensure!(receiver.received().len() == 5 && canary.connections() == 0);
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_switches_the_webhook_off_and_says_so() -> Result<()> {
    on_every(&[Act::Answer(410, "")], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        ensure!(!house.webhook("wh_1").await?.settings.is_enabled, "it is still on");
        webhooks.work_off().await?;
        let off = endpoint(&webhooks, "wh_1").await?;
        ensure!(!off.is_enabled, "{off:?}");
        ensure!(off.disabled_why.clone().unwrap_or_default().contains("410"), "{off:?}");
        house.happens("agent_2").await?;
        house.hands.advance_ms(HOUR_MS);
        webhooks.work_off().await?;
        ensure!(receiver.received().len() == 1, "it was sent something all the same");
        house.enable("wh_1").await?;
        house.happens("agent_3").await?;
        webhooks.work_off().await?;
        ensure!(endpoint(&webhooks, "wh_1").await?.disabled_why.is_none());
        let states: Vec<_> =
            deliveries(&webhooks, "wh_1").await?.iter().map(|it| it.state).collect();
        ensure!(states == [DeliveryState::Failed, DeliveryState::Delivered], "{states:?}");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

/// 25 minutes after the beginning, which is 15 minutes after the first wait.
const BY_DATE: &str = "Retry-After: Tue, 14 Nov 2023 22:38:20 GMT\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_receiver_is_left_alone_for_as_long_as_it_says() -> Result<()> {
    let busy = [Act::Answer(429, "Retry-After: 600\r\n"), Act::Answer(503, BY_DATE)];
    on_every(&busy, async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        house.happens("agent_2").await?;
        for (at, wait_ms) in [600_000, 900_000].into_iter().enumerate() {
            house.hands.advance_ms(wait_ms - 1);
            webhooks.work_off().await?;
            ensure!(receiver.received().len() == at + 1, "it was not left alone");
            house.hands.advance_ms(1);
            webhooks.work_off().await?;
        }
        let received = receiver.received();
        ensure!(received.len() == 4, "{received:?}");
        ensure!(received[2].json()?["data"]["agent_id"] == "agent_1", "the order was lost");
        webhooks.stop().await;
        house.close().await
    })
    .await
}
