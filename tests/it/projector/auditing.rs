//! The auditor: sound windows raise no alarm, and a row that was changed, removed or made up does.

use super::house::{House, on_every};
use super::story::write_all;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::engine::Random;
use planexe_ax::projections::windows;
use planexe_ax::projector::{Auditor, AuditorConfig};

/// More than enough to come to each of a few streams.
const ROUNDS: usize = 60;

fn auditor(house: &House, seed: u64) -> Auditor {
    let around = (Clock::System, Random::from_seed(seed));
    let (store, views) = (house.store.clone(), house.views.clone());
    Auditor::new(store, views, windows(), around, AuditorConfig::default())
}

async fn alarms(auditor: &Auditor) -> Result<u64> {
    let mut alarms = 0;
    for _ in 0..ROUNDS {
        alarms += auditor.audit().await?;
    }
    Ok(alarms)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_says_raises_no_alarm() -> Result<()> {
    on_every(async |house| {
        write_all(&house.store, 900..908, 6).await?;
        let projector = house.projector(20);
        ensure!(projector.finish().await?, "it leads");
        let auditor = auditor(&house, 1);
        ensure!(alarms(&auditor).await? == 0, "{:?}", house.views.generations().await?);
        let audited = auditor.audited();
        ensure!(audited.streams > 100 && audited.rows > audited.streams, "{audited:?}");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_log_does_not_say_is_an_alarm_with_both_values() -> Result<()> {
    let damages = [
        ("progress", "update view_progress_1 set tasks_completed = 77"),
        ("task_tree", "delete from view_task_tree_1"),
        ("blockers", "update view_blocker_1 set message = 'nothing to see here'"),
    ];
    on_every(async |house| {
        write_all(&house.store, 910..916, 6).await?;
        ensure!(house.projector(20).finish().await?, "it leads");
        for (_, damage) in damages {
            house.damage(damage).await?;
        }
        let auditor = auditor(&house, 2);
        ensure!(alarms(&auditor).await? == 3, "{:?}", house.views.generations().await?);
        ensure!(alarms(&auditor).await? == 0, "an alarm is raised once");
        for (window, shown) in
            [("progress", "77"), ("task_tree", "no row"), ("blockers", "nothing")]
        {
            let alarm = house.newest(window).await?.alarm.context("no alarm")?;
            ensure!(alarm.contains(shown) && alarm.contains(" instead of "), "{window}: {alarm}");
        }
        ensure!(house.newest("agents").await?.alarm.is_none(), "the others are as they were");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_that_was_started_looks_by_itself_until_it_is_stopped() -> Result<()> {
    on_every(async |house| {
        write_all(&house.store, 920..922, 4).await?;
        ensure!(house.projector(20).finish().await?, "it leads");
        house.damage("update view_progress_1 set tasks_completed = 77").await?;
        let (store, views) = (house.store.clone(), house.views.clone());
        let around = (Clock::System, Random::from_seed(3));
        let auditor = Auditor::new(store, views, windows(), around, AuditorConfig { pause_ms: 1 });
        auditor.start();
        while auditor.audited().alarms == 0 {
            tokio::task::yield_now().await;
        }
        auditor.stop().await;
        let audited = auditor.audited();
        tokio::task::yield_now().await;
        ensure!(audited == auditor.audited(), "it looks no more");
        house.close().await;
        Ok(())
    })
    .await
}
