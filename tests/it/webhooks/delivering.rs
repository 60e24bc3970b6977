//! What is sent, to whom, and that it can be verified.

use super::house::{LEAD_MS, acme, deliveries, everything, key, on_every, only, owner, workspace};
use super::receiver::{Act, Receiver};
use anyhow::{Result, ensure};
use planexe_ax::domain::event::workspace::{Role, WebhookSettings};
use planexe_ax::domain::workspace::WorkspaceCommand;
use planexe_ax::domain::{AgentId, MemberId, StreamName, Title};
use planexe_ax::store::outbox::DeliveryState;
use planexe_ax::store::{AppendRequest, Expected, NewEvent, StreamWrite};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_thin_signed_and_verified_by_a_strangers_library() -> Result<()> {
    on_every(&[Act::Answer(200, "")], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        let secret = house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_larry").await?;
        ensure!(webhooks.work_off().await?, "it does not lead");
        let received = receiver.received();
        let [notice] = received.as_slice() else { anyhow::bail!("{received:?}") };
        ensure!(notice.signed_with(&secret)? == (1, true), "{notice:?}");
        ensure!(notice.path == "/hook?from=ax", "{notice:?}");
        ensure!(notice.header("content-type")? == "application/json", "{notice:?}");
        ensure!(notice.at()? == house.hands.now(), "{notice:?}");
        let id = notice.id()?;
        ensure!(id.starts_with("msg_") && !id.contains('.'), "{id}");
        let body = notice.json()?;
        ensure!(body["type"] == "agent.registered", "{body}");
        ensure!(body["data"]["agent_id"] == "agent_larry", "{body}");
        ensure!(body["data"]["workspace_id"] == "acme", "{body}");
        ensure!(notice.body.len() < 20 * 1024 && body["data"].get("profile").is_none(), "{body}");
        let delivery = only(&webhooks, "wh_1").await?;
        ensure!(delivery.state == DeliveryState::Delivered, "{delivery:?}");
        ensure!(delivery.delivery_id == id && delivery.last_status == Some(200), "{delivery:?}");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_of_the_own_workspace_is_sent() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        let of_larry = WebhookSettings {
            agent_id: Some(AgentId::parse("agent_larry")?),
            ..everything(&receiver.url())
        };
        let of_plans = WebhookSettings {
            events: vec![Title::parse("plan.*")?],
            ..everything(&receiver.url())
        };
        house.register(&webhooks, "wh_larry", of_larry).await?;
        house.register(&webhooks, "wh_plans", of_plans).await?;
        house.happens_in(&workspace("other"), "agent_larry").await?;
        house.happens("agent_anna").await?;
        house.happens("agent_larry").await?;
        let (member_id, name) = (MemberId::parse("eve")?, Title::parse("Eve")?);
        let joins = WorkspaceCommand::AddMember { member_id, name, role: Role::Owner };
        house.order(&acme(), joins).await?;
        webhooks.work_off().await?;
        let sent = receiver.received();
        ensure!(
            sent.len() == 1 && sent[0].json()?["data"]["agent_id"] == "agent_larry",
            "{sent:?}"
        );
        ensure!(deliveries(&webhooks, "wh_plans").await?.is_empty(), "no plan happened");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_from_before_a_webhook_and_nothing_about_webhooks_is_sent() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.happens("agent_before").await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.register(&webhooks, "wh_2", everything(&receiver.url())).await?;
        webhooks.work_off().await?;
        ensure!(receiver.connections() == 0, "{:?}", receiver.received());
        house.happens("agent_after").await?;
        webhooks.work_off().await?;
        let sent = receiver.received();
        ensure!(sent.len() == 2 && sent[0].id()? != sent[1].id()?, "{sent:?}");
        house.happens("agent_too_late").await?;
        let reason = None;
        let gone = WorkspaceCommand::RemoveWebhook { webhook_id: key("wh_1").webhook_id, reason };
        house.order(&acme(), gone).await?;
        house.happens("agent_later").await?;
        webhooks.work_off().await?;
        ensure!(receiver.received().len() == 4, "a webhook that is gone was sent something");
        ensure!(webhooks.counts().await?.0.pending == 0, "something waits for it");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_is_dead_and_holds_up_nothing() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        let poison = NewEvent {
            event_id: Uuid::from_u128(99),
            kind: "execution_completed".into(),
            schema_version: 1,
            payload: b"{\"at\":\"never\"}".to_vec(),
            metadata: serde_json::to_vec(&planexe_ax::engine::Metadata::by(owner()))?,
            recorded_at: house.hands.now(),
        };
        let stream = StreamName::parse("execution/exec_poison")?;
        let write = StreamWrite { stream, expected: Expected::NoStream, events: vec![poison] };
        let (writes, conditions) = (vec![write], Vec::new());
        let (key, answer) = (None, Vec::new());
        let request = AppendRequest { workspace: acme(), writes, conditions, key, answer };
        house.store.append(request).await?;
        house.happens("agent_after").await?;
        webhooks.work_off().await?;
        let all = deliveries(&webhooks, "wh_1").await?;
        let states: Vec<_> = all.iter().map(|delivery| delivery.state).collect();
        ensure!(states == [DeliveryState::Dead, DeliveryState::Delivered], "{all:?}");
        ensure!(all[0].last_failure.is_some() && receiver.received().len() == 1, "{all:?}");
        ensure!(webhooks.counts().await?.0.dead == 1);
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_outbox_waits_in_the_log_and_is_sent_in_order() -> Result<()> {
    on_every(&[Act::Hang, Act::Answer(503, "")], async |house, receiver| {
        let mut config = house.config(&[&receiver]);
        config.pending_max = 4;
        let webhooks = house.sender_with(config.clone()).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        for number in 0..30 {
            house.happens(&format!("agent_{number:02}")).await?;
        }
        webhooks.begin().await?;
        receiver.until(1).await?;
        let waiting = deliveries(&webhooks, "wh_1").await?;
        ensure!(waiting.len() == 4, "{} wait", waiting.len());
        webhooks.crash().await;
        house.hands.advance_ms(LEAD_MS);
        let after = house.sender_with(config).await?;
        after.work_off().await?;
        house.hands.advance_ms(LEAD_MS);
        after.work_off().await?;
        let mut seen = Vec::new();
        for notice in receiver.received().iter().skip(2) {
            seen.push(notice.json()?["data"]["agent_id"].as_str().unwrap_or_default().to_owned());
        }
        seen.sort();
        let wanted: Vec<_> = (0..30).map(|number| format!("agent_{number:02}")).collect();
        ensure!(seen == wanted, "{seen:?}");
        after.stop().await;
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_delays_no_other() -> Result<()> {
    on_every(&[Act::Hang], async |house, hanging| {
        let other = Receiver::start(&[]).await?;
        let mut config = house.config(&[&hanging, &other]);
        (config.timeout_ms, config.runs_by_itself) = (60_000, true);
        let webhooks = house.sender_with(config).await?;
        house.register(&webhooks, "wh_hanging", everything(&hanging.url())).await?;
        house.register(&webhooks, "wh_other", everything(&other.url())).await?;
        for number in 1..=3_usize {
            house.happens(&format!("agent_{number}")).await?;
            hanging.until(1).await?;
            other.until(number).await?;
        }
        ensure!(hanging.received().len() == 1, "two were on their way to one receiver");
        let (counts, _) = webhooks.counts().await?;
        ensure!(counts.pending >= 3, "{counts:?}");
        drop(hanging);
        webhooks.stop().await;
        house.close().await
    })
    .await
}
