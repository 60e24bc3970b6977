//! Places outside that are told of checkpoints, and what they find out.

use super::house::{config, newest, on_every};
use crate::webhooks::proxy::Proxy;
use crate::webhooks::receiver::{Act, Receiver};
use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{Checkpoint, CheckpointLine, canonical, read_line};
use planexe_ax::config::{Config, Flags};
use planexe_ax::sealer::{Anchor, AnchorError, SealerConfig, SealerError};
use std::path::Path;
use std::process::Command;

fn lines(path: &Path) -> Result<Vec<CheckpointLine>> {
    let text = std::fs::read_to_string(path)?;
    text.lines().map(|line| Ok(read_line(line.as_bytes())?)).collect()
}

fn git(folder: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output()?;
    ensure!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_repository_are_told_of_checkpoints_and_not_too_often() -> Result<()> {
    on_every(async |house| {
        let (file, repository) =
            (house.folder.path().join("kept.jsonl"), house.folder.path().join("notary"));
        std::fs::create_dir(&repository)?;
        git(&repository, &["init", "--quiet"])?;
        git(&repository, &["config", "user.name", "Notary"])?;
        git(&repository, &["config", "user.email", "notary@example.org"])?;
        let anchors = vec![Anchor::File(file.clone()), Anchor::Git(repository.clone())];
        let sealer =
            house.sealer_with(SealerConfig { anchors, ..config(house.folder.path()) }).await?;
        house.append(0..2).await?;
        sealer.seal().await?;
        house.append(2..3).await?;
        sealer.seal().await?;
        let told = sealer.state().await?.anchors;
        ensure!(told.iter().all(|it| it.size == 2 && it.failure.is_none()), "{told:?}");
        house.hands.advance_ms(300_000);
        sealer.seal().await?;
        for path in [file, repository.join("checkpoints.jsonl")] {
            let told = lines(&path)?;
            ensure!(told.iter().map(|line| line.size).eq([2, 3]), "{told:?}");
            let key = newest(&sealer).await?.1;
            Checkpoint::open(&told[1].note, &key)?;
        }
        let commits = git(&repository, &["log", "--format=%s"])?;
        ensure!(commits.lines().count() == 2 && commits.contains(" at 3\n"), "{commits}");
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_told_is_named_with_its_reason_and_told_later() -> Result<()> {
    on_every(async |house| {
        let receiver = Receiver::start(&[Act::Answer(500, "")]).await?;
        let address = format!("http://{}/log?token=secret", receiver.address);
        let environment = |name: &str| match name {
            "AX_AUDIT_ANCHOR_WEBHOOK" => Some(address.clone()),
            _ => None,
        };
        let set = Config::resolve_in(&Flags::default(), &environment)?;
        let anchors = set.audit.anchors;
        let sealer =
            house.sealer_with(SealerConfig { anchors, ..config(house.folder.path()) }).await?;
        house.append(0..2).await?;
        sealer.seal().await?;
        let told = sealer.state().await?.anchors.pop().context("no anchor")?;
        ensure!(told.size == 0 && told.failure.as_deref() == Some("it answered 500"), "{told:?}");
        ensure!(!told.name.contains("secret"), "{told:?}");
        house.hands.advance_ms(60_000);
        sealer.seal().await?;
        let told = sealer.state().await?.anchors.pop().context("no anchor")?;
        ensure!(told.size == 2 && told.failure.is_none(), "{told:?}");
        let received = receiver.received();
        let note = sealer.tree().newest_checkpoint().await?.context("nothing signed")?.note;
        ensure!(received.len() == 2 && received[1].body == note.as_bytes(), "{received:?}");
        ensure!(received[1].path == "/log?token=secret", "{received:?}");
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_on_another_machine_is_told_through_the_proxy() -> Result<()> {
    on_every(async |house| {
        let (receiver, proxy) = (Receiver::start(&[]).await?, Proxy::start().await?);
        let address = format!("http://notary.example:{}/log", receiver.address.port());
        let environment = |name: &str| match name {
            "AX_AUDIT_ANCHOR_WEBHOOK" => Some(address.clone()),
            "AX_OUTBOUND_PROXY" => Some(proxy.url()),
            _ => None,
        };
        let anchors = Config::resolve_in(&Flags::default(), &environment)?.audit.anchors;
        let sealer =
            house.sealer_with(SealerConfig { anchors, ..config(house.folder.path()) }).await?;
        house.append(0..2).await?;
        sealer.seal().await?;
        let told = sealer.state().await?.anchors.pop().context("no anchor")?;
        ensure!(told.size == 2 && told.failure.is_none(), "{told:?}");
        let place = format!("notary.example:{}", receiver.address.port());
        ensure!(proxy.asked() == [place] && receiver.received().len() == 1);
        sealer.stop().await;
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_went_backwards_is_not_signed_while_a_place_outside_knows_more() -> Result<()> {
    on_every(async |house| {
        let file = house.folder.path().join("kept.jsonl");
        let anchors = vec![Anchor::File(file.clone())];
        let told = SealerConfig { anchors, anchor_ms: 1, ..config(house.folder.path()) };
        let before = house.sealer_with(told.clone()).await?;
        house.append(0..4).await?;
        before.seal().await?;
        before.stop().await;
        let note = lines(&file)?.remove(0).note.replacen("\n4\n", "\n9\n", 1);
        let line = canonical(&CheckpointLine { size: 9, note });
        std::fs::write(&file, [line, b"\n".to_vec()].concat())?;
        house.append(4..5).await?;
        let after = house.sealer_with(told).await?;
        let refused = after.seal().await.expect_err("the log is shorter than what was told");
        let is_it =
            matches!(refused, SealerError::Anchor(AnchorError::Backwards { size: 5, known: 9 }));
        ensure!(is_it, "{refused}");
        ensure!(newest(&after).await?.0.size == 4, "it was signed");
        house.append(5..12).await?;
        let refused = after.seal().await.expect_err("the log went another way");
        ensure!(
            matches!(refused, SealerError::Anchor(AnchorError::OtherWay { size: 9 })),
            "{refused}"
        );
        after.stop().await;
        house.close().await
    })
    .await
}
