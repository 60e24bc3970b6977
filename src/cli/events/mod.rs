//! `ax events`: the log as it is: listed, followed, and exported so that an auditor can keep it.

mod export;
mod list;
mod segments;

use super::log::Log;
use super::remote::Remote;
use crate::config::Config;
use crate::exit::Failure;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Events {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Lists events in the order of the log
    #[command(after_help = "Examples:\n  ax events list --after 100 --limit 20")]
    List {
        /// Only what follows this position
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        after: u64,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
    /// Follows the log: prints what is appended, until it is stopped
    #[command(after_help = "Examples:\n  ax events tail --server http://127.0.0.1:8000")]
    Tail {
        /// From here on; what is appended from now on, when nothing is said
        #[arg(long, value_name = "POSITION")]
        after: Option<u64>,
    },
    /// Writes the log, its checkpoints and its proofs into a folder, and verifies them there
    #[command(after_help = "Examples:\n  ax events export --out ./export\n  \
        AX_KEY=$(cat auditor.key) ax events export --out ./export --server https://ax.example")]
    Export {
        /// The folder; what an export that was broken off has left there is gone on from
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Writes the events as CloudEvents too
        #[arg(long)]
        cloudevents: bool,
    },
}

/// Does what was asked.
pub(super) async fn events(config: &Config, asked: &Events) -> Result<(), Failure> {
    let mut log = Log::open(&asked.remote, config).await?;
    let done = match &asked.task {
        Task::List { after, limit } => {
            list::list(&log, *after, *limit, asked.remote.wants_json()).await
        }
        Task::Tail { after } => list::tail(&log, *after, asked.remote.wants_json()).await,
        Task::Export { out, cloudevents } => {
            export::export(&mut log, out, *cloudevents, asked.remote.wants_json()).await
        }
    };
    log.close().await;
    done
}
