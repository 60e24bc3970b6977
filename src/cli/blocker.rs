//! `ax blocker`: what waits for a person, and the ways out.

use super::out::{self, Column, Paint, Screen, table, text::plain};
use super::remote::{Remote, Terms, failed, json_argument};
use crate::exit::Failure;
use clap::Subcommand;
use planexe_ax_client::{Blocker, WayOut};

const COLUMNS: [Column; 5] = [
    Column::whole("execution"),
    Column::whole("blocker"),
    Column::loose("kind"),
    Column::loose("task"),
    Column::loose("what is asked"),
];
const RESOLUTIONS: [&str; 7] = [
    "retry",
    "approve_alternative",
    "provide_input",
    "skip_task",
    "reassign",
    "fail_task",
    "cancel_execution",
];

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Blockers {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Lists what waits for a person
    List(List),
    /// Resolves a blocker, so that the work goes on
    Resolve(Resolve),
}

/// Which blockers.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  ax blocker list\n  ax blocker list --execution exec_1 --resolved"
)]
struct List {
    /// Of this execution only
    #[arg(long, value_name = "ID")]
    execution: Option<String>,
    /// Those that are resolved, instead
    #[arg(long)]
    resolved: bool,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Where the last page ended: its next_cursor
    #[arg(long)]
    cursor: Option<String>,
}

/// Which blocker, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax blocker resolve exec_1 blk_1 retry\n  \
    ax blocker resolve exec_1 blk_1 approve_alternative --option 'Call her instead'\n  \
    ax blocker resolve exec_1 blk_1 provide_input --input '{\"phone\": \"860-455-0100\"}'\n  \
    ax blocker resolve exec_1 blk_1 reassign --agent mark --dry-run")]
struct Resolve {
    /// The execution
    execution_id: String,
    /// The blocker
    blocker_id: String,
    /// The way out
    #[arg(value_parser = RESOLUTIONS)]
    resolution: String,
    /// Which of the suggestions
    #[arg(long, value_name = "TEXT")]
    option: Option<String>,
    /// What the agent is to know: JSON, @FILE, or - for what is piped in
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Who goes on
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// A note for the log
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

/// Does what is asked of the blockers.
pub(super) async fn blocker(asked: &Blockers) -> Result<(), Failure> {
    match &asked.task {
        Task::List(wish) => list(&asked.remote, wish).await,
        Task::Resolve(wish) => resolve(&asked.remote, wish).await,
    }
}

async fn list(remote: &Remote, asked: &List) -> Result<(), Failure> {
    let client = remote.client()?;
    let (limit, cursor) = (Some(asked.limit), asked.cursor.as_deref());
    let mut page = match &asked.execution {
        Some(id) => client.blockers(id, limit, cursor).await,
        None => {
            let status = if asked.resolved { "resolved" } else { "open" };
            client.inbox(Some(status), limit, cursor).await
        }
    }
    .map_err(failed)?;
    page.entries.retain(|blocker| blocker.is_open != asked.resolved);
    if let Some(all) = page.json["blockers"].as_array_mut() {
        all.retain(|blocker| blocker["is_open"] != asked.resolved);
    }
    if remote.is_json() {
        return out::json(&page.json);
    }
    if page.entries.is_empty() {
        out::note("nothing waits for a person");
        return Ok(());
    }
    let rows: Vec<_> = page.entries.iter().map(row).collect();
    out::say(&table(&Screen::of_output(), &COLUMNS, &rows))?;
    if let Some(cursor) = page.next_cursor {
        out::note(&format!("there are more: --cursor {cursor}"));
    }
    Ok(())
}

fn row(blocker: &Blocker) -> Vec<(Paint, String)> {
    let paint = if blocker.is_open { Paint::Asking } else { Paint::Faint };
    let task = blocker.task_title.clone().or_else(|| blocker.task_id.clone());
    let told = match &blocker.resolution {
        Some(resolution) => format!("{} ({resolution})", blocker.message),
        None => blocker.message.clone(),
    };
    vec![
        (Paint::Plain, blocker.execution_id.clone()),
        (Paint::Plain, blocker.blocker_id.clone()),
        (paint, blocker.kind.clone()),
        (Paint::Plain, task.unwrap_or_default()),
        (Paint::Plain, told),
    ]
}

async fn resolve(remote: &Remote, asked: &Resolve) -> Result<(), Failure> {
    let way_out = WayOut {
        resolution: asked.resolution.clone(),
        option: asked.option.clone(),
        input: asked.input.as_deref().map(json_argument).transpose()?,
        agent_id: asked.agent.clone(),
        note: asked.note.clone(),
    };
    let client = remote.client()?;
    let (execution, blocker) = (&asked.execution_id, &asked.blocker_id);
    let after = client.resolve_blocker(execution, blocker, &way_out, &asked.terms.write()).await;
    remote.show_after(&after.map_err(failed)?, |execution| {
        format!("{} is {}", plain(&execution.execution_id), execution.status)
    })
}
