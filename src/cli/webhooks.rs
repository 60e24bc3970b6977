//! `ax webhooks`: which servers are told what happens, and what came of it.

use super::out::{self, Column, Paint, Screen, table, text::plain};
use super::remote::{Consent, Remote, Terms, failed};
use crate::exit::Failure;
use clap::Subcommand;
use planexe_ax_client::{Delivery, Webhook};

const COLUMNS: [Column; 5] = [
    Column::whole("webhook"),
    Column::whole("state"),
    Column::whole("waiting"),
    Column::loose("events"),
    Column::loose("url"),
];
const DELIVERY_COLUMNS: [Column; 5] = [
    Column::whole("delivery"),
    Column::whole("state"),
    Column::whole("sent"),
    Column::loose("event"),
    Column::loose("answer"),
];

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Lists the webhooks
    #[command(after_help = "Examples:\n  ax webhooks list\n  ax webhooks list --json")]
    List,
    /// Has a server told what happens; the secret that signs the messages is shown this once
    #[command(after_help = "Examples:\n  \
        ax webhooks add https://hooks.example.com/ax --event 'execution.*' --event task.blocked")]
    Add {
        /// Where the messages go
        url: String,
        /// What it is told: a pattern; may be said more than once
        #[arg(long = "event", value_name = "PATTERN", required = true)]
        events: Vec<String>,
        /// For people
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        terms: Terms,
    },
    /// Tells a server no more; what waits for it is dropped
    #[command(after_help = "Examples:\n  ax webhooks remove wh_1 --dry-run\n  \
                            ax webhooks remove wh_1 --yes")]
    Remove {
        /// The webhook
        webhook_id: String,
        #[command(flatten)]
        consent: Consent,
        #[command(flatten)]
        terms: Terms,
    },
    /// Lists what was sent to a webhook, the newest first
    #[command(after_help = "Examples:\n  ax webhooks deliveries wh_1")]
    Deliveries {
        /// The webhook
        webhook_id: String,
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u32,
        /// Where the last page ended: its next_cursor
        #[arg(long)]
        cursor: Option<String>,
    },
}

/// Does what is asked of the webhooks.
pub(super) async fn webhooks(asked: &Webhooks) -> Result<(), Failure> {
    let remote = &asked.remote;
    let client = remote.client()?;
    match &asked.task {
        Task::List => {
            let page = client.webhooks().await.map_err(failed)?;
            let rows: Vec<_> = page.entries.iter().map(row).collect();
            listed(remote, &page.json, &COLUMNS, &rows, None)
        }
        Task::Add { url, events, description, terms } => {
            let (description, terms) = (description.as_deref(), terms.write());
            let after = client.register_webhook(url, events, description, &terms).await;
            remote.show_after(&after.map_err(failed)?, made)
        }
        Task::Remove { webhook_id, consent, terms } => {
            let id = plain(webhook_id);
            consent.to(&format!("this drops {id} with what waits for it"), terms)?;
            let after = client.remove_webhook(webhook_id, &terms.write()).await;
            remote.show_after(&after.map_err(failed)?, |_| format!("{id} is removed"))
        }
        Task::Deliveries { webhook_id, limit, cursor } => {
            let page = client.deliveries(webhook_id, Some(*limit), cursor.as_deref()).await;
            let page = page.map_err(failed)?;
            let rows: Vec<_> = page.entries.iter().map(delivery).collect();
            listed(remote, &page.json, &DELIVERY_COLUMNS, &rows, page.next_cursor)
        }
    }
}

fn listed(
    remote: &Remote,
    json: &serde_json::Value,
    columns: &[Column],
    rows: &[Vec<(Paint, String)>],
    next: Option<String>,
) -> Result<(), Failure> {
    if remote.is_json() {
        return out::json(json);
    }
    if rows.is_empty() {
        out::note("there are none");
        return Ok(());
    }
    out::say(&table(&Screen::of_output(), columns, rows))?;
    if let Some(cursor) = next {
        out::note(&format!("there are more: --cursor {cursor}"));
    }
    Ok(())
}

fn row(webhook: &Webhook) -> Vec<(Paint, String)> {
    let (paint, state) = match (webhook.enabled, webhook.failures) {
        (true, 0) if !webhook.confirmed => (Paint::Busy, "not confirmed yet".to_owned()),
        (true, 0) => (Paint::Good, "good".to_owned()),
        (true, failures) => (Paint::Asking, format!("failed {failures} times")),
        (false, _) => (Paint::Bad, "off".to_owned()),
    };
    vec![
        (Paint::Plain, webhook.webhook_id.clone()),
        (paint, state),
        (Paint::Plain, webhook.pending.to_string()),
        (Paint::Plain, webhook.events.join(", ")),
        (Paint::Plain, webhook.url.clone()),
    ]
}

fn delivery(delivery: &Delivery) -> Vec<(Paint, String)> {
    let paint = match delivery.state.as_str() {
        "delivered" => Paint::Good,
        "pending" => Paint::Busy,
        _ => Paint::Bad,
    };
    let status = delivery.last_status.map(|status| status.to_string());
    let answer: Vec<_> = status.into_iter().chain(delivery.last_failure.clone()).collect();
    vec![
        (Paint::Plain, delivery.delivery_id.clone()),
        (paint, delivery.state.clone()),
        (Paint::Plain, delivery.attempts.to_string()),
        (Paint::Plain, delivery.event_type.clone()),
        (Paint::Plain, answer.join(" ")),
    ]
}

fn made(webhook: &Webhook) -> String {
    let first = format!("{} tells {}", plain(&webhook.webhook_id), plain(&webhook.url));
    match &webhook.secret {
        Some(secret) => format!("{first}\nits secret, shown this once: {}", plain(secret)),
        None => first,
    }
}
