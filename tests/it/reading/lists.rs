//! Lists: every row once, in order, page by page; and how old they are.

use super::{execution, reader, workspace};
use crate::projector::house::on_every;
use crate::projector::story::{Story, write_all};
use anyhow::{Result, ensure};
use planexe_ax::domain::PlanId;
use planexe_ax::reading::{ExecutionFilter, ReadError, Wanted};
use std::collections::BTreeSet;

fn page(limit: usize, cursor: Option<String>) -> Wanted {
    Wanted { limit: Some(limit), cursor }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_execution_once_and_the_newest_first() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        write_all(&house.store, 1..30, 50).await?;
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let filter = ExecutionFilter::default();
            let found = reader.executions(&workspace(), &filter, &page(7, cursor)).await?;
            seen.extend(
                found.rows.iter().map(|it| (it.row.created_at, it.row.execution_id.clone())),
            );
            cursor = found.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        ensure!(seen.len() == 29 && seen.is_sorted_by(|one, next| one > next), "{seen:?}");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_a_look_at_every_execution_finds() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        write_all(&house.store, 30..60, 50).await?;
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        let all = page(500, None);
        let everything =
            reader.executions(&workspace(), &ExecutionFilter::default(), &all).await?.rows;
        let statuses: BTreeSet<_> = everything.iter().map(|it| it.row.status.to_string()).collect();
        ensure!(statuses.len() > 1, "{statuses:?}");
        for status in statuses {
            let plan_id = PlanId::parse(&everything[0].row.plan_id)?;
            let filter = ExecutionFilter {
                statuses: vec![status.clone()],
                plan_id: Some(plan_id),
                ..ExecutionFilter::default()
            };
            let found = reader.executions(&workspace(), &filter, &all).await?.rows;
            let mut expected = everything.clone();
            expected.retain(|it| *it.row.status == *status);
            expected.retain(|it| it.row.plan_id == everything[0].row.plan_id);
            ensure!(found == expected, "{status}");
        }
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_list_is_refused() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        write_all(&house.store, 60..64, 50).await?;
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        let filter = ExecutionFilter::default();
        let cursor = reader.executions(&workspace(), &filter, &page(1, None)).await?.next_cursor;
        let other = ExecutionFilter { search: Some("x".to_owned()), ..filter.clone() };
        let refused = reader.executions(&workspace(), &other, &page(1, cursor.clone())).await;
        ensure!(matches!(refused, Err(ReadError::Cursor(_))), "{refused:?}");
        let broken = cursor.map(|cursor| cursor.replace('5', "é"));
        let refused = reader.executions(&workspace(), &filter, &page(1, broken)).await;
        ensure!(matches!(refused, Err(ReadError::Cursor(_))), "{refused:?}");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_say_how_old_they_are_and_readers_can_wait() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        let mut story = Story::of(70);
        story.go_on(&house.store, 3).await?;
        let found = reader.execution(&workspace(), &execution(70)).await?;
        ensure!(found.rows.is_empty() && found.age.lag_ms > 0, "{:?}", found.age);
        let wanted = house.store.head().await?.position;
        let waiting = tokio::spawn(async move {
            reader.wait_for("progress", wanted).await?;
            reader.execution(&workspace(), &execution(70)).await
        });
        projector.catch_up().await?;
        let found = waiting.await??;
        ensure!(found.rows.len() == 1, "it is there");
        ensure!(found.age.lag_ms == 0 && found.age.position == wanted, "{:?}", found.age);
        house.close().await;
        Ok(())
    })
    .await
}
