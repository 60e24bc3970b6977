//! Tells what happened, from the log alone.

use crate::world::World;
use anyhow::Result;
use planexe_ax::domain::execution::Execution;
use planexe_ax::domain::{Event, TaskId};
use planexe_ax::store::RecordedEvent;
use serde_json::Value;

/// Prints the story.
pub(crate) async fn tell(world: &World) -> Result<()> {
    println!("\nthe story, from the log:");
    let mut execution = Execution::default();
    for recorded in world.log().await? {
        let event = Event::decode(&recorded.kind, recorded.schema_version, &recorded.payload)?;
        execution.apply(&event)?;
        println!("{}", line(&recorded, &execution)?);
    }
    let progress = execution.progress();
    println!(
        "\n{}: {} of {} tasks, {} %",
        execution.phase().status(),
        progress.tasks_completed,
        progress.tasks_total,
        progress.percent
    );
    Ok(())
}

fn line(recorded: &RecordedEvent, execution: &Execution) -> Result<String> {
    let fields: Value = serde_json::from_slice(&recorded.payload)?;
    let what = recorded.kind.replace('_', " ");
    let title = fields["task_id"].as_str().and_then(|id| {
        let spot = execution.tree().find(&TaskId::parse(id).ok()?)?;
        Some(execution.tree().node(spot).definition.title.to_string())
    });
    let said = ["message", "reason", "resolution", "retry_at"]
        .iter()
        .find_map(|name| fields[name].as_str())
        .or_else(|| fields["error"]["message"].as_str());
    let clock = &recorded.recorded_at.to_string()[11..16];
    let mut line = format!("{:>4} {clock}  {what}", recorded.version);
    for more in [title.as_deref(), said].into_iter().flatten() {
        line.push_str(" · ");
        line.push_str(more);
    }
    Ok(line)
}
