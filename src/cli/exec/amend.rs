//! `ax exec amend`: tasks that have not begun, added, changed or removed.

use super::{command::told, find};
use crate::cli::remote::{Remote, Terms, json_argument};
use crate::exit::Failure;

/// What is changed.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    ax exec amend exec_1 '{\"remove\": [\"task_1_3\"]}' --dry-run\n  \
    ax exec amend exec_1 @amendment.json --reason 'Carol asked for it in writing'\n\n\
    The form is that of POST /api/executions/{id}/amend: add, change, remove, add_dependencies,\n\
    remove_dependencies.")]
pub(super) struct Amend {
    /// The execution
    execution_id: String,
    /// The amendment: JSON, @FILE, or - for what is piped in
    amendment: String,
    #[command(flatten)]
    terms: Terms,
}

pub(super) async fn amend(remote: &Remote, asked: &Amend) -> Result<(), Failure> {
    let amendment = json_argument(&asked.amendment)?;
    let client = remote.client()?;
    let id = &asked.execution_id;
    let after = client.amend_execution(id, &amendment, &asked.terms.write()).await;
    let after = find::or_near(&client, id, after).await?;
    remote.show_after(&after, told)
}
