//! Writes an export, file by file, and verifies it when it is whole.

use super::segments::{Draft, Segments, unwritten};
use crate::audit::{
    CHECKPOINTS_FILE, Checkpoint, CheckpointLine, ConsistencyLine, EventsFormat, ExportFile,
    FORMAT, Hash, KEY_FILE, MANIFEST_FILE, Manifest, PROOFS_FILE, Verifier, Walk, canonical,
    to_hex,
};
use crate::cli::audit::verify_export;
use crate::cli::log::{Log, opened};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// How many events lie between two checkpoints that an export has, at least; the last is there in
/// any case.
const CHECKPOINT_EVENTS: u64 = 1_000;
/// How much of a file is hashed at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes the log up to its newest checkpoint into a folder, and verifies what is there then.
pub(super) async fn export(
    log: &mut Log,
    folder: &Path,
    cloudevents: bool,
    is_json: bool,
) -> Result<(), Failure> {
    let newest = log.newest().await?;
    let key = log.key().await?;
    let newest = opened(&newest, &key)?;
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, error))?;
    begin(folder, &key)?;
    let events = match cloudevents {
        true => EventsFormat::LinesAndCloudEvents,
        false => EventsFormat::Lines,
    };
    let (size, walk) = (newest.size, Walk::default());
    let mut segments = Segments { folder, events, size, walk, kept: 0 };
    segments.write(log).await?;
    if segments.walk.root() != newest.root {
        return Err(Exit::Tampered.because(anyhow!(
            "the log: position {size}: the checkpoint there was signed over other events"
        )));
    }
    if segments.kept > 0 {
        eprintln!("{} files of events were there already, and are kept", segments.kept);
    }
    write_checkpoints(log, folder, &key, size).await?;
    write_manifest(folder, &newest, events)?;
    verify_export(folder, Some(&key), &[newest], is_json)
}

/// Makes sure that what is in the folder is of this log, and that it counts as broken off.
fn begin(folder: &Path, key: &Verifier) -> Result<(), Failure> {
    let path = folder.join(KEY_FILE);
    let text = format!("{key}\n");
    match fs::read_to_string(&path) {
        Ok(found) if found == text => {}
        Ok(_) => {
            let name = folder.display();
            return Err(Exit::NotPossible.because(anyhow!(
                "{name} holds an export of another log, or by another key: choose another folder"
            )));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut file = Draft::new(path)?;
            file.line(key.to_string().as_bytes())?;
            file.end()?;
        }
        Err(error) => return Err(unwritten(&path, error)),
    }
    let manifest = folder.join(MANIFEST_FILE);
    match fs::remove_file(&manifest) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritten(&manifest, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes checkpoints up to that size, each with the proof that it goes on from the one before.
async fn write_checkpoints(
    log: &Log,
    folder: &Path,
    key: &Verifier,
    size: u64,
) -> Result<(), Failure> {
    let mut checkpoints = Draft::new(folder.join(CHECKPOINTS_FILE))?;
    let mut proofs = Draft::new(folder.join(PROOFS_FILE))?;
    let (mut after, mut last) = (0, None);
    while after < size {
        let page = log.checkpoints(after).await?;
        if page.is_empty() {
            break;
        }
        for signed in page.into_iter().filter(|signed| signed.size <= size) {
            after = signed.size;
            let since = last.unwrap_or(0);
            if signed.size < size && signed.size - since < CHECKPOINT_EVENTS && last.is_some() {
                continue;
            }
            opened(&signed, key)?;
            if let Some(from) = last {
                let path = log.consistency(from, signed.size).await?;
                proofs.line(&canonical(&ConsistencyLine::new(from, signed.size, &path)))?;
            }
            last = Some(signed.size);
            let line = CheckpointLine { size: signed.size, note: signed.note };
            checkpoints.line(&canonical(&line))?;
        }
    }
    checkpoints.end()?;
    proofs.end()
}

fn write_manifest(folder: &Path, newest: &Checkpoint, events: EventsFormat) -> Result<(), Failure> {
    let names = Manifest::names(newest.size, events).into_iter();
    let files = names.map(|name| hashed(folder, name)).collect::<Result<_, _>>()?;
    let (format, origin) = (FORMAT.to_owned(), newest.origin.clone());
    let manifest = Manifest { format, origin, size: newest.size, events, files };
    let mut file = Draft::new(folder.join(MANIFEST_FILE))?;
    let written = manifest.written();
    file.line(written.strip_suffix(b"\n").unwrap_or(&written))?;
    file.end()
}

fn hashed(folder: &Path, name: String) -> Result<ExportFile, Failure> {
    let path = folder.join(&name);
    let hash = || -> io::Result<(u64, Hash)> {
        let (mut file, mut hasher) = (File::open(&path)?, Sha256::new());
        let (mut buffer, mut bytes) = (vec![0; BUFFER_BYTES], 0);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok((bytes, hasher.finalize().into()));
            }
            hasher.update(&buffer[..read]);
            bytes += u64::try_from(read).unwrap_or(u64::MAX);
        }
    };
    let (bytes, hash) = hash().map_err(|error| unwritten(&path, error))?;
    Ok(ExportFile { name, bytes, sha256: to_hex(&hash) })
}
