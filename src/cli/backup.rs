//! `ax backup`: copies the log, and what goes with it, into a folder, while a server may write.

use super::open::refusal;
use super::out;
use crate::clock::Clock;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::keeping::{self, KeepingError, Manifest};
use crate::sealer::{SealerError, SealerKey};
use crate::store::keep::TargetError;
use crate::store::{OpenError, StoreConfig, VerifyError};
use crate::webhooks::KeySource;
use anyhow::anyhow;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is copied, and where to.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax backup ./backup-monday\n  \
    ax backup /mnt/backups/ax-monday --database postgres://ax@localhost/ax\n\n\
    What must be kept beside a backup, and how it is restored: docs/BACKUP.md")]
pub(super) struct Asked {
    /// A folder that is not there yet
    to: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Takes a backup.
pub(super) async fn backup(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let store = StoreConfig::new(config.database.url());
    let taken = keeping::back_up(&store, &asked.to, Clock::System.now()).await;
    let manifest = taken.map_err(|error| failed(error, "ax audit verify says what is wrong"))?;
    for apart in kept_apart(config) {
        out::note(&format!("not in the backup, keep it apart: {apart}"));
    }
    if asked.json {
        return out::json(&shown(&manifest, &asked.to));
    }
    out::say(&format!(
        "{}: {} events, {} answers to keys, {} bytes in {} files, checked",
        asked.to.display(),
        manifest.position,
        manifest.keys(),
        manifest.bytes(),
        manifest.files.len(),
    ))
}

/// A backup, for programs.
pub(super) fn shown(manifest: &Manifest, folder: &Path) -> Value {
    json!({
        "folder": folder.display().to_string(),
        "program": manifest.program,
        "taken_at": manifest.taken_at,
        "log_id": manifest.log_id,
        "position": manifest.position,
        "batch_no": manifest.batch_no,
        "batch_hash": manifest.batch_hash,
        "keys": manifest.keys(),
        "bytes": manifest.bytes(),
    })
}

/// The secrets that the restored server needs, and that no backup holds.
fn kept_apart(config: &Config) -> Vec<String> {
    let mut apart = Vec::new();
    match &config.audit.key {
        SealerKey::In(path) | SealerKey::MadeIn(path) => {
            let path = path.display();
            apart.push(format!("{path}, which signs checkpoints: without it nothing is signed"));
        }
        SealerKey::Nowhere => {}
    }
    let without = "without it the secrets of webhooks cannot be read";
    match &config.webhooks.key {
        KeySource::MadeIn(path) => {
            apart.push(format!("{}, which seals secrets: {without}", path.display()));
        }
        KeySource::Given(_) => {
            apart.push(format!("AX_SECRET_KEY or its file, which seals secrets: {without}"));
        }
        KeySource::Nowhere => {}
    }
    apart
}

/// How the program ends when nothing was taken, restored or archived; what to do where something
/// does not fit.
pub(super) fn failed(error: KeepingError, remedy: &str) -> Failure {
    match error {
        KeepingError::Open(error) | KeepingError::Target(TargetError::Open(error)) => {
            refusal(error)
        }
        KeepingError::Store(error)
        | KeepingError::Verify(VerifyError::Store(error))
        | KeepingError::Tree(SealerError::Store(error)) => refusal(OpenError::from(error)),
        KeepingError::Target(TargetError::NotEmpty { .. })
        | KeepingError::NoLog
        | KeepingError::IsThere(_) => Exit::NotPossible.because(anyhow!(error)),
        KeepingError::NotABackup(_) => Exit::Usage.because(anyhow!(error)),
        KeepingError::Newer { .. } => Exit::DatabaseVersion.because(anyhow!(error)),
        KeepingError::Wrong { .. } => Exit::Tampered.because(anyhow!("{error}; {remedy}")),
        KeepingError::Verify(VerifyError::Damaged { .. } | VerifyError::Answer { .. })
        | KeepingError::Tree(_)
        | KeepingError::Tile(_) => Exit::Tampered.because(anyhow!(error)),
        KeepingError::File { ref source, .. } => {
            let is_full = source.kind() == std::io::ErrorKind::StorageFull;
            let exit = if is_full { Exit::DiskFull } else { Exit::Other };
            exit.because(anyhow!(error))
        }
    }
}
