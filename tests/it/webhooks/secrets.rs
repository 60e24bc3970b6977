//! Secrets: two are valid while one is replaced, none is in the database, and one that does not
//! open is said plainly.

use super::house::{HOUR_MS, acme, endpoint, everything, key, on_every, only};
use crate::store::backend::Backend;
use anyhow::{Result, bail, ensure};
use planexe_ax::domain::workspace::WorkspaceCommand;
use planexe_ax::engine::Random;
use planexe_ax::store::outbox::DeliveryState;
use planexe_ax::webhooks::{KeySource, SealKey};

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_replaced_both_sign() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        let old = house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        let (new, sealed_secret) = webhooks.new_secret(&key("wh_1")).await?;
        let (webhook_id, new) = (key("wh_1").webhook_id, new.reveal());
        let old_until = house.hands.now().plus_ms(24 * HOUR_MS);
        let rotate = WorkspaceCommand::RotateWebhookSecret { webhook_id, sealed_secret, old_until };
        house.order(&acme(), rotate).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        house.hands.advance_ms(24 * HOUR_MS);
        house.happens("agent_2").await?;
        webhooks.work_off().await?;
        let received = receiver.received();
        let signed = |at: usize, secret: &str| received[at].signed_with(secret);
        ensure!(signed(0, &new)? == (2, true) && signed(0, &old)? == (2, true), "{received:?}");
        ensure!(signed(1, &new)? == (1, true) && signed(1, &old)? == (1, false), "{received:?}");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

/// How often a text stands in the database, in whatever column.
async fn found_in(backend: &Backend, text: &str) -> Result<usize> {
    match backend {
        Backend::Sqlite(file) => {
            let mut found = 0;
            for entry in std::fs::read_dir(file.folder())? {
                let bytes = std::fs::read(entry?.path())?;
                found += bytes.windows(text.len()).filter(|it| *it == text.as_bytes()).count();
            }
            Ok(found)
        }
        Backend::Postgres(database) => {
            let places = [
                "event e, lateral encode(e.payload || e.metadata, 'escape') as it",
                "append_key e, lateral encode(e.answer, 'escape') as it",
                "snapshot e, lateral encode(e.state, 'escape') as it",
                "webhook_endpoint e, lateral cast(e as text) as it",
                "webhook_delivery e, lateral cast(e as text) as it",
            ];
            let mut found = 0;
            for place in places {
                let asked = format!("select count(*) from {place} where strpos(it, '{text}') > 0");
                found += usize::try_from(database.number(&asked).await?)?;
            }
            Ok(found)
        }
        Backend::Memory(_) => bail!("memory has no dump"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_of_the_database_holds_no_secret_that_could_be_used() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        let secret = house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        ensure!(only(&webhooks, "wh_1").await?.state == DeliveryState::Delivered);
        let plain = secret.trim_start_matches("whsec_");
        ensure!(found_in(&house.backend, plain).await? == 0, "the secret is in the dump");
        let sealed = house.webhook("wh_1").await?.sealed_secret;
        ensure!(found_in(&house.backend, sealed.as_str()).await? > 0, "the dump was not read");
        webhooks.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_open_switches_the_webhook_off_and_says_why() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let right = house.sender(&[&receiver]).await?;
        house.register(&right, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        let mut config = house.config(&[&receiver]);
        let (other, _) = SealKey::draw(&Random::from_seed(77));
        config.key = KeySource::Given(other.clone());
        let wrong = house.sender_with(config).await?;
        wrong.work_off().await?;
        wrong.work_off().await?;
        let off = endpoint(&wrong, "wh_1").await?;
        let why = off.disabled_why.clone().unwrap_or_default();
        ensure!(!off.is_enabled && why.contains(other.name()), "{off:?}");
        ensure!(why.contains(house.key.name()) && receiver.connections() == 0, "{why}");
        ensure!(only(&wrong, "wh_1").await?.state == DeliveryState::Pending);
        wrong.stop().await;
        house.enable("wh_1").await?;
        house.hands.advance_ms(HOUR_MS);
        right.work_off().await?;
        ensure!(only(&right, "wh_1").await?.state == DeliveryState::Delivered);
        right.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_key_leaves_sending_to_those_that_have_one() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let mut config = house.config(&[&receiver]);
        config.key = KeySource::Nowhere;
        let without = house.sender_with(config).await?;
        let refused = without.new_secret(&key("wh_1")).await;
        ensure!(refused.is_err_and(|error| error.to_string().contains("AX_SECRET_KEY_FILE")));
        let with = house.sender(&[&receiver]).await?;
        house.register(&with, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_1").await?;
        ensure!(!without.work_off().await?, "it leads without a key");
        ensure!(with.work_off().await? && receiver.received().len() == 1);
        with.stop().await;
        without.stop().await;
        house.close().await
    })
    .await
}
