//! Webhooks after a restore: nothing is sent before somebody says that work goes on, and then only
//! what was not sent before.

use super::house::{everything, on_every, owner};
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::engine::{Engine, EngineConfig, Random};
use planexe_ax::keeping;
use planexe_ax::store::outbox::Outbox;
use planexe_ax::webhooks::Webhooks;
use planexe_ax_testkit::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_only_what_waits_is_sent_and_only_when_work_goes_on() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let webhooks = house.sender(&[&receiver]).await?;
        house.register(&webhooks, "wh_1", everything(&receiver.url())).await?;
        house.happens("agent_anna").await?;
        ensure!(webhooks.work_off().await?, "it does not lead");
        house.happens("agent_larry").await?;
        let (folder, target) = (Folder::new()?, Backend::sqlite()?);
        let (from, now) = (folder.path().join("backup"), house.hands.now());
        keeping::back_up(&house.backend.config(), &from, now).await?;
        let clock = Clock::simulated(now).0;
        keeping::restore(&target.config(), &from, &clock).await?;
        let before = receiver.received().len();
        let store = target.open().await?;
        let config = EngineConfig { runs_by_itself: false, ..EngineConfig::default() };
        let engine = Engine::start(store.clone(), clock, Random::from_seed(8), config).await?;
        let outbox = Outbox::open(&target.config()).await?;
        let settings = house.config(&[&receiver]);
        let restored = Webhooks::start(engine.clone(), outbox, Random::from_seed(9), settings);
        ensure!(!restored.work_off().await?, "it sends");
        ensure!(receiver.received().len() == before, "{:?}", receiver.received());
        engine.resume_after_restore(&owner()).await?;
        ensure!(restored.work_off().await?, "it does not send");
        let sent = receiver.received();
        ensure!(sent.len() == before + 1, "{sent:?}");
        ensure!(sent[before].json()?["data"]["agent_id"] == "agent_larry", "{sent:?}");
        restored.stop().await;
        engine.stop().await;
        store.close().await;
        webhooks.stop().await;
        house.close().await
    })
    .await
}
