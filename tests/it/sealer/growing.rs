//! The tree grows with the log, and is signed by time and by number.

use super::house::{check, config, newest, on_every, root};
use anyhow::{Result, ensure};
use planexe_ax::audit::to_hex;
use planexe_ax::sealer::{ProveError, SealerConfig, SealerKey};
use planexe_ax::store::Position;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_over_the_log_proves_every_event_and_every_smaller_tree() -> Result<()> {
    on_every(async |house| {
        let sealer = house.sealer().await?;
        ensure!(sealer.seal().await?, "it does not lead");
        ensure!(sealer.tree().newest_checkpoint().await?.is_none(), "an empty log is signed");
        for to in [1, 2, 7, 255, 256, 257, 530] {
            let from = house.store.head().await?.position.get();
            house.append(from..to).await?;
            sealer.seal().await?;
            let (checkpoint, key) = newest(&sealer).await?;
            let leaves = house.leaves().await?;
            ensure!(checkpoint.size == to && checkpoint.root == root(&leaves), "at {to}");
            ensure!(key.name() == checkpoint.origin);
        }
        check(&house, &sealer, 37).await?;
        let beyond = sealer.inclusion(Position::new(531), 530).await;
        ensure!(matches!(beyond, Err(ProveError::Within { smaller: 531, size: 530 })));
        let beyond = sealer.consistency(1, 531).await;
        ensure!(matches!(beyond, Err(ProveError::Beyond { size: 530, asked: 531 })));
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_signed_when_there_is_much_new_or_the_last_one_is_old() -> Result<()> {
    on_every(async |house| {
        let every_ten = SealerConfig { checkpoint_events: 10, ..config(house.folder.path()) };
        let sealer = house.sealer_with(every_ten).await?;
        let size = async || Ok::<_, anyhow::Error>(newest(&sealer).await?.0.size);
        house.append(0..3).await?;
        sealer.work_off().await?;
        ensure!(size().await? == 3, "the first one is signed at once");
        house.append(3..12).await?;
        sealer.work_off().await?;
        ensure!(size().await? == 3, "too early");
        house.append(12..13).await?;
        sealer.work_off().await?;
        ensure!(size().await? == 13, "ten are new");
        house.append(13..14).await?;
        sealer.work_off().await?;
        ensure!(size().await? == 13, "too early");
        house.hands.advance_ms(10_000);
        sealer.work_off().await?;
        ensure!(size().await? == 14, "the last one is old");
        house.hands.advance_ms(10_000);
        sealer.work_off().await?;
        let all = sealer.tree().checkpoints_up(0, 100).await?;
        ensure!(all.iter().map(|it| it.size).eq([3, 13, 14]), "{all:?}");
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_made_once_for_its_owner_only_and_another_one_signs_nothing() -> Result<()> {
    on_every(async |house| {
        let path = house.folder.path().join("audit.key");
        let first = house.sealer().await?;
        house.append(0..1).await?;
        first.seal().await?;
        let mode = std::fs::metadata(&path)?.permissions().mode();
        ensure!(mode & 0o777 == 0o600, "{mode:o}");
        let key = newest(&first).await?.1;
        first.stop().await;
        house.append(1..2).await?;
        let other = house.folder.path().join("other.key");
        std::fs::write(&other, to_hex(&[9; 32]))?;
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600))?;
        let other = SealerConfig { key: SealerKey::In(other), ..config(house.folder.path()) };
        let other = house.sealer_with(other).await?;
        let refused = other.seal().await.expect_err("it is another key").to_string();
        ensure!(refused.contains("AX_AUDIT_KEY_FILE"), "{refused}");
        ensure!(newest(&other).await?.0.size == 1, "it was signed");
        other.stop().await;
        let keyless = SealerConfig { key: SealerKey::Nowhere, ..config(house.folder.path()) };
        let keyless = house.sealer_with(keyless).await?;
        ensure!(keyless.seal().await?, "it does not lead");
        ensure!(keyless.tree().size().await?.get() == 2, "the tree does not grow");
        keyless.stop().await;
        let again = house.sealer().await?;
        again.seal().await?;
        ensure!(newest(&again).await?.1 == key);
        again.stop().await;
        house.close().await
    })
    .await
}
