//! Generations that are built from the log.

use super::house::{House, on_every};
use super::story::{Story, write_all};
use super::sums::Sums;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::projections::{Window, windows};
use planexe_ax::projector::{Projector, RebuildOptions};
use planexe_ax::store::Store;
use planexe_ax::store::views::Phase;
use planexe_ax_testkit::SqliteFile;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// All windows, and one that counts.
fn all() -> Vec<Arc<dyn Window>> {
    windows().into_iter().chain([Sums::window(1)]).collect()
}

async fn check(house: &House) -> Result<()> {
    house.check().await?;
    house.check_one(&Sums::window(1)).await
}

async fn finish(projector: &Projector) -> Result<()> {
    ensure!(projector.finish().await?, "it leads");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_over_an_old_log_are_built_from_it() -> Result<()> {
    on_every(async |house| {
        write_all(&house.store, 100..140, 5).await?;
        let projector = house.projector_of(all(), 50);
        finish(&projector).await?;
        check(&house).await?;
        let built = house.newest("progress").await?;
        ensure!(built.phase == Phase::Live && built.generation == 1, "{built:?}");
        ensure!(built.events_done == built.target.get(), "{built:?}");
        write_all(&house.store, 140..145, 5).await?;
        finish(&projector).await?;
        check(&house).await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_and_a_log_of_one_event_are_built_as_well() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(all(), 50);
        finish(&projector).await?;
        for generation in [2, 3] {
            for window in all() {
                house.operator(all()).rebuild(window.name(), &Default::default()).await?;
            }
            finish(&projector).await?;
            check(&house).await?;
            for window in all() {
                let newest = house.newest(window.name()).await?;
                let compared = newest.compared.clone().unwrap_or_default();
                ensure!(newest.phase == Phase::Live, "{newest:?}");
                ensure!(newest.generation == generation, "{newest:?}");
                ensure!(compared.starts_with("equal to generation"), "{newest:?}");
            }
            Story::of(generation).go_on(&house.store, 1).await?;
        }
        house.close().await;
        Ok(())
    })
    .await
}

/// Appends and reads go on until it is told to end.
async fn go_on(store: Store, seeds: std::ops::Range<u64>, is_over: Arc<AtomicBool>) -> Result<()> {
    let mut stories: Vec<_> = seeds.map(Story::of).collect();
    while !is_over.load(Ordering::Relaxed) && stories.iter().any(|story| !story.is_over()) {
        for story in &mut stories {
            story.go_on(&store, 2).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_while_appends_go_on_equals_what_was_always_followed() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(all(), 50);
        finish(&projector).await?;
        write_all(&house.store, 200..230, 5).await?;
        finish(&projector).await?;
        let is_over = Arc::new(AtomicBool::new(false));
        let appends = go_on(house.store.clone(), 230..250, Arc::clone(&is_over));
        let appends = tokio::spawn(appends);
        for window in all() {
            house.operator(all()).rebuild(window.name(), &Default::default()).await?;
        }
        finish(&projector).await?;
        is_over.store(true, Ordering::Relaxed);
        appends.await??;
        finish(&projector).await?;
        check(&house).await?;
        for window in all() {
            let newest = house.newest(window.name()).await?;
            let compared = newest.compared.as_deref().context("it is compared")?;
            ensure!(newest.phase == Phase::Live && newest.generation == 2, "{newest:?}");
            ensure!(compared.starts_with("equal to generation 1"), "{newest:?}");
        }
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_differs_is_not_switched_to() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector_of(all(), 50);
        finish(&projector).await?;
        write_all(&house.store, 300..310, 5).await?;
        finish(&projector).await?;
        let damage = "update view_sum_stream_1 set version = version + 1 where id = 'exec_305'";
        house.damage(damage).await?;
        house.operator(all()).rebuild("sums", &Default::default()).await?;
        finish(&projector).await?;
        let newest = house.newest("sums").await?;
        ensure!(newest.phase == Phase::CatchingUp && newest.is_refused, "{newest:?}");
        let compared = newest.compared.clone().unwrap_or_default();
        ensure!(compared.contains("sum_stream") && compared.contains("exec_305"), "{compared}");
        let refused = house.operator(all()).switch("sums", 2).await;
        ensure!(refused.is_err(), "a refused generation is not switched to by hand either");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_can_go_back_to_what_was_read_before_and_drop_the_rest() -> Result<()> {
    on_every(async |house| {
        let (projector, operator) = (house.projector_of(all(), 50), house.operator(all()));
        finish(&projector).await?;
        write_all(&house.store, 320..330, 5).await?;
        let ready = RebuildOptions { is_kept_ready: true, ..RebuildOptions::default() };
        operator.rebuild("sums", &ready).await?;
        finish(&projector).await?;
        ensure!(house.newest("sums").await?.phase == Phase::Ready, "it waits");
        operator.switch("sums", 2).await?;
        write_all(&house.store, 330..335, 5).await?;
        finish(&projector).await?;
        check(&house).await?;
        ensure!(house.newest("sums").await?.phase == Phase::Live, "it is read");
        ensure!(operator.drop("sums", 2).await.is_err(), "what is read is not dropped");

        operator.roll_back("sums").await?;
        finish(&projector).await?;
        ensure!(house.newest("sums").await?.phase == Phase::Retired, "the old one is read");
        check(&house).await?;
        operator.drop("sums", 2).await?;
        ensure!(house.newest("sums").await?.generation == 1, "it is gone");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_rests_goes_on_and_is_given_up() -> Result<()> {
    on_every(async |house| {
        let (projector, operator) = (house.projector_of(all(), 50), house.operator(all()));
        finish(&projector).await?;
        write_all(&house.store, 340..350, 5).await?;
        operator.rebuild("sums", &Default::default()).await?;
        operator.pause("sums", true).await?;
        finish(&projector).await?;
        let resting = house.newest("sums").await?;
        ensure!(resting.phase == Phase::Building && resting.events_done == 0, "{resting:?}");
        operator.pause("sums", false).await?;
        finish(&projector).await?;
        ensure!(house.newest("sums").await?.phase == Phase::Live, "it went on");
        operator.rebuild("sums", &Default::default()).await?;
        operator.cancel("sums").await?;
        finish(&projector).await?;
        ensure!(house.newest("sums").await?.phase == Phase::Cancelled, "it was given up");
        check(&house).await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_over_another_log_are_made_anew() -> Result<()> {
    let (one, other) = (SqliteFile::new()?, SqliteFile::new()?);
    let house = House::on(Backend::Sqlite(one)).await?;
    let projector = house.projector_of(all(), 50);
    finish(&projector).await?;
    write_all(&house.store, 360..370, 5).await?;
    finish(&projector).await?;
    projector.stop().await;
    let Backend::Sqlite(one) = &house.backend else { anyhow::bail!("it is a file") };
    let views = |file: &SqliteFile| file.path().with_extension("views.db");
    one.execute_at(&views(one), "pragma wal_checkpoint(truncate)").await?;
    std::fs::copy(views(one), views(&other))?;
    house.close().await;

    let house = House::on(Backend::Sqlite(other)).await?;
    write_all(&house.store, 370..375, 5).await?;
    let projector = house.projector_of(all(), 50);
    finish(&projector).await?;
    check(&house).await?;
    ensure!(house.newest("progress").await?.generation == 2, "it was made anew");
    house.close().await;
    Ok(())
}
