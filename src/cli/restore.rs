//! `ax restore`: puts a backup into a database that holds nothing; and `ax resume-after-restore`,
//! which lets work go on there.

use super::backup::{failed, shown};
use super::house;
use super::open::refusal;
use super::out;
use super::remote::{self, Remote};
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::exit::{Exit, Failure};
use crate::keeping;
use crate::store::{OpenError, StoreConfig};
use anyhow::anyhow;
use serde_json::json;
use std::path::PathBuf;

/// Who says it on the command line.
const OPERATOR: &str = "user:operator";

/// What is restored. The database is that of the settings.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax restore ./backup-monday --dry-run\n  \
    ax restore ./backup-monday --database sqlite:new/ax.db\n  \
    ax restore ./backup-monday --database postgres://ax@localhost/ax_new\n\n\
    Afterwards nothing is given out, falls due or is sent until: ax resume-after-restore")]
pub(super) struct Asked {
    /// The folder of a backup
    from: PathBuf,
    /// Checks the backup, and writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Restores a backup.
pub(super) async fn restore(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let manifest = match asked.dry_run {
        true => keeping::check(&asked.from),
        false => {
            make_folder(&config.database)?;
            let store = StoreConfig::new(config.database.url());
            keeping::restore(&store, &asked.from, &Clock::System).await
        }
    };
    let manifest = manifest.map_err(|error| failed(error, "use another backup"))?;
    if asked.json {
        let mut shown = shown(&manifest, &asked.from);
        shown["is_restored"] = (!asked.dry_run).into();
        return out::json(&shown);
    }
    let what = format!(
        "{} events of {}, taken at {}: everything in it fits",
        manifest.position, manifest.log_id, manifest.taken_at
    );
    if asked.dry_run {
        return out::say(&format!("{what}; nothing was written"));
    }
    out::say(&format!(
        "{what}\nrestored to {}, verified there; work waits until: ax resume-after-restore",
        config.database
    ))
}

fn make_folder(database: &Database) -> Result<(), Failure> {
    let Database::Sqlite(path) = database else { return Ok(()) };
    let Some(folder) = path.parent() else { return Ok(()) };
    let made = tokio::task::block_in_place(|| std::fs::create_dir_all(folder));
    made.map_err(|error| refusal(OpenError::of_file(path, error)))
}

/// Where work is to go on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax resume-after-restore\n  \
    ax resume-after-restore --server https://ax.example\n\n\
    Without a server it is said straight to the database, which on SQLite no server may have open")]
pub(super) struct Resume {
    #[command(flatten)]
    remote: Remote,
}

/// Lets work go on.
pub(super) async fn resume(config: &Config, asked: &Resume) -> Result<(), Failure> {
    const GOES_ON: &str = "work goes on: tasks are given out, deadlines count, webhooks are sent";
    let remote = &asked.remote;
    if remote.is_named()? {
        let told = remote.client()?.resume_after_restore().await.map_err(remote::failed)?;
        return remote.show(&told, |_| GOES_ON.to_owned());
    }
    let instead = "ax resume-after-restore --server http://127.0.0.1:8000";
    let store = house::open(config, instead).await?;
    let said = async {
        store.resume_restored(Clock::System.now(), OPERATOR).await?;
        store.restored().await
    };
    let said = said.await;
    store.close().await;
    let restored = said.map_err(|error| refusal(OpenError::from(error)))?.ok_or_else(|| {
        Exit::NotPossible.because(anyhow!("this database was not made from a backup"))
    })?;
    if remote.is_json() {
        let (at, by) = restored.resumed.unzip();
        let at = at.map(|at| at.to_string());
        return out::json(&json!({"is_paused": false, "resumed_at": at, "resumed_by": by}));
    }
    out::say(GOES_ON)
}
