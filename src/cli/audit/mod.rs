//! `ax audit`: verifies exports, proofs and databases, proves events, signs and shows checkpoints,
//! and says what changed between two moments of an execution.

mod database;
mod diff;
mod prove;
mod verify;

pub(super) use verify::verify_export;

use super::archive;
use super::log::Log;
use super::remote::Remote;
use crate::config::Config;
use crate::exit::Failure;
use crate::keeping::is_archive;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Verifies an export, an archive, a proof, or (without a path) the log in the database
    #[command(after_help = "Examples:\n  ax audit verify ./export --key key.txt\n  \
        ax audit verify proof.json --key key.txt\n  ax audit verify --database sqlite:ax.db")]
    Verify(Wish),
    /// Proves that an event is in the log as it was signed; the proof can be verified anywhere
    #[command(after_help = "Examples:\n  ax audit prove 17 > proof.json")]
    Prove {
        /// The position of the event
        position: u64,
        /// The size of the checkpoint; the newest when nothing is said
        #[arg(long, value_name = "EVENTS")]
        size: Option<u64>,
    },
    /// Prints the newest signed checkpoint, to be kept elsewhere
    #[command(after_help = "Examples:\n  ax audit checkpoint > kept.txt")]
    Checkpoint {
        /// The one over so many events
        #[arg(long, value_name = "EVENTS")]
        size: Option<u64>,
    },
    /// Prints the public key of the log
    #[command(after_help = "Examples:\n  ax audit key > key.txt")]
    Key,
    /// Says what changed in an execution between two moments, at a running server
    #[command(after_help = "Examples:\n  ax audit diff exec_1 --from version:3 --to version:9")]
    Diff {
        /// The execution
        execution_id: String,
        /// A version, position:N, or a time
        #[arg(long, value_name = "MOMENT")]
        from: String,
        /// The same; now, when nothing is said
        #[arg(long, value_name = "MOMENT")]
        to: Option<String>,
    },
}

/// What is verified, and what is known already.
#[derive(Debug, Clone, clap::Args)]
struct Wish {
    /// The folder of an export or an archive, or a proof; the database when nothing is said
    path: Option<PathBuf>,
    /// The public key that is trusted, or a file with it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint that was kept elsewhere, or a file of an anchor
    #[arg(long, value_name = "FILE")]
    known: Vec<PathBuf>,
}

/// Does what was asked.
pub(super) async fn audit(config: &Config, asked: &Audit) -> Result<(), Failure> {
    let is_json = asked.remote.wants_json();
    match &asked.task {
        Task::Verify(wish) => {
            let key = wish.key.as_deref().map(verify::key).transpose()?;
            let known = verify::known(&wish.known)?;
            match &wish.path {
                Some(path) if is_archive(path) => {
                    archive::verify(path, key.as_ref(), &known, is_json)
                }
                Some(path) if path.is_file() => prove::verify(path, key, &known, is_json),
                Some(path) => verify::verify_export(path, key.as_ref(), &known, is_json),
                None => {
                    let log = Log::open(&asked.remote, config).await?;
                    database::verify(log, key, &known, is_json).await
                }
            }
        }
        Task::Prove { position, size } => {
            let log = Log::open(&asked.remote, config).await?;
            let done = prove::prove(&log, *position, *size).await;
            log.close().await;
            done
        }
        Task::Checkpoint { size } => {
            let log = Log::open(&asked.remote, config).await?;
            let done = prove::checkpoint(&log, *size, is_json).await;
            log.close().await;
            done
        }
        Task::Key => {
            let log = Log::open(&asked.remote, config).await?;
            let done = prove::key(&log).await;
            log.close().await;
            done
        }
        Task::Diff { execution_id, from, to } => {
            diff::diff(&asked.remote, execution_id, (from, to.as_deref())).await
        }
    }
}
