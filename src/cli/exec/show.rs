//! `ax exec show`: an execution with its tasks, now or at another moment.

use super::live::Live;
use super::{find, tree};
use crate::cli::out::text::plain;
use crate::cli::out::{self, Screen};
use crate::cli::remote::{Remote, failed};
use crate::exit::Failure;
use planexe_ax_client::{Client, Execution, Page, Task, Told};
use serde_json::json;

/// Which execution, and when.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec show exec_1\n  ax exec show exec_1 --as-of 17\n  \
    ax exec show exec_1 --as-of 2026-02-11T16:09:45Z\n  ax exec show exec_1 --json")]
pub(super) struct Show {
    /// The execution
    execution_id: String,
    /// Another moment: a version, position:NUMBER, or a time
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
}

pub(super) async fn show(remote: &Remote, asked: &Show) -> Result<(), Failure> {
    let client = remote.client()?;
    let (execution, tasks) = read(&client, &asked.execution_id, asked.as_of.as_deref()).await?;
    if remote.is_json() {
        return out::json(&json!({"execution": execution.json, "tasks": tasks.json["tasks"]}));
    }
    let screen = Screen::of_output();
    out::say(&tree::whole(&screen, &live(&execution.told, &tasks.entries)).join("\n"))?;
    out::say(&beside(&execution.told))
}

/// An execution and its tasks, at a moment.
pub(in crate::cli) async fn read(
    client: &Client,
    execution_id: &str,
    as_of: Option<&str>,
) -> Result<(Told<Execution>, Page<Task>), Failure> {
    let execution = client.execution(execution_id, as_of).await;
    let execution = find::or_near(client, execution_id, execution).await?;
    let tasks = client.tasks(execution_id, as_of).await.map_err(failed)?;
    Ok((execution, tasks))
}

/// The same, as a live stream would tell it.
pub(in crate::cli) fn live(execution: &Execution, tasks: &[Task]) -> Live {
    let mut live = Live {
        execution_id: execution.execution_id.clone(),
        title: execution.title.clone(),
        status: execution.status,
        status_message: execution.status_message.clone(),
        progress: execution.progress.clone(),
        is_known: true,
        ..Live::default()
    };
    live.set_tasks(tasks);
    live
}

/// What else is known of it.
fn beside(execution: &Execution) -> String {
    let Execution { plan_id, agent_id, created_at, started_at, completed_at, .. } = execution;
    let mut lines =
        vec![format!("plan:     {plan_id}"), format!("version:  {}", execution.version)];
    lines.extend(agent_id.as_ref().map(|agent| format!("agent:    {agent}")));
    if !execution.labels.is_empty() {
        lines.push(format!("labels:   {}", execution.labels.join(", ")));
    }
    lines.push(format!("made:     {created_at}"));
    lines.extend(started_at.as_ref().map(|at| format!("started:  {at}")));
    lines.extend(completed_at.as_ref().map(|at| format!("ended:    {at}")));
    if execution.usage.cost_usd > 0.0 {
        lines.push(format!("cost:     {:.2} USD", execution.usage.cost_usd));
    }
    if !execution.allowed_commands.is_empty() {
        lines.push(format!("possible: {}", execution.allowed_commands.join(", ")));
    }
    let lines: Vec<_> = lines.iter().map(|line| plain(line)).collect();
    lines.join("\n")
}
