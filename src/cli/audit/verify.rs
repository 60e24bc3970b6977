//! Verifies an export: no server, no database, nothing but the files and the public key.

use crate::audit::{
    Checkpoint, CheckpointLine, Inspected, Known, Verifier, Wrong, WrongKind, inspect, read_line,
    to_hex,
};
use crate::cli::out::say;
use crate::clock::Clock;
use crate::exit::{Exit, Failure};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// How large a file with a key or with checkpoints may be.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// How much is read of a file at once.
const BUFFER_BYTES: usize = 256 << 10;

/// The key in a text, or in the file that it names.
pub(super) fn key(text: &str) -> Result<Verifier, Failure> {
    let usage = |error: anyhow::Error| Exit::Usage.because(error);
    let path = Path::new(text);
    let written = if path.exists() { read(path)? } else { text.to_owned() };
    let key = Verifier::parse(written.trim());
    key.map_err(|error| usage(anyhow!(error).context(format!("{text:?} is no key, nor a file"))))
}

/// The checkpoints in files, the smallest first: each file holds one note, or lines of an anchor.
pub(super) fn known(paths: &[PathBuf]) -> Result<Vec<Checkpoint>, Failure> {
    let mut known = Vec::new();
    for path in paths {
        let text = read(path)?;
        if let Ok(checkpoint) = Checkpoint::unverified(&text) {
            known.push(checkpoint);
            continue;
        }
        for line in text.lines() {
            let read = read_line::<CheckpointLine>(line.as_bytes()).ok();
            let read = read.and_then(|line| Checkpoint::unverified(&line.note).ok());
            let wrong = || anyhow!("{} holds no checkpoints", path.display());
            known.push(read.ok_or_else(|| Exit::Usage.because(wrong()))?);
        }
    }
    known.sort_by_key(|checkpoint| checkpoint.size);
    Ok(known)
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = || format!("{} cannot be read", path.display());
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    read.with_context(unreadable).map_err(|error| Exit::Usage.because(error))?;
    Ok(text)
}

/// Verifies the export in a folder, and says what was found.
pub(in crate::cli) fn verify_export(
    folder: &Path,
    key: Option<&Verifier>,
    checkpoints: &[Checkpoint],
    is_json: bool,
) -> Result<(), Failure> {
    if !folder.is_dir() {
        let told = anyhow!("there is no export in {}", folder.display());
        return Err(Exit::Usage.because(told));
    }
    let begun = Clock::System.now();
    let open = |name: &str| {
        let file = File::open(folder.join(name))?;
        Ok(BufReader::with_capacity(BUFFER_BYTES, file))
    };
    let known = Known { key, checkpoints };
    let inspected = inspect(open, &known, told);
    if io::stderr().is_terminal() {
        eprintln!();
    }
    let inspected = inspected.map_err(failure)?;
    let took_ms = Clock::System.now().ms_since(begun).max(1);
    say(&report(&inspected, key.is_some(), took_ms, is_json))
}

/// On a terminal it is shown how far it is.
fn told(events: u64) {
    if io::stderr().is_terminal() {
        eprint!("\r{events} events");
    }
}

fn failure(wrong: Wrong) -> Failure {
    let exit = match &wrong.kind {
        WrongKind::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => Exit::Usage,
        WrongKind::Unreadable(_) => Exit::Other,
        WrongKind::Manifest
        | WrongKind::Files
        | WrongKind::Line(_)
        | WrongKind::CutOff
        | WrongKind::Longer
        | WrongKind::Damage(_)
        | WrongKind::FileHash
        | WrongKind::Key(_)
        | WrongKind::OtherKey { .. }
        | WrongKind::Note(_)
        | WrongKind::CheckpointOrder
        | WrongKind::OtherEvents { .. }
        | WrongKind::Uncovered { .. }
        | WrongKind::Proof(_)
        | WrongKind::OtherProof { .. }
        | WrongKind::OtherCloudEvent
        | WrongKind::OtherLog { .. }
        | WrongKind::Backwards { .. } => Exit::Tampered,
    };
    exit.because(anyhow!("the export does not verify: {wrong}"))
}

fn report(found: &Inspected, is_trusted: bool, took_ms: u64, is_json: bool) -> String {
    let Inspected { checkpoint, key, hidden, checkpoints, bytes } = found;
    let rate = checkpoint.size.saturating_mul(1_000) / took_ms;
    if is_json {
        return json!({
            "verified": true,
            "origin": checkpoint.origin,
            "events": checkpoint.size,
            "hidden": hidden,
            "checkpoints": checkpoints,
            "root": to_hex(&checkpoint.root),
            "key": key.to_string(),
            "key_was_given": is_trusted,
            "bytes": bytes,
            "duration_ms": took_ms,
            "events_per_second": rate,
        })
        .to_string();
    }
    let trust = match is_trusted {
        true => "the key that you gave",
        false => "the key in the export: compare it with one that you have from elsewhere (--key)",
    };
    let readable = checkpoint.size - hidden;
    format!(
        "verified: {} events of {}, {readable} of them readable, {checkpoints} checkpoints\n\
         root:     {}\nkey:      {key}\n          {trust}\nrate:     {rate} events a second",
        checkpoint.size,
        checkpoint.origin,
        to_hex(&checkpoint.root),
    )
}
