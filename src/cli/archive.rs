//! `ax archive`: writes executions that are over into folders that anybody can verify. The log
//! itself keeps every event.

use super::backup;
use super::log::{Log, opened};
use super::out;
use super::remote::Remote;
use crate::audit::{Checkpoint, Verifier, to_hex};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{ExecutionId, StreamName, Timestamp, WorkspaceId};
use crate::exit::{Exit, Failure};
use crate::keeping::{ArchiveManifest, ArchiveWriter, KeepingError, verify_archive};
use crate::store::{LogFilter, RecordedEvent};
use anyhow::anyhow;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The events after which an execution is over.
const ENDS: [&str; 3] = ["execution_cancelled", "execution_completed", "execution_failed"];
/// How many events are read at once.
const PAGE_EVENTS: usize = 500;
const DAY_MS: u64 = 86_400_000;

/// What is archived, and where to.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax archive --to ./archive --older-than 30 --dry-run\n  \
    ax archive exec_1 --to ./archive\n  \
    AX_KEY=$(cat auditor.key) ax archive --to ./archive --server https://ax.example\n\n\
    Each execution is a folder that ax audit verify verifies. The log keeps every event")]
pub(super) struct Asked {
    /// Only this execution, which must be over; all that are over for long when nothing is said
    execution: Option<String>,
    /// The folder; what lies in it from before is left as it is
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Those that are over for so many days; archive.retention_days when nothing is said
    #[arg(long, value_name = "DAYS", conflicts_with = "execution")]
    older_than: Option<u64>,
    /// Says which it would be, and writes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    remote: Remote,
}

/// An execution that is over.
struct Ended {
    workspace: WorkspaceId,
    stream: StreamName,
    /// The event that ended it.
    how: String,
}

impl Ended {
    fn of(event: RecordedEvent) -> Self {
        Self { workspace: event.workspace, stream: event.stream, how: event.kind }
    }

    fn id(&self) -> &str {
        self.stream.as_str().rsplit('/').next().unwrap_or_default()
    }

    fn folder(&self, to: &Path) -> PathBuf {
        to.join(self.workspace.as_str()).join(self.id())
    }
}

fn failed(error: KeepingError) -> Failure {
    backup::failed(error, "the archive was changed, or the log was: ax audit verify")
}

/// What became of one.
enum Became {
    Written(ArchiveManifest),
    There,
    Rehearsed,
}

/// Archives what was asked for.
pub(super) async fn archive(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let filter = wanted(config, asked)?;
    let log = Log::open(&asked.remote, config).await?;
    let done = archive_all(&log, &filter, asked).await;
    log.close().await;
    done
}

/// The events that say which executions are meant.
fn wanted(config: &Config, asked: &Asked) -> Result<LogFilter, Failure> {
    let mut filter = LogFilter { kinds: ENDS.map(str::to_owned).into(), ..LogFilter::default() };
    if let Some(id) = &asked.execution {
        let id = ExecutionId::parse(id).map_err(|error| Exit::Usage.because(error))?;
        filter.stream = Some(StreamName::execution(&id));
        return Ok(filter);
    }
    let days = asked.older_than.unwrap_or(config.retention_days);
    if days == 0 && asked.older_than.is_none() {
        let told = anyhow!("archive.retention_days is 0, never: say --older-than DAYS");
        return Err(Exit::Usage.because(told));
    }
    let ms = i64::try_from(days.saturating_mul(DAY_MS)).unwrap_or(i64::MAX);
    let before = Clock::System.now().unix_ms().saturating_sub(ms);
    filter.until = Some(Timestamp::from_unix_ms(before));
    Ok(filter)
}

async fn archive_all(log: &Log, filter: &LogFilter, asked: &Asked) -> Result<(), Failure> {
    let (mut after, mut found) = (0, 0_u64);
    loop {
        let (page, last) = log.wanted(filter, after, PAGE_EVENTS).await?;
        for event in page {
            let ended = Ended::of(event);
            let became = archive_one(log, &ended, asked).await?;
            tell(&ended, &became, asked)?;
            found += 1;
        }
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    if found > 0 {
        return Ok(());
    }
    if let Some(id) = &asked.execution {
        let told = anyhow!("{id} is not over, or is none that you may see: ax exec show {id}");
        return Err(Exit::NotPossible.because(told));
    }
    out::note("no execution is over for that long");
    Ok(())
}

async fn archive_one(log: &Log, ended: &Ended, asked: &Asked) -> Result<Became, Failure> {
    let folder = ended.folder(&asked.to);
    if folder.exists() {
        return Ok(Became::There);
    }
    if asked.dry_run {
        return Ok(Became::Rehearsed);
    }
    let above = asked.to.join(ended.workspace.as_str());
    let made = fs::create_dir_all(&above);
    made.map_err(|source| failed(KeepingError::File { path: above, deed: "made", source }))?;
    let (signed, key) = (log.newest().await?, log.key().await?);
    let checkpoint = opened(&signed, &key)?;
    let (workspace, stream) = (ended.workspace.as_str(), ended.stream.as_str());
    let mut writer = ArchiveWriter::begin(&folder, workspace, stream).map_err(failed)?;
    let of_stream = LogFilter {
        workspace: Some(ended.workspace.clone()),
        stream: Some(ended.stream.clone()),
        ..LogFilter::default()
    };
    let mut after = 0;
    loop {
        let (page, last) = log.wanted(&of_stream, after, PAGE_EVENTS).await?;
        for event in &page {
            let position = event.position.get();
            if position > checkpoint.size {
                let told = anyhow!("{stream} ended a moment ago and is not signed yet: try again");
                return Err(Exit::NotPossible.because(told));
            }
            let path = log.inclusion(position, checkpoint.size).await?;
            writer.add(event, &path).map_err(failed)?;
        }
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    writer.end(checkpoint.size, &signed.note, &key).map(Became::Written).map_err(failed)
}

/// Verifies the archive in a folder, and says what was found.
pub(super) fn verify(
    folder: &Path,
    key: Option<&Verifier>,
    known: &[Checkpoint],
    is_json: bool,
) -> Result<(), Failure> {
    let (manifest, checkpoint) = verify_archive(folder, key).map_err(failed)?;
    if known.iter().any(|it| it.size == checkpoint.size && *it != checkpoint) {
        let size = checkpoint.size;
        let told = anyhow!("the checkpoint at {size} is not the one that you kept");
        return Err(Exit::Tampered.because(told));
    }
    let ArchiveManifest { workspace, stream, events, .. } = &manifest;
    let Checkpoint { origin, size, root } = &checkpoint;
    let root = to_hex(root);
    if is_json {
        return out::json(&json!({
            "verified": true,
            "workspace": workspace,
            "stream": stream,
            "events": events,
            "origin": origin,
            "size": size,
            "root": root,
            "key_was_given": key.is_some(),
        }));
    }
    let trust = match key {
        Some(_) => "the key that you gave",
        None => "the key in the archive: compare it with one that you have from elsewhere (--key)",
    };
    out::say(&format!(
        "verified: {events} events of {workspace}, {stream}, as they were signed at {size} events \
         of {origin}\nroot:     {root}\nkey:      {trust}"
    ))
}

fn tell(ended: &Ended, became: &Became, asked: &Asked) -> Result<(), Failure> {
    let folder = ended.folder(&asked.to);
    let (state, events) = match became {
        Became::Written(manifest) => ("archived", Some(manifest.events)),
        Became::There => ("there already", None),
        Became::Rehearsed => ("would be archived", None),
    };
    if asked.remote.wants_json() {
        return out::json(&json!({
            "workspace": ended.workspace,
            "execution_id": ended.id(),
            "ended_by": ended.how,
            "folder": folder.display().to_string(),
            "state": state.replace(' ', "_"),
            "events": events,
        }));
    }
    let events = events.map(|events| format!(", {events} events, verified")).unwrap_or_default();
    out::say(&format!("{} {state}: {}{events}", ended.id(), folder.display()))
}
