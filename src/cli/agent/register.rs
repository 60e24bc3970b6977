//! `ax agent register`: makes an agent known. Its first key is shown this once.

use super::told;
use crate::cli::out::{self, text::plain};
use crate::cli::remote::{Remote, Terms, contexts, failed};
use crate::exit::Failure;
use planexe_ax_client::{After, Agent, AgentWish};
use std::path::PathBuf;

/// What the agent is.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    ax agent register larry --can send_email --can make_phone_call\n  \
    ax agent register mark --name Mark --kind human --role 'Business Analyst' --can interview\n  \
    ax agent register larry --can send_email --key-file larry.key")]
pub(super) struct Register {
    /// The id that it is to have
    agent_id: String,
    /// What it is called; its id, where nothing is said
    #[arg(long)]
    name: Option<String>,
    /// What it is
    #[arg(long)]
    role: Option<String>,
    /// An action that it can do; may be said more than once
    #[arg(long = "can", value_name = "ACTION", required = true)]
    actions: Vec<String>,
    /// Whether a program or a person
    #[arg(long, value_parser = ["agent", "human"], default_value = "agent")]
    kind: String,
    /// How many tasks it takes at once
    #[arg(long, value_name = "NUMBER")]
    tasks_max: Option<u32>,
    /// Writes its first key into this file, that only you can read, instead of showing it
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    terms: Terms,
}

pub(super) async fn register(remote: &Remote, asked: &Register) -> Result<(), Failure> {
    let wish = AgentWish {
        agent_id: Some(asked.agent_id.clone()),
        name: asked.name.clone().unwrap_or_else(|| asked.agent_id.clone()),
        role: asked.role.clone(),
        kind: Some(asked.kind.clone()),
        capabilities: asked.actions.clone(),
        max_concurrent_tasks: asked.tasks_max,
    };
    let client = remote.client()?;
    let mut after = client.register_agent(&wish, &asked.terms.write()).await.map_err(failed)?;
    if let (After::Stored(made), Some(path)) = (&mut after, &asked.key_file) {
        match made.told.api_key.take() {
            Some(key) => {
                contexts::keep(path, &key)?;
                made.json["api_key"] = serde_json::Value::Null;
                out::note(&format!("its key is in {}", path.display()));
            }
            None => out::note("there is no new key: it had one before, or the server wants none"),
        }
    }
    remote.show_after(&after, with_key)
}

fn with_key(agent: &Agent) -> String {
    match &agent.api_key {
        Some(key) => format!("{}\nits key, shown this once: {}", told(agent), plain(key)),
        None => told(agent),
    }
}
