//! `ax agent list` and `ax agent show`: who works here.

use crate::cli::out::{self, Column, Paint, Screen, table, text::plain};
use crate::cli::remote::{Remote, failed};
use crate::exit::Failure;
use planexe_ax_client::Agent;
use serde_json::Value;

const COLUMNS: [Column; 5] = [
    Column::whole("agent"),
    Column::whole("status"),
    Column::whole("holds"),
    Column::loose("name"),
    Column::loose("can"),
];

/// How many agents.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax agent list\n  ax agent list --json")]
pub(super) struct List {
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Where the last page ended: its next_cursor
    #[arg(long)]
    cursor: Option<String>,
}

pub(super) async fn list(remote: &Remote, asked: &List) -> Result<(), Failure> {
    let client = remote.client()?;
    let page = client.agents(Some(asked.limit), asked.cursor.as_deref()).await.map_err(failed)?;
    if remote.is_json() {
        return out::json(&page.json);
    }
    if page.entries.is_empty() {
        out::note("there are none: ax agent register makes one known");
        return Ok(());
    }
    let rows: Vec<_> = page.entries.iter().map(row).collect();
    out::say(&table(&Screen::of_output(), &COLUMNS, &rows))?;
    if let Some(cursor) = page.next_cursor {
        out::note(&format!("there are more: --cursor {cursor}"));
    }
    Ok(())
}

pub(super) async fn show(remote: &Remote, agent_id: &str) -> Result<(), Failure> {
    let told = remote.client()?.agent(agent_id).await.map_err(failed)?;
    remote.show(&told, shown)
}

fn row(agent: &Agent) -> Vec<(Paint, String)> {
    vec![
        (Paint::Plain, agent.agent_id.clone()),
        (look(&agent.status), agent.status.clone()),
        (Paint::Plain, agent.leases.len().to_string()),
        (Paint::Plain, agent.name.clone()),
        (Paint::Faint, actions(agent)),
    ]
}

/// How the status of an agent looks. It is a text: a server of another version may have others.
fn look(status: &str) -> Paint {
    match status {
        "active" => Paint::Busy,
        "idle" => Paint::Good,
        "paused" | "draining" => Paint::Asking,
        "offline" => Paint::Bad,
        _ => Paint::Faint,
    }
}

/// What it can do, in words.
fn actions(agent: &Agent) -> String {
    let word = |it: &Value| it["action"].as_str().or_else(|| it.as_str()).map(str::to_owned);
    let words: Vec<_> = agent.capabilities.iter().filter_map(word).collect();
    words.join(", ")
}

fn shown(agent: &Agent) -> String {
    let screen = Screen::of_output();
    let name = format!("{} {}", plain(&agent.agent_id), plain(&agent.name));
    let status = screen.paint(look(&agent.status), &plain(&agent.status));
    let mut lines = vec![screen.paint(Paint::Strong, &name), format!("status:  {status}")];
    lines.extend(agent.role.as_ref().map(|role| format!("role:    {}", plain(role))));
    lines.push(format!("can:     {}", plain(&actions(agent))));
    lines.extend(agent.last_heartbeat.as_ref().map(|at| format!("heard:   {}", plain(at))));
    lines.extend(
        agent.leases.iter().map(|held| {
            format!("holds:   {} of {}", plain(&held.task_id), plain(&held.execution_id))
        }),
    );
    lines.extend(agent.track_record.as_ref().map(|record| {
        format!(
            "so far:  {} tasks completed, {} attempts failed, {} leases expired",
            record.tasks_completed, record.attempts_failed, record.leases_expired
        )
    }));
    lines.join("\n")
}
