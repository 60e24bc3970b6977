//! `ax exec list`: executions, the newest first.

use crate::cli::out::{self, Column, Paint, Screen, table};
use crate::cli::remote::{Remote, failed};
use crate::exit::Failure;
use planexe_ax_client::{Execution, ExecutionFilter};

const COLUMNS: [Column; 5] = [
    Column::whole("execution"),
    Column::whole("status"),
    Column::whole("done"),
    Column::loose("agent"),
    Column::loose("title"),
];

/// Which executions.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec list\n  ax exec list --status BLOCKED\n  \
    ax exec list --plan plan_1 --json")]
pub(super) struct List {
    /// Of this plan
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// In this status, such as RUNNING
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Marked with this word
    #[arg(long, value_name = "WORD")]
    label: Option<String>,
    /// With these words in the title
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Where the last page ended: its next_cursor
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) async fn list(remote: &Remote, asked: &List) -> Result<(), Failure> {
    let filter = ExecutionFilter {
        plan_id: asked.plan.clone(),
        status: asked.status.as_ref().map(|status| status.to_uppercase()),
        agent_id: asked.agent.clone(),
        label: asked.label.clone(),
        words: asked.query.clone(),
        limit: Some(asked.limit),
        cursor: asked.cursor.clone(),
    };
    let page = remote.client()?.executions(&filter).await.map_err(failed)?;
    if remote.is_json() {
        return out::json(&page.json);
    }
    if page.entries.is_empty() {
        out::note("there are none: ax exec start makes one");
        return Ok(());
    }
    let rows: Vec<_> = page.entries.iter().map(row).collect();
    out::say(&table(&Screen::of_output(), &COLUMNS, &rows))?;
    if let Some(cursor) = page.next_cursor {
        out::note(&format!("there are more: --cursor {cursor}"));
    }
    Ok(())
}

fn row(execution: &Execution) -> Vec<(Paint, String)> {
    let paint = Paint::of_execution(execution.status);
    vec![
        (Paint::Plain, execution.execution_id.clone()),
        (paint, execution.status.to_string()),
        (Paint::Plain, format!("{:>3}%", execution.progress.percent)),
        (Paint::Faint, execution.agent_id.clone().unwrap_or_default()),
        (Paint::Plain, execution.title.clone()),
    ]
}
