//! `ax exec why`: what stands in the way of an execution, task by task.

use super::find;
use crate::cli::out::text::plain;
use crate::cli::out::{self, Paint, Screen};
use crate::cli::remote::{Remote, failed};
use crate::exit::Failure;
use planexe_ax_client::{Client, Execution, Reasons, Task, TaskStatus};
use serde_json::{Value, json};

/// How many tasks are asked about when nobody says another number.
const TASKS: usize = 20;

/// Which execution, and which of its tasks.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec why exec_1\n  ax exec why exec_1 --limit 100")]
pub(super) struct Why {
    /// The execution
    execution_id: String,
    /// About how many tasks that wait it is asked
    #[arg(long, value_name = "NUMBER", default_value_t = TASKS)]
    limit: usize,
}

/// A task that waits, and why.
struct Waiting {
    title: String,
    status: TaskStatus,
    told: Reasons,
    json: Value,
}

pub(super) async fn why(remote: &Remote, asked: &Why) -> Result<(), Failure> {
    let client = remote.client()?;
    let id = &asked.execution_id;
    let execution = find::or_near(&client, id, client.execution(id, None).await).await?;
    let tasks = client.tasks(id, None).await.map_err(failed)?.entries;
    let waits = |task: &&Task| match task.status {
        TaskStatus::Queued | TaskStatus::Blocked | TaskStatus::Error | TaskStatus::Unknown => {
            task.is_leaf
        }
        TaskStatus::Running
        | TaskStatus::Complete
        | TaskStatus::Skipped
        | TaskStatus::Cancelled => false,
    };
    let is_over = execution.told.status.is_over();
    let waiting: Vec<&Task> = tasks.iter().filter(waits).filter(|_| !is_over).collect();
    let asked_about = waiting.iter().take(asked.limit);
    let mut reasons = Vec::new();
    for task in asked_about {
        reasons.push(reason(&client, id, task).await?);
    }
    let left_out = waiting.len() - reasons.len();
    if remote.is_json() {
        let told: Vec<_> = reasons.iter().map(|waiting| &waiting.json).collect();
        return out::json(&json!({
            "execution_id": id,
            "status": execution.json["status"],
            "status_message": execution.json["status_message"],
            "tasks": told,
            "tasks_left_out": left_out,
        }));
    }
    out::say(&sentences(&execution.told, &reasons).join("\n"))?;
    if left_out > 0 {
        out::note(&format!("{left_out} more tasks wait: --limit {}", waiting.len()));
    }
    Ok(())
}

async fn reason(client: &Client, id: &str, task: &Task) -> Result<Waiting, Failure> {
    let told = client.why(id, &task.task_id).await.map_err(failed)?;
    Ok(Waiting { title: task.title.clone(), status: task.status, told: told.told, json: told.json })
}

fn sentences(execution: &Execution, reasons: &[Waiting]) -> Vec<String> {
    let screen = Screen::of_output();
    let status = execution.status;
    let word = screen.paint(Paint::of_execution(status), status.as_str());
    let id = plain(&execution.execution_id);
    let mut lines = vec![format!("{id} is {word}: {}", plain(&execution.status_message))];
    for Waiting { title, status, told, .. } in reasons {
        let (paint, sign) = Paint::of_task(*status);
        let sign = screen.paint(paint, sign);
        lines.push(format!("{sign} {} {}", plain(&told.task_id), plain(title)));
        lines.extend(told.reasons.iter().map(|reason| format!("    {}", plain(reason))));
    }
    lines
}
