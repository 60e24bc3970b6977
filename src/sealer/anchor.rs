//! Places outside that are told of checkpoints: whoever changes or cuts the log and its tree cannot
//! change what was told there.

use crate::audit::{Checkpoint, CheckpointLine, canonical, read_line};
use crate::clock::Clock;
use crate::site::{Site, SiteError};
use crate::store::tree::SignedCheckpoint;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The name of the file in a git repository.
const GIT_FILE: &str = "checkpoints.jsonl";
/// How much of the end of a file with checkpoints is read: more than any line has.
const TAIL_BYTES: u64 = 64 << 10;
/// How long git may take, and how often it is looked after.
const GIT_MS_MAX: u64 = 20_000;
const GIT_LOOK_MS: u64 = 20;

/// A place outside.
#[derive(Debug, Clone)]
pub enum Anchor {
    /// A file to which a line is added.
    File(PathBuf),
    /// A server to which the signed note is sent.
    Webhook(Site),
    /// A git repository, in which a commit is made.
    Git(PathBuf),
}

/// Why a place outside could not be told, or says something else.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server is not there.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The server refused.
    #[error("it answered {0}")]
    Refused(u16),
    /// Git cannot be started.
    #[error("git cannot be started: {0}")]
    NoGit(io::Error),
    /// Git refused.
    #[error("git {0} failed: look whether a commit can be made in that folder by hand")]
    Git(&'static str),
    /// Git does not come to an end.
    #[error("git {0} took too long")]
    GitTooSlow(&'static str),
    /// The log ends before a checkpoint that was told outside.
    #[error(
        "the log went backwards: it ends at {size}, and a checkpoint at {known} was told outside; \
         nothing is signed until the whole log is restored"
    )]
    Backwards {
        /// Where it ends.
        size: u64,
        /// The size that was told.
        known: u64,
    },
    /// The log went another way.
    #[error(
        "the first {size} events are others than those that were told outside; nothing is signed \
         until the log is restored"
    )]
    OtherWay {
        /// The size that was told.
        size: u64,
    },
}

impl Anchor {
    /// What it is called, without what may be secret in an address.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Webhook(site) => format!("webhook {}", site.place()),
            Self::Git(path) => format!("git {}", path.display()),
        }
    }

    /// Tells it of a checkpoint.
    pub(super) async fn tell(&self, signed: &SignedCheckpoint) -> Result<(), AnchorError> {
        match self {
            Self::File(path) => add_line_aside(path, signed).await,
            Self::Webhook(site) => {
                let answer = site.post("text/plain; charset=utf-8", signed.note.clone()).await?;
                if (200..300).contains(&answer.status) {
                    return Ok(());
                }
                Err(AnchorError::Refused(answer.status))
            }
            Self::Git(folder) => commit(folder, signed).await,
        }
    }

    fn file(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.clone()),
            Self::Git(folder) => Some(folder.join(GIT_FILE)),
            Self::Webhook(_) => None,
        }
    }
}

/// The last checkpoint of a log in each place that can be read.
pub(super) async fn known(anchors: &[Anchor], origin: &str) -> Vec<Checkpoint> {
    let files: Vec<_> = anchors.iter().filter_map(Anchor::file).collect();
    let origin = origin.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let last = |path: &PathBuf| last_of(path, &origin);
        files.iter().filter_map(last).collect()
    });
    reading.await.expect("reading a file does not panic")
}

/// The last checkpoint of a log in a file; none where it has none that can be read.
fn last_of(path: &Path, origin: &str) -> Option<Checkpoint> {
    let mut file = File::open(path).ok()?;
    let end = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(end.saturating_sub(TAIL_BYTES))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    let line = |line: &[u8]| {
        let line: CheckpointLine = read_line(line).ok()?;
        Checkpoint::unverified(&line.note).ok()
    };
    let lines = tail.split(|byte| *byte == b'\n').rev().filter_map(line);
    lines.into_iter().find(|it| it.origin == origin)
}

async fn add_line_aside(path: &Path, signed: &SignedCheckpoint) -> Result<(), AnchorError> {
    let line = CheckpointLine { size: signed.size, note: signed.note.clone() };
    let (path, aside) = (path.to_owned(), path.to_owned());
    let adding = tokio::task::spawn_blocking(move || add_line(&aside, &canonical(&line)));
    let added = adding.await.expect("writing a file does not panic");
    added.map_err(|source| AnchorError::File { path, source })
}

fn add_line(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(&[line, b"\n"].concat())?;
    file.sync_all()
}

async fn commit(folder: &Path, signed: &SignedCheckpoint) -> Result<(), AnchorError> {
    add_line_aside(&folder.join(GIT_FILE), signed).await?;
    git(folder, "add", &["add", "--", GIT_FILE]).await?;
    let origin = Checkpoint::unverified(&signed.note).map(|it| it.origin).unwrap_or_default();
    let message = format!("Checkpoint of {origin} at {}", signed.size);
    git(folder, "commit", &["commit", "--quiet", "-m", &message, "--", GIT_FILE]).await
}

/// Runs git in a folder, without a shell and without a terminal to ask on.
async fn git(folder: &Path, what: &'static str, args: &[&str]) -> Result<(), AnchorError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args).env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(AnchorError::NoGit)?;
    let mut waited_ms = 0;
    while waited_ms < GIT_MS_MAX {
        if let Some(status) = child.try_wait().map_err(AnchorError::NoGit)? {
            return if status.success() { Ok(()) } else { Err(AnchorError::Git(what)) };
        }
        Clock::System.sleep_ms(GIT_LOOK_MS).await;
        waited_ms += GIT_LOOK_MS;
    }
    end(&mut child);
    Err(AnchorError::GitTooSlow(what))
}

fn end(child: &mut Child) {
    if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
        tracing::warn!(%error, "git took too long and could not be ended");
    }
}
