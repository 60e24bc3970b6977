//! `ax exec pause|resume|cancel|reassign`: one execution, commanded.

use super::find;
use crate::cli::out::text::plain;
use crate::cli::remote::{Remote, Terms};
use crate::exit::Failure;
use planexe_ax_client::Execution;
use serde_json::{Value, json};

/// Which execution, on what terms.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Which {
    /// The execution
    execution_id: String,
    #[command(flatten)]
    terms: Terms,
}

impl Which {
    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What is about to happen to it.
    pub(super) fn sentence(&self, verb: &str, rest: &str) -> String {
        format!("this {verb} {} {rest}", plain(&self.execution_id))
    }
}

/// Moves an execution to another status.
pub(super) async fn moved(remote: &Remote, which: &Which, status: &str) -> Result<(), Failure> {
    changed(remote, which, &json!({"status": status})).await
}

/// Gives an execution to another agent.
pub(super) async fn reassign(
    remote: &Remote,
    which: &Which,
    agent_id: &str,
) -> Result<(), Failure> {
    changed(remote, which, &json!({"agent_id": agent_id})).await
}

async fn changed(remote: &Remote, which: &Which, change: &Value) -> Result<(), Failure> {
    let client = remote.client()?;
    let id = &which.execution_id;
    let after = client.change_execution(id, change, &which.terms.write()).await;
    let after = find::or_near(&client, id, after).await?;
    remote.show_after(&after, told)
}

/// What came of a command.
pub(super) fn told(execution: &Execution) -> String {
    let Execution { execution_id, status, agent_id, .. } = execution;
    let agent = agent_id.as_ref().map(|agent| format!(", by {}", plain(agent)));
    format!("{execution_id} is {status}{}", agent.unwrap_or_default())
}
