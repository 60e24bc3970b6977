//! `ax exec start`: has a plan carried out.

use super::command::told;
use super::watch;
use crate::cli::out;
use crate::cli::remote::{Remote, Terms, failed, json_argument};
use crate::exit::Failure;
use planexe_ax_client::{After, ExecutionWish};

/// The plan, and how it is carried out.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec start plan_1\n  \
    ax exec start plan_1 --id exec_1 --agent larry --label carol\n  \
    ax exec start plan_1 --watch\n  ax exec start plan_1 --dry-run")]
pub(super) struct Start {
    /// The plan
    plan_id: String,
    /// The id that the execution is to have
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The one agent that is to do its tasks; any that can, where nothing is said
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// A word that marks it; may be said more than once
    #[arg(long = "label", value_name = "WORD")]
    labels: Vec<String>,
    /// How much it matters
    #[arg(long, value_parser = ["low", "normal", "high", "critical"])]
    priority: Option<String>,
    /// What it is given: JSON, @FILE, or - for what is piped in
    #[arg(long, value_name = "JSON")]
    parameters: Option<String>,
    /// Rules of its own: JSON, @FILE, or - for what is piped in
    #[arg(long, value_name = "JSON")]
    policy: Option<String>,
    /// Makes it, and does not start it
    #[arg(long)]
    no_start: bool,
    /// Follows it to its end: ax exec watch
    #[arg(long, conflicts_with = "no_start", conflicts_with = "dry_run")]
    watch: bool,
    #[command(flatten)]
    terms: Terms,
}

pub(super) async fn start(remote: &Remote, asked: &Start) -> Result<(), Failure> {
    let wish = ExecutionWish {
        plan_id: asked.plan_id.clone(),
        execution_id: asked.id.clone(),
        agent_id: asked.agent.clone(),
        labels: asked.labels.clone(),
        priority: asked.priority.clone(),
        parameters: asked.parameters.as_deref().map(json_argument).transpose()?,
        policy: asked.policy.as_deref().map(json_argument).transpose()?,
        start: !asked.no_start,
    };
    let client = remote.client()?;
    let after = client.create_execution(&wish, &asked.terms.write()).await.map_err(failed)?;
    match &after {
        After::Stored(made) if asked.watch => {
            out::note(&told(&made.told));
            watch::follow(remote, &client, &made.told.execution_id, None).await
        }
        After::Stored(_) | After::Rehearsed(_) => remote.show_after(&after, told),
    }
}
