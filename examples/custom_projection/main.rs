//! A window of one's own: what it shows is in `completed.rs`, and here a projector keeps it up to
//! date and its rows are read.
//!
//! Runs on a SQLite file of its own, or on PostgreSQL with `DATABASE_URL` set.

mod completed;
#[path = "../carry_out_a_plan/plan.rs"]
mod plan;
#[path = "../watch_progress/world.rs"]
mod world;

use anyhow::Result;
use completed::{Completed, CompletedByDay, TABLE};
use planexe_ax::clock::Clock;
use planexe_ax::projections::Value;
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::store::views::{Condition, Select, Views};
use std::{sync::Arc, time::Duration};

#[tokio::main]
async fn main() -> Result<()> {
    let world = world::World::begin().await?;
    let views = Views::open(&world.config).await?;
    let (store, config) = (world.store.clone(), ProjectorConfig::default());
    let windows = vec![Arc::new(CompletedByDay) as _];
    let projector = Projector::start(store, views.clone(), windows, Clock::System, config);
    projector.catch_up().await?;
    world.start().await?;
    world.carry_out(Duration::ZERO).await?;
    projector.catch_up().await?;
    let workspace = Value::Text(world.workspace.as_str().into());
    let select = Select {
        window: "completed_by_day",
        table: &TABLE,
        conditions: vec![("workspace", Condition::Is(workspace))],
        search: None,
        order: &["workspace", "agent_id", "day"],
        is_descending: false,
        after: None,
        limit: 100,
    };
    for seen in views.read(&select).await?.rows {
        let Completed { agent_id, day, tasks, .. } = Completed::from_row(&seen.row)?;
        println!("{day}  {agent_id} completed {tasks} tasks");
    }
    projector.stop().await;
    views.close().await;
    world.end().await
}
