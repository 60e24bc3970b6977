//! What people look at: the inbox, the feed, the timeline, the sums.

use super::{execution, reader, workspace};
use crate::projector::house::{House, on_every};
use crate::projector::story::write_all;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::projections::blockers::{self, BlockerRow};
use planexe_ax::projector::Projector;
use planexe_ax::reading::{
    AsOf, FeedFilter, Grain, LogEntryFilter, MemoryFilter, PlanFilter, Scope, Wanted,
};

fn pages_of(limit: usize) -> Wanted {
    Wanted { limit: Some(limit), cursor: None }
}

async fn written(house: &House, seeds: std::ops::Range<u64>) -> Result<Projector> {
    let projector = house.projector(500);
    projector.catch_up().await?;
    write_all(&house.store, seeds, 50).await?;
    projector.catch_up().await?;
    Ok(projector)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_holds_what_stands_and_nothing_else() -> Result<()> {
    on_every(async |house| {
        let projector = written(&house, 100..140).await?;
        let reader = reader(&house, &projector);
        let rows = house.rows("blockers", &blockers::TABLES[0]).await?;
        let rows = rows.iter().map(|(row, _)| BlockerRow::from_row(row));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let (open, past): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_open);
        ensure!(!open.is_empty() && !past.is_empty(), "some stand, some are gone");
        let (mut seen, mut wanted) = (Vec::new(), pages_of(3));
        loop {
            let found = reader.open_blockers(&workspace(), &wanted).await?;
            seen.extend(found.rows.into_iter().map(|it| it.row));
            wanted.cursor = found.next_cursor;
            if wanted.cursor.is_none() {
                break;
            }
        }
        ensure!(seen.is_sorted_by_key(|row| row.raised_at), "the longest comes first");
        ensure!(seen.len() == open.len() && seen.iter().all(|row| open.contains(row)), "{seen:?}");
        let found = reader.past_blockers(&workspace(), &pages_of(500)).await?.rows;
        ensure!(found.len() == past.len(), "{} of {}", found.len(), past.len());
        ensure!(found.is_sorted_by(|one, next| one.row.resolved_at >= next.row.resolved_at));
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_a_sentence_for_each_event_the_last_first() -> Result<()> {
    on_every(async |house| {
        let projector = written(&house, 140..146).await?;
        let reader = reader(&house, &projector);
        let of_one = FeedFilter { execution_id: Some(execution(141)), ..FeedFilter::default() };
        let row = reader.execution(&workspace(), &execution(141)).await?.rows;
        let version = row.first().context("it is there")?.row.version;
        let found = reader.feed(&workspace(), &of_one, &pages_of(500)).await?.rows;
        ensure!(u64::try_from(found.len())? == version, "{} of {version}", found.len());
        ensure!(found.is_sorted_by(|one, next| one.mark.position > next.mark.position));
        ensure!(found.iter().all(|it| !it.row.sentence.is_empty()), "each says something");
        let work = FeedFilter { groups: vec!["work".to_owned()], ..of_one };
        let found = reader.feed(&workspace(), &work, &pages_of(500)).await?.rows;
        ensure!(found.iter().all(|it| &*it.row.event_group == "work"), "only work");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_tells_plan_and_forecast_now_and_then() -> Result<()> {
    on_every(async |house| {
        let projector = written(&house, 150..153).await?;
        let reader = reader(&house, &projector);
        let now = reader.timeline(&workspace(), &execution(151)).await?.context("it is there")?;
        let leaves = now.tasks.iter().filter(|task| task.is_leaf).count();
        ensure!(now.planned.len() == leaves, "{} of {leaves}", now.planned.len());
        ensure!(now.forecast.ends_at.early <= now.forecast.ends_at.late, "a band");
        let at = now.tasks[0].started_at.unwrap_or_default();
        let (space, id) = (workspace(), execution(151));
        let end = AsOf::Position(house.store.head().await?.position);
        let then = reader.timeline_then(&space, &id, end, at).await?.context("it was there")?;
        ensure!(then.tasks == now.tasks && then.planned.len() == leaves, "the same moment");
        let nothing = reader.timeline(&space, &execution(999)).await?;
        ensure!(nothing.is_none(), "there is no such execution");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_of_a_workspace_are_the_sums_of_its_days() -> Result<()> {
    on_every(async |house| {
        let projector = written(&house, 160..180).await?;
        let reader = reader(&house, &projector);
        let space = workspace();
        let always = (None, None);
        let all = pages_of(500);
        let total = reader.sums(&space, Scope::Workspace, Grain::Total, always, &all).await?;
        let total = &total.rows.rows.first().context("a row")?.row;
        ensure!(total.executions_created == 20, "{total:?}");
        for grain in [Grain::Day, Grain::Hour] {
            let parts = reader.sums(&space, Scope::Workspace, grain, always, &all).await?;
            let parts = parts.rows.rows.iter().map(|it| it.row.tasks_granted).sum::<i64>();
            ensure!(parts == total.tasks_granted, "{grain:?}: {parts}");
        }
        house.close().await;
        Ok(())
    })
    .await
}

/// Four hundred times the same words, past the product.
const MANY_ALIKE: &str = "do $$ declare names text; cells text; begin \
    select string_agg(column_name, ','), string_agg(case column_name \
        when 'context_key' then '''k'' || g' when 'context_value' then '''this stands often''' \
        else column_name end, ',') \
    into names, cells from information_schema.columns where table_name = 'view_memory_1' \
        and table_schema = current_schema() and is_generated = 'NEVER'; \
    execute format('insert into view_memory_1 (%s) select %s from (select * from view_memory_1 \
        limit 1) t, generate_series(1, 400) g', names, cells); end $$";

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_what_executions_remember() -> Result<()> {
    on_every(async |house| {
        let projector = written(&house, 180..220).await?;
        let reader = reader(&house, &projector);
        let all = reader.memory(&workspace(), &MemoryFilter::default(), &pages_of(500)).await?.rows;
        let first = &all.first().context("something is remembered")?.row;
        let search = Some(first.context_key.to_string());
        let filter = MemoryFilter { search, ..MemoryFilter::default() };
        let found = reader.memory(&workspace(), &filter, &pages_of(500)).await?.rows;
        ensure!(found.iter().any(|it| it.row.context_id == first.context_id), "{found:?}");
        let search = Some("\"nobody* wrote' this".to_owned());
        let filter = MemoryFilter { search, ..MemoryFilter::default() };
        let found = reader.memory(&workspace(), &filter, &pages_of(500)).await?.rows;
        ensure!(found.is_empty(), "{found:?}");
        if let Backend::Postgres(database) = &house.backend {
            database.execute(MANY_ALIKE).await?;
            let search = Some("stands often".to_owned());
            let filter = MemoryFilter { search, ..MemoryFilter::default() };
            let found = reader.memory(&workspace(), &filter, &pages_of(500)).await?.rows;
            ensure!(found.len() == 400, "{} of 400 that the list is walked for", found.len());
        }
        let logs = LogEntryFilter::default();
        let logs = reader.agent_logs(&workspace(), &logs, &pages_of(500)).await?.rows;
        ensure!(logs.is_sorted_by(|one, next| one.row.logged_at >= next.row.logged_at));
        let plans = reader.plans(&workspace(), &PlanFilter::default(), &pages_of(5)).await?.rows;
        let agents = reader.agents(&workspace(), None, &pages_of(5)).await?.rows;
        ensure!(plans.is_empty() && agents.is_empty(), "there are only executions");
        house.close().await;
        Ok(())
    })
    .await
}
