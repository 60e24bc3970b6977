//! Whether a receiver wants what is sent: it is asked before anything else, and nothing is sent to
//! one that did not say yes.

use super::house::{House, acme, endpoint, everything, key, on_every, only};
use super::receiver::{Act, Receiver};
use anyhow::{Result, ensure};
use planexe_ax::domain::Text;
use planexe_ax::domain::event::workspace::WebhookSettings;
use planexe_ax::domain::workspace::WorkspaceCommand;
use planexe_ax::store::outbox::DeliveryState;
use planexe_ax::store::{LogFilter, Position};
use planexe_ax::webhooks::{WAITS_MS, Webhooks};

/// A webhook that nobody confirmed, with a notice that waits for it.
async fn waiting(house: &House, receiver: &Receiver) -> Result<(Webhooks, String)> {
    let webhooks = house.sender(&[receiver]).await?;
    let settings = everything(&receiver.url());
    let secret = house.register_unconfirmed(&webhooks, "wh_1", settings).await?;
    house.happens("agent_1").await?;
    Ok((webhooks, secret))
}

/// How often the log says that a receiver said yes.
async fn confirmations(house: &House) -> Result<usize> {
    let all = house.store.read_log(Position::ZERO, &LogFilter::default(), 500).await?;
    Ok(all.iter().filter(|event| event.kind == "webhook_confirmed").count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_asked_once_before_the_first_notice() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let (webhooks, secret) = waiting(&house, &receiver).await?;
        ensure!(!house.webhook("wh_1").await?.is_confirmed());
        webhooks.work_off().await?;
        let challenges = receiver.challenges();
        let [challenge] = challenges.as_slice() else { anyhow::bail!("{challenges:?}") };
        ensure!(challenge.signed_with(&secret)? == (1, true), "{challenge:?}");
        ensure!(challenge.challenge().len() == 64, "{challenge:?}");
        ensure!(challenge.json()?["data"]["webhook_id"] == "wh_1", "{challenge:?}");
        ensure!(house.webhook("wh_1").await?.is_confirmed());
        let delivery = only(&webhooks, "wh_1").await?;
        ensure!(delivery.state == DeliveryState::Delivered && delivery.attempts == 1);
        ensure!(receiver.received()[0].id()? != challenge.id()?, "{challenge:?}");
        house.happens("agent_2").await?;
        webhooks.work_off().await?;
        ensure!(receiver.received().len() == 2 && receiver.challenges().len() == 1);
        ensure!(confirmations(&house).await? == 1);
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_a_receiver_that_does_not_say_yes() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let acts = [
            Act::Answer(200, ""),
            Act::Answer(204, ""),
            Act::Say("{\"data\":{\"challenge\":\"WORD\"}}"),
            Act::Say("xWORD"),
            Act::Answer(500, ""),
            Act::Answer(302, "Location: http://127.0.0.1/\r\n"),
            Act::Cut,
            Act::Hang,
        ];
        let count = acts.len();
        acts.into_iter().for_each(|act| receiver.challenged(act));
        let (webhooks, _) = waiting(&house, &receiver).await?;
        house.happens("agent_2").await?;
        for asked in 1..=count {
            webhooks.work_off().await?;
            ensure!(receiver.challenges().len() == asked, "{asked}: {:?}", receiver.challenges());
            let held = endpoint(&webhooks, "wh_1").await?;
            let wait_ms = held.hold_until.ms_since(house.hands.now());
            ensure!(wait_ms >= WAITS_MS[asked - 1], "{asked}: asked again after {wait_ms} ms");
            house.hands.set(held.hold_until);
        }
        ensure!(receiver.received().is_empty(), "{:?}", receiver.received());
        ensure!(confirmations(&house).await? == 0);
        webhooks.work_off().await?;
        ensure!(receiver.received().len() == 2, "it said yes at last: {:?}", receiver.received());
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_says_yes_is_left_alone_at_last() -> Result<()> {
    on_every(&[], async |house, receiver| {
        (0..20).for_each(|_| receiver.challenged(Act::Answer(404, "")));
        let (webhooks, _) = waiting(&house, &receiver).await?;
        for _ in 0..10 {
            webhooks.work_off().await?;
            let held = endpoint(&webhooks, "wh_1").await?.hold_until;
            house.hands.set(held.max(house.hands.now()));
        }
        webhooks.work_off().await?;
        let off = endpoint(&webhooks, "wh_1").await?;
        let why = off.disabled_why.clone().unwrap_or_default();
        ensure!(!off.is_enabled && why.contains("answers challenges"), "{off:?}");
        ensure!(receiver.challenges().len() == 10 && receiver.received().is_empty());
        house.enable("wh_1").await?;
        webhooks.work_off().await?;
        ensure!(receiver.challenges().len() == 11, "it is not asked again");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_that_it_is_gone_is_asked_no_more() -> Result<()> {
    on_every(&[], async |house, receiver| {
        receiver.challenged(Act::Answer(410, ""));
        let (webhooks, _) = waiting(&house, &receiver).await?;
        webhooks.work_off().await?;
        webhooks.work_off().await?;
        ensure!(!endpoint(&webhooks, "wh_1").await?.is_enabled, "it is still on");
        ensure!(receiver.challenges().len() == 1 && receiver.received().is_empty());
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_another_receiver_and_asked_anew() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let (webhooks, _) = waiting(&house, &receiver).await?;
        webhooks.work_off().await?;
        let url = Text::parse(&format!("http://{}/elsewhere", receiver.address))?;
        let settings = WebhookSettings { url, ..house.webhook("wh_1").await?.settings };
        let webhook_id = key("wh_1").webhook_id;
        house.order(&acme(), WorkspaceCommand::ChangeWebhook { webhook_id, settings }).await?;
        receiver.challenged(Act::Answer(500, ""));
        house.happens("agent_2").await?;
        webhooks.work_off().await?;
        let paths: Vec<_> = receiver.challenges().into_iter().map(|it| it.path).collect();
        ensure!(paths == ["/hook?from=ax", "/elsewhere"], "{paths:?}");
        ensure!(receiver.received().len() == 1, "it was sent without a yes");
        webhooks.stop().await;
        house.close().await
    })
    .await
}
