//! Archives: the whole stream of one execution that is over, with the proof of each event, in a
//! folder that is verified with nothing but the public key of the log.

use super::error::KeepingError;
use super::files::{self, Draft};
use super::lines::{Reading, Writing};
use super::manifest::BackupFile;
use crate::audit::{
    Checkpoint, Hash, Line, Verifier, canonical, from_hex, leaf_hash, read_line, to_hex,
    verify_inclusion, write_line,
};
use crate::store::RecordedEvent;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the manifest of an archive begins with.
pub const ARCHIVE_FORMAT: &str = "planexe-ax-archive/1";
const EVENTS_FILE: &str = "events.jsonl";
const PROOFS_FILE: &str = "proofs.jsonl";
const CHECKPOINT_FILE: &str = "checkpoint.txt";
const KEY_FILE: &str = "key.txt";
/// The files beside the manifest, in their order.
const FILES: [&str; 4] = [EVENTS_FILE, PROOFS_FILE, CHECKPOINT_FILE, KEY_FILE];

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveManifest {
    /// Which form it has.
    pub format: String,
    /// The version of the program that wrote it.
    pub program: String,
    /// The workspace.
    pub workspace: String,
    /// The stream: every event of it, from the first.
    pub stream: String,
    /// How many events there are.
    pub events: u64,
    /// The position of the last one.
    pub last_position: u64,
    /// The size of the checkpoint that they are proved to be under.
    pub size: u64,
    /// Its other files.
    pub files: Vec<BackupFile>,
}

/// The way from a leaf to the root.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofLine {
    position: u64,
    path: Vec<String>,
}

impl ProofLine {
    fn hashes(&self) -> Option<Vec<Hash>> {
        self.path.iter().map(|text| from_hex(text).ok()).collect()
    }
}

/// Whether there is an archive in a folder, rather than something else with a manifest.
pub fn is_archive(folder: &Path) -> bool {
    files::format_of(folder).is_some_and(|format| format.starts_with("planexe-ax-archive/"))
}

/// An archive that is being written.
pub struct ArchiveWriter {
    draft: Draft,
    events: Writing,
    proofs: Writing,
    manifest: ArchiveManifest,
}

impl ArchiveWriter {
    /// Begins the archive of a stream in a folder that is not there yet.
    pub fn begin(folder: &Path, workspace: &str, stream: &str) -> Result<Self, KeepingError> {
        let draft = Draft::begin(folder)?;
        let (events, proofs) = (
            Writing::begin(draft.path(), EVENTS_FILE)?,
            Writing::begin(draft.path(), PROOFS_FILE)?,
        );
        let manifest = ArchiveManifest {
            format: ARCHIVE_FORMAT.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: workspace.to_owned(),
            stream: stream.to_owned(),
            events: 0,
            last_position: 0,
            size: 0,
            files: Vec::new(),
        };
        Ok(Self { draft, events, proofs, manifest })
    }

    /// Adds the next event of the stream, with its proof.
    pub fn add(&mut self, event: &RecordedEvent, path: &[Hash]) -> Result<(), KeepingError> {
        let mut line = Vec::new();
        write_line(&event.audited(), &mut line);
        self.events.line(&mut line)?;
        let position = event.position.get();
        let path = path.iter().map(|hash| to_hex(hash)).collect();
        self.proofs.line(&mut canonical(&ProofLine { position, path }))?;
        self.manifest.events += 1;
        self.manifest.last_position = position;
        Ok(())
    }

    /// Ends it, verifies what is on the disk, and gives the folder its name.
    pub fn end(
        mut self,
        size: u64,
        note: &str,
        key: &Verifier,
    ) -> Result<ArchiveManifest, KeepingError> {
        let folder = self.draft.path();
        self.manifest.size = size;
        self.manifest.files = vec![
            self.events.end()?,
            self.proofs.end()?,
            files::write_text(folder, CHECKPOINT_FILE, note)?,
            files::write_text(folder, KEY_FILE, &key.to_string())?,
        ];
        files::write_manifest(folder, &self.manifest)?;
        let (manifest, _) = verify_archive(folder, Some(key))?;
        self.draft.settle()?;
        Ok(manifest)
    }
}

/// Verifies the archive in a folder, with a key that is trusted, or with the one that lies in it.
pub fn verify_archive(
    folder: &Path,
    trusted: Option<&Verifier>,
) -> Result<(ArchiveManifest, Checkpoint), KeepingError> {
    let manifest: ArchiveManifest = files::read_manifest(folder, ARCHIVE_FORMAT)?;
    if !manifest.files.iter().map(|file| file.name.as_str()).eq(FILES) {
        let what = "its files are not those that an archive has";
        return Err(KeepingError::wrong(files::MANIFEST_FILE, what));
    }
    let text = |at: usize| files::read_text(folder, &manifest.files[at]);
    let key = Verifier::parse(text(3)?.trim_end());
    let key = key.map_err(|bad| KeepingError::wrong(KEY_FILE, bad.to_string()))?;
    if trusted.is_some_and(|trusted| *trusted != key) {
        return Err(KeepingError::wrong(KEY_FILE, "it is not the key that you trust"));
    }
    let checkpoint = Checkpoint::open(&text(2)?, &key);
    let checkpoint =
        checkpoint.map_err(|bad| KeepingError::wrong(CHECKPOINT_FILE, bad.to_string()))?;
    if checkpoint.size != manifest.size {
        return Err(KeepingError::wrong(CHECKPOINT_FILE, "it has another size"));
    }
    verify_events(folder, &manifest, &checkpoint)?;
    Ok((manifest, checkpoint))
}

fn verify_events(
    folder: &Path,
    manifest: &ArchiveManifest,
    checkpoint: &Checkpoint,
) -> Result<(), KeepingError> {
    let mut events = Reading::begin(folder, &manifest.files[0])?;
    let mut proofs = Reading::begin(folder, &manifest.files[1])?;
    let (mut version, mut last) = (0, 0);
    loop {
        let leaf = match events.next()? {
            Some(line) => leaf_of(line, manifest, (version + 1, last)),
            None => break,
        };
        let (position, leaf) = leaf.map_err(|what| events.wrong(what))?;
        let path = match proofs.next()? {
            Some(line) => read_line::<ProofLine>(line).ok(),
            None => None,
        };
        let path = path.filter(|proof| proof.position == position).and_then(|it| it.hashes());
        let path = path.ok_or_else(|| proofs.wrong("it is not the proof of the next event"))?;
        let proved =
            verify_inclusion(&leaf, position - 1, checkpoint.size, &path, &checkpoint.root);
        proved.map_err(|bad| proofs.wrong(bad.to_string()))?;
        (version, last) = (version + 1, position);
    }
    let has_more = proofs.next()?.is_some();
    if has_more || (version, last) != (manifest.events, manifest.last_position) || version == 0 {
        return Err(KeepingError::wrong(EVENTS_FILE, "it ends elsewhere than the manifest says"));
    }
    Ok(())
}

/// The place and the leaf of the event in a line, when it is the next one of the stream.
fn leaf_of(
    line: &[u8],
    manifest: &ArchiveManifest,
    (version, after): (u64, u64),
) -> Result<(u64, Hash), String> {
    let mut again = Vec::new();
    let line = Line::read(line, &mut again).map_err(|bad| bad.to_string())?;
    let entry = line.entry().ok_or("the event is missing")?;
    let (workspace, stream) = (entry.leaf.workspace, entry.leaf.stream);
    if (workspace, stream) != (&*manifest.workspace, &*manifest.stream) {
        return Err(format!("the event is of {workspace}, {stream}"));
    }
    if entry.version != version || entry.position <= after {
        return Err(format!("version {version} must follow: an event is missing"));
    }
    let leaf = leaf_hash(&entry.leaf);
    if leaf != line.hash() {
        return Err("the event was changed: its hash does not fit what it holds".to_owned());
    }
    Ok((entry.position, leaf))
}
