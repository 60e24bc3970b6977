//! Executions as they were, and what changed between two moments.

use super::{execution, reader, workspace};
use crate::projector::house::on_every;
use crate::projector::story::{Story, write_all};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::TaskId;
use planexe_ax::projections::windows;
use planexe_ax::reading::{AsOf, Change, EventFilter, Wanted};
use planexe_ax::store::Version;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_then_is_shown_again() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        let mut story = Story::of(3);
        let mut shown = Vec::new();
        while !story.is_over() {
            story.go_on(&house.store, 4).await?;
            projector.catch_up().await?;
            let found = reader.execution(&workspace(), &execution(3)).await?;
            let wanted = Wanted { limit: Some(500), cursor: None };
            let tasks = reader.tasks(&workspace(), &execution(3), &wanted).await?;
            let row = found.rows.into_iter().next().context("it is there")?.row;
            let tasks: Vec<_> = tasks.rows.into_iter().map(|it| it.row).collect();
            shown.push((found.age.position, row, tasks));
        }
        for (position, row, tasks) in shown {
            for as_of in [AsOf::Position(position), AsOf::Version(row.version.into())] {
                let then = reader.execution_then(&workspace(), &execution(3), as_of).await?;
                ensure!(then == Some((row.clone(), tasks.clone())), "at {position}");
            }
        }
        let before = AsOf::Version(Version::ZERO);
        let nothing = reader.execution_then(&workspace(), &execution(3), before).await?;
        ensure!(nothing.is_none(), "nothing was there before the first event");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_names_what_changed_and_nothing_else() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        write_all(&house.store, 5..6, 50).await?;
        let last = house.store.head().await?.position;
        let windows = windows();
        let (space, id) = (workspace(), execution(5));
        let at = async |version: u64| {
            let as_of = AsOf::Version(version.into());
            reader.then(&space, &id, as_of, &windows).await?.context("it was there")
        };
        let end = at(last.get()).await?;
        for window in &windows {
            ensure!(end.diff(&end, window.as_ref()).is_empty(), "nothing changed since");
        }
        let mut has_changed = false;
        let early = at(3).await?;
        for change in early.diff(&end, windows[0].as_ref()) {
            if let Change::Changed(cells) = change.change {
                has_changed |= cells.iter().any(|(column, ..)| *column == "version");
                ensure!(cells.iter().all(|(_, before, after)| before != after), "{cells:?}");
            }
        }
        ensure!(has_changed, "the version is another one");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_both_ways_and_filtered() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        let reader = reader(&house, &projector);
        write_all(&house.store, 7..8, 50).await?;
        let (space, id) = (workspace(), execution(7));
        let all = EventFilter::default();
        let forward = reader.events_after(&space, &id, &all, Version::ZERO, 10_000).await?.events;
        ensure!(forward.len() > 10, "a story has some events");
        let (mut backward, mut before) = (Vec::new(), Some(Version::new(u64::from(u16::MAX))));
        while let Some(at) = before {
            let page = reader.events_before(&space, &id, &all, at, 7).await?;
            ensure!(page.events.len() <= 7, "a page has seven events at most");
            backward.extend(page.events);
            before = page.next;
        }
        backward.reverse();
        ensure!(backward == forward, "the same events, the other way round");
        let task = TaskId::parse("t1")?;
        let filter = EventFilter { task_id: Some(task), ..EventFilter::default() };
        let found = reader.events_after(&space, &id, &filter, Version::ZERO, 10_000).await?.events;
        ensure!(found.len() < forward.len(), "some are about other things");
        house.close().await;
        Ok(())
    })
    .await
}
