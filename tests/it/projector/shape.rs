//! A window gets another shape while appends and reads go on.

use super::house::{House, on_every};
use super::story::{Story, write_all};
use super::sums::Sums;
use anyhow::{Context, Result, ensure};
use planexe_ax::projections::{Value, windows};
use planexe_ax::store::Store;
use planexe_ax::store::views::{Condition, Page, Phase, Select, Views};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn read(views: &Views, version: u16) -> Result<Page> {
    let select = Select {
        window: "sums",
        table: &Sums::tables_of(version)[1],
        conditions: vec![("workspace", Condition::Something)],
        search: None,
        order: &["workspace", "id"],
        is_descending: false,
        after: None,
        limit: 500,
    };
    views.read(&select).await.context("reads never fail")
}

/// Whether the new column is filled; in each row or in none.
fn is_new(page: &Page) -> Result<bool> {
    let rows = || page.rows.iter().map(|seen| (&seen.row[2], &seen.row[3]));
    ensure!(rows().count() > 0, "there were always rows");
    let is_doubled = |(one, two): (&Value, &Value)| match (one, two) {
        (Value::Integer(one), Value::Integer(two)) => 2 * one == *two,
        _ => false,
    };
    let is_old = rows().all(|(_, two)| *two == Value::Integer(0));
    ensure!(is_old || rows().all(is_doubled), "rows of two shapes in one answer");
    Ok(!is_old)
}

/// Reads by both shapes until it is told to end; whether the new one was seen only after the old.
async fn keep_reading(views: Views, is_over: Arc<AtomicBool>) -> Result<(u64, u64)> {
    let (mut old, mut new) = (0, 0);
    while !is_over.load(Ordering::Relaxed) || new == 0 {
        ensure!(read(&views, 1).await?.position.is_some(), "something is always read");
        if is_new(&read(&views, 2).await?)? {
            new += 1;
        } else {
            ensure!(new == 0, "the old rows came back");
            old += 1;
        }
    }
    Ok((old, new))
}

async fn keep_writing(store: Store, is_over: Arc<AtomicBool>) -> Result<()> {
    for seed in 700.. {
        let mut story = Story::of(seed);
        while !story.is_over() {
            if is_over.load(Ordering::Relaxed) {
                return Ok(());
            }
            story.go_on(&store, 3).await?;
        }
    }
    Ok(())
}

async fn change_shape(house: House) -> Result<()> {
    let version = |version| windows().into_iter().chain([Sums::window(version)]).collect();
    let before = house.projector_of(version(1), 100);
    before.finish().await?;
    write_all(&house.store, 600..620, 6).await?;
    before.finish().await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(keep_reading(house.views.clone(), Arc::clone(&is_over)));
    let writing = tokio::spawn(keep_writing(house.store.clone(), Arc::clone(&is_over)));
    before.finish().await?;
    before.stop().await;
    let after = house.projector_of(version(2), 100);
    after.finish().await?;
    is_over.store(true, Ordering::Relaxed);
    let (old, new) = reading.await??;
    writing.await??;
    ensure!(old > 0 && new > 0, "{old} reads of the old rows, {new} of the new ones");
    after.finish().await?;
    let newest = house.newest("sums").await?;
    ensure!(newest.phase == Phase::Live && newest.window_version == 2, "{newest:?}");
    let compared = newest.compared.clone().unwrap_or_default();
    ensure!(compared.contains("streams folded anew"), "{compared}");
    house.check_one(&Sums::window(2)).await?;
    house.check().await?;
    after.stop().await;

    let again = house.projector_of(version(1), 100);
    again.finish().await?;
    house.check_one(&Sums::window(1)).await?;
    let generations = house.views.generations().await?;
    let of_sums = generations.iter().filter(|it| it.name == "sums").count();
    ensure!(of_sums == 2, "the old program goes back to its own rows");
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_changes_its_shape_under_load_without_a_failed_read() -> Result<()> {
    on_every(change_shape).await
}
