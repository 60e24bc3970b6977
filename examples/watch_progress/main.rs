//! Follows an execution live: two agents carry the prospecting plan out, and a subscription to the
//! feed tells how far they are, until it is done.
//!
//! Runs on a SQLite file of its own, or on PostgreSQL with `DATABASE_URL` set.

#[path = "../carry_out_a_plan/plan.rs"]
mod plan;
mod world;

use anyhow::{Context, Result};
use planexe_ax::clock::Clock;
use planexe_ax::feed::{
    Feed, FeedConfig, Filter, Frame, ProgressState, Since, Subscription, Topic,
};
use planexe_ax::projections::windows;
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::store::Position;
use planexe_ax::store::views::Views;
use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;
use world::World;

const PACE_MS: u64 = 120;
const BAR_CELLS: usize = 30;

#[tokio::main]
async fn main() -> Result<()> {
    let world = World::begin().await?;
    let views = Views::open(&world.config).await?;
    let (store, config) = (world.store.clone(), ProjectorConfig::default());
    let projector =
        Projector::start(store.clone(), views.clone(), windows(), Clock::System, config);
    projector.catch_up().await?;
    world.start().await?;
    let feed = Feed::start(store, projector.reached(), FeedConfig::new(Clock::System));
    let topic = Topic::Execution(world.workspace.clone(), world.execution_id.clone());
    let subscription = feed.subscribe(topic, Filter::default(), Since::After(Position::ZERO));
    let pace = Duration::from_millis(PACE_MS);
    tokio::try_join!(world.carry_out(pace), watch(subscription))?;
    feed.stop().await;
    projector.stop().await;
    views.close().await;
    world.end().await
}

/// Prints what the subscription says until the execution is over.
async fn watch(mut subscription: Subscription) -> Result<()> {
    loop {
        let frame = subscription.next().await.context("the feed goes on")?;
        let status = match &*frame {
            Frame::Snapshot(snapshot) => {
                let Some(execution) = &snapshot.execution else { continue };
                line(&format!("following \"{}\", {} tasks", execution.title, snapshot.tasks.len()));
                show(&execution.status, &execution.progress);
                &execution.status
            }
            Frame::ExecutionUpdate(update) => {
                show(&update.execution.status, &update.execution.progress);
                &update.execution.status
            }
            Frame::Event(event) => {
                line(&format!(
                    "{} {:>4}  {}",
                    &event.timestamp.to_string()[11..19],
                    event.position,
                    event.message
                ));
                continue;
            }
            Frame::TaskUpdate(_) | Frame::Heartbeat(_) | Frame::Lagged(_) => continue,
        };
        if matches!(&**status, "COMPLETED" | "FAILED" | "CANCELLED") {
            println!();
            return Ok(());
        }
    }
}

/// Prints a line above the bar.
fn line(text: &str) {
    let clear = if stdout().is_terminal() { "\r\u{1b}[2K" } else { "" };
    println!("{clear}{text}");
}

/// Draws the bar anew.
fn show(status: &str, progress: &ProgressState) {
    let full = BAR_CELLS * usize::from(progress.percent) / 100;
    let bar = "█".repeat(full) + &"░".repeat(BAR_CELLS - full);
    let ProgressState { tasks_completed, tasks_total, percent, current_task_title, .. } = progress;
    let now = current_task_title.as_deref().unwrap_or("–");
    let text = format!("{bar} {percent:>3} %  {status}  {tasks_completed}/{tasks_total}  {now}");
    if stdout().is_terminal() {
        print!("\r\u{1b}[2K{text}");
        drop(stdout().flush());
    } else {
        println!("{text}");
    }
}
