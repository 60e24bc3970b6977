//! `ax task`: one task of an execution: how it stands, and why it is not at work.

use super::out::{self, Paint, Screen, text::plain};
use super::remote::{Remote, failed};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use clap::Subcommand;
use planexe_ax_client::{Reasons, Task};
use serde_json::Value;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    #[command(subcommand)]
    task: Wish,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Wish {
    /// Shows a task: how it stands, who has it, what came of it
    #[command(after_help = "Examples:\n  ax task show exec_1 task_1_1\n  \
                            ax task show exec_1 task_1_1 --as-of 17")]
    Show {
        /// The execution
        execution_id: String,
        /// The task
        task_id: String,
        /// Another moment: a version, position:NUMBER, or a time
        #[arg(long, value_name = "MOMENT")]
        as_of: Option<String>,
    },
    /// Says why a task is not at work now: every reason
    #[command(after_help = "Examples:\n  ax task why exec_1 task_1_1")]
    Why {
        /// The execution
        execution_id: String,
        /// The task
        task_id: String,
    },
}

/// Does what is asked of a task.
pub(super) async fn task(asked: &Asked) -> Result<(), Failure> {
    let client = asked.remote.client()?;
    match &asked.task {
        Wish::Why { execution_id, task_id } => {
            let told = client.why(execution_id, task_id).await.map_err(failed)?;
            asked.remote.show(&told, reasons)
        }
        Wish::Show { execution_id, task_id, as_of } => {
            let page = client.tasks(execution_id, as_of.as_deref()).await.map_err(failed)?;
            let at = page.entries.iter().position(|task| task.task_id == *task_id);
            let at = at.ok_or_else(|| {
                let (id, task) = (plain(execution_id), plain(task_id));
                let told = anyhow!("{id} has no task `{task}`: ax exec show {id} names them");
                Exit::NotFound.because(told)
            })?;
            if asked.remote.is_json() {
                return out::json(&page.json["tasks"][at]);
            }
            out::say(&shown(&page.entries[at]))
        }
    }
}

fn reasons(told: &Reasons) -> String {
    if told.reasons.is_empty() {
        return format!("nothing stands in the way of {}", plain(&told.task_id));
    }
    let lines: Vec<_> = told.reasons.iter().map(|reason| plain(reason)).collect();
    lines.join("\n")
}

fn shown(task: &Task) -> String {
    let screen = Screen::of_output();
    let (paint, sign) = Paint::of_task(task.status);
    let status = screen.paint(paint, &format!("{sign} {}", task.status));
    let first = format!("{} {}", plain(&task.task_id), plain(&task.title));
    let text = |name: &str, value: Option<&str>| {
        value.filter(|value| !value.is_empty()).map(|it| format!("{name:<10}{}", plain(it)))
    };
    let json = |name: &str, value: &Value| {
        (!value.is_null()).then(|| format!("{name:<10}{}", plain(&value.to_string())))
    };
    let attempt = (task.attempt > 0).then(|| task.attempt.to_string());
    let percent = format!("{}%", task.progress_percent);
    let blockers = (task.blockers_open > 0).then(|| task.blockers_open.to_string());
    let lines = [
        Some(screen.paint(Paint::Strong, &first)),
        Some(format!("{:<10}{status}", "status:")),
        text("done:", Some(&percent)),
        text("part of:", task.parent_task_id.as_deref()),
        text("action:", task.action.as_deref()),
        text("role:", task.role.as_deref()),
        text("agent:", task.agent_id.as_deref()),
        text("attempt:", attempt.as_deref()),
        text("blockers:", blockers.as_deref()),
        text("started:", task.started_at.as_deref()),
        text("ended:", task.ended_at.as_deref()),
        json("output:", &task.output),
        json("error:", &task.last_error),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
