//! What is changed behind the engine's back is not signed, and the stored tree only grows.

use super::house::{newest, on_every};
use crate::store::tampering::allow_tampering;
use anyhow::{Result, ensure};
use planexe_ax::sealer::SealerError;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_changed_before_it_was_sealed_is_never_signed() -> Result<()> {
    on_every(async |house| {
        let sealer = house.sealer().await?;
        house.append(0..5).await?;
        sealer.seal().await?;
        house.append(5..9).await?;
        allow_tampering(&house.backend).await?;
        house.backend.execute("update event set kind = 'task_stolen' where position = 7").await?;
        let refused = sealer.seal().await.expect_err("it was changed");
        ensure!(matches!(refused, SealerError::Changed(at) if at.get() == 7), "{refused}");
        ensure!(newest(&sealer).await?.0.size == 5, "it was signed");
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_changed_later_is_found_when_its_tile_is_drawn() -> Result<()> {
    on_every(async |house| {
        let sealer = house.sealer().await?;
        house.append(0..256).await?;
        sealer.seal().await?;
        let looked = sealer.state().await?.looked;
        ensure!(looked.is_some_and(|it| (it.from.get(), it.to.get()) == (1, 256)), "{looked:?}");
        allow_tampering(&house.backend).await?;
        house.backend.execute("update event set kind = 'task_stolen' where position = 99").await?;
        house.hands.advance_ms(60_000);
        let refused = sealer.work_off().await.expect_err("it was changed");
        ensure!(matches!(refused, SealerError::Changed(at) if at.get() == 99), "{refused}");
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_to_shrink_the_tree_and_to_change_what_was_signed() -> Result<()> {
    on_every(async |house| {
        let sealer = house.sealer().await?;
        house.append(0..3).await?;
        sealer.seal().await?;
        for statement in [
            "update audit_tile set hashes = substr(hashes, 44)",
            "delete from audit_tile",
            "update audit_checkpoint set size = 2",
            "delete from audit_checkpoint",
        ] {
            let refused = house.backend.execute(statement).await;
            ensure!(refused.is_err(), "{statement}: it was done");
        }
        ensure!(newest(&sealer).await?.0.size == 3);
        sealer.stop().await;
        house.close().await
    })
    .await
}
