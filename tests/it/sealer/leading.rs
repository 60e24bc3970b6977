//! Several servers, and one that is lost while it grows the tree.

use super::house::{LEAD_MS, check, newest, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{Tile, TileKey};
use planexe_ax::store::tree::Grown;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_grow_one_tree() -> Result<()> {
    on_every(async |house| {
        let (first, second) = (house.sealer().await?, house.sealer().await?);
        for step in 0..6 {
            house.append(step * 60..step * 60 + 60).await?;
            let (one, two) = tokio::join!(first.seal(), second.seal());
            ensure!(one? != two?, "both lead, or nobody does");
            if step % 2 == 1 {
                house.hands.advance_ms(LEAD_MS);
                let (one, two) = tokio::join!(second.seal(), first.seal());
                ensure!(one? != two?, "both lead, or nobody does");
            }
        }
        check(&house, &first, 29).await?;
        let signed = second.tree().checkpoints_up(0, 500).await?;
        ensure!(signed.last().is_some_and(|last| last.size == 360), "{signed:?}");
        first.stop().await;
        house.append(360..361).await?;
        house.hands.advance_ms(LEAD_MS);
        ensure!(second.seal().await?, "the lead was not given up");
        ensure!(newest(&second).await?.0.size == 361);
        second.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_while_it_grew_the_tree_is_followed_by_one_that_goes_on()
-> Result<()> {
    on_every(async |house| {
        let lost = house.sealer().await?;
        house.append(0..300).await?;
        ensure!(lost.work_off().await?, "it does not lead");
        lost.crash().await;
        house.append(300..310).await?;
        let next = house.sealer().await?;
        ensure!(!next.work_off().await?, "the lead of the lost one holds for its time");
        house.hands.advance_ms(LEAD_MS);
        ensure!(next.seal().await?, "the lead was not taken");
        check(&house, &next, 17).await?;
        lost.stop().await;
        next.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_overtaken_writes_nothing() -> Result<()> {
    on_every(async |house| {
        let tree = house.tree().await?;
        let now = house.clock.now();
        let (one, two) = (Uuid::from_u128(1).to_string(), Uuid::from_u128(2).to_string());
        let lead = tree.lead(&one, now, now.plus_ms(LEAD_MS)).await?.context("nobody leads")?;
        ensure!(tree.lead(&two, now, now.plus_ms(LEAD_MS)).await?.is_none(), "two lead");
        let later = now.plus_ms(LEAD_MS);
        let next = tree.lead(&two, later, later.plus_ms(LEAD_MS)).await?.context("expired")?;
        ensure!(next.epoch > lead.epoch, "{lead:?} {next:?}");
        let key = TileKey { level: 0, number: 0 };
        let tiles = [Tile { key, hashes: vec![[7; 32]] }];
        let grown = Grown { from: 0, to: 1, tiles: &tiles };
        ensure!(!tree.grow(lead.epoch, &grown).await?, "an older epoch has grown the tree");
        ensure!(tree.tile(key).await?.is_none() && tree.size().await?.get() == 0);
        ensure!(tree.grow(next.epoch, &grown).await?);
        ensure!(!tree.grow(next.epoch, &grown).await?, "it was grown from the same place twice");
        tree.close().await;
        house.close().await
    })
    .await
}
