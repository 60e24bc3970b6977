//! `ax exec fork`: a new execution of what an old one had achieved.

use super::{command::told, find};
use crate::cli::remote::{Remote, Terms};
use crate::exit::Failure;
use planexe_ax_client::ForkWish;

/// What the new one is to be.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec fork exec_1\n  \
    ax exec fork exec_1 --at-version 17 --id exec_1_again --agent larry")]
pub(super) struct Fork {
    /// The old execution
    execution_id: String,
    /// What it had achieved by this version; all of it where nothing is said
    #[arg(long, value_name = "VERSION")]
    at_version: Option<u64>,
    /// The id that the new one is to have
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The one agent that is to do its tasks
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    #[command(flatten)]
    terms: Terms,
}

pub(super) async fn fork(remote: &Remote, asked: &Fork) -> Result<(), Failure> {
    let wish = ForkWish {
        at_version: asked.at_version,
        execution_id: asked.id.clone(),
        agent_id: asked.agent.clone(),
    };
    let client = remote.client()?;
    let id = &asked.execution_id;
    let after = client.fork_execution(id, &wish, &asked.terms.write()).await;
    let after = find::or_near(&client, id, after).await?;
    remote.show_after(&after, told)
}
