//! Carries the prospecting plan out, from the first search to the last deal: with a task that fails
//! and is tried again, a blocker that a person resolves, a pause, and a report that comes too late.
//! Then tells the story from the log.
//!
//! Runs on a SQLite file of its own, or on PostgreSQL with `DATABASE_URL` set.

mod plan;
mod story;
mod world;

use anyhow::{Result, bail};
use planexe_ax::domain::event::work::TaskError;
use planexe_ax::domain::execution::{ExecutionCommand, ReportBody};
use planexe_ax::domain::{Json, Text};
use planexe_ax::engine::GrantedTask;
use world::World;

const MINUTE_MS: u64 = 60_000;

#[tokio::main]
async fn main() -> Result<()> {
    let world = World::begin().await?;
    println!("carrying the plan out on {}\n", world.database());
    let mut steps = 0;
    while let Some(task) = world.next_task().await? {
        carry_out(&world, &task).await?;
        steps += 1;
        if steps > 100 {
            bail!("the plan should be done by now");
        }
    }
    story::tell(&world).await?;
    world.end().await
}

/// What Larry does with a task. A few go wrong, each in its own way.
async fn carry_out(world: &World, task: &GrantedTask) -> Result<()> {
    world.report(task, ReportBody::Started).await?;
    world.pass(7 * MINUTE_MS);
    match (task.definition.task_id.as_str(), task.attempt) {
        ("task_1_2_1", 1) => fail(world, task).await,
        ("task_2_1_2", 1) if world.is_first_time("blocked") => block(world, task).await,
        ("task_2_3_1", 1) if world.is_first_time("paused") => pause(world, task).await,
        ("task_3_1_1", 1) if world.is_first_time("silent") => fall_silent(world, task).await,
        _ => complete(world, task).await,
    }
}

async fn complete(world: &World, task: &GrantedTask) -> Result<()> {
    let output = Json::parse(&format!(r#"{{"done":"{}"}}"#, task.definition.task_id))?;
    world.report(task, ReportBody::Completed { output: Some(output) }).await
}

/// A website does not answer: the task is tried again after a rest.
async fn fail(world: &World, task: &GrantedTask) -> Result<()> {
    let error = TaskError {
        error_type: Text::parse("timeout")?,
        message: Some(Text::parse("the website of Marie's Yorkies does not answer")?),
        is_retryable: Some(true),
        needs_person: false,
        suggestions: Vec::new(),
        status_code: Some(504),
        retry_after_ms: None,
    };
    world.report(task, ReportBody::Failed { error }).await?;
    world.pass_until_something_is_due().await
}

/// Nobody answers the phone: a person finds another number.
async fn block(world: &World, task: &GrantedTask) -> Result<()> {
    let blocked = ReportBody::Blocked {
        message: Text::parse("Carol's phone number is out of service")?,
        suggestions: vec![Text::parse("look the number up on the map listing")?],
        wait_ms: None,
    };
    world.report(task, blocked).await?;
    world.pass(95 * MINUTE_MS);
    world.resolve_with_input(r#"{"phone":"the number on the farm's map listing"}"#).await
}

/// The owner stops everything over lunch; Larry hears it, gives the task back, and waits.
async fn pause(world: &World, task: &GrantedTask) -> Result<()> {
    let reason = Some(Text::parse("lunch with Carol, wait for what she says")?);
    world.command(ExecutionCommand::Pause { reason }).await?;
    println!("Larry's heartbeat is answered: {:?}", world.heartbeat(task).await?);
    world.report(task, ReportBody::Released { checkpoint: None }).await?;
    world.pass(60 * MINUTE_MS);
    world.command(ExecutionCommand::Resume).await
}

/// Larry's laptop sleeps longer than a lease lasts; what he reports then comes too late.
async fn fall_silent(world: &World, task: &GrantedTask) -> Result<()> {
    world.pass(31 * MINUTE_MS);
    world.run_due().await?;
    println!("Larry wakes and reports: the lease is lost, his report is kept as evidence");
    complete(world, task).await
}
