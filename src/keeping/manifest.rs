//! The manifest of a backup: what it was taken of, where the log ended, and its files with their
//! hashes. It is written last: a folder without one is no backup.

use super::error::KeepingError;
use super::files::{MANIFEST_FILE, read_manifest};
use crate::audit::{Hash, Manifest as Export, from_hex, segment_name};
use crate::domain::Timestamp;
use crate::store::Head;
use crate::store::keep::{BesideTable, newest_schema, schema_name};
use serde::{Deserialize, Serialize};
use std::path::Path;
use uuid::Uuid;

/// What the manifest of a backup begins with.
pub const FORMAT: &str = "planexe-ax-backup/1";
/// The name of the file with what was committed at once.
pub(super) const BATCHES_FILE: &str = "batches.jsonl";
/// The name of the file with the answers that are kept for keys.
pub(super) const KEYS_FILE: &str = "keys.jsonl";

/// The newest step of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its name in the folder.
    pub name: String,
    /// How many lines it has.
    pub lines: u64,
    /// How large it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What a backup is of, and what it consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which form the backup has.
    pub format: String,
    /// The version of the program that took it.
    pub program: String,
    /// When it was taken.
    pub taken_at: String,
    /// The kind of database that it was taken of.
    pub database: String,
    /// The newest step of the database's schema.
    pub schema: Schema,
    /// Names the log.
    pub log_id: Uuid,
    /// The position of the last event.
    pub position: u64,
    /// The number of the last batch.
    pub batch_no: u64,
    /// The head of the chain of hashes, in hexadecimal digits.
    pub batch_hash: String,
    /// Up to where the log was looked at for webhooks.
    pub webhooks_position: u64,
    /// The public key that checkpoints of the log are signed with; none when none was signed.
    pub verifier: Option<String>,
    /// Its other files.
    pub files: Vec<BackupFile>,
}

impl Manifest {
    /// Reads the manifest of a backup that this program can restore.
    pub fn read(folder: &Path) -> Result<Self, KeepingError> {
        let manifest: Self = read_manifest(folder, FORMAT)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), KeepingError> {
        let wrong = |what: &str| KeepingError::wrong(MANIFEST_FILE, what);
        let Schema { number, name } = &self.schema;
        let (known, known_name) = newest_schema();
        if *number > known {
            return Err(KeepingError::Newer {
                program: self.program.clone(),
                found: format!("the schema {name}"),
                known: known_name.to_owned(),
            });
        }
        if schema_name(*number) != Some(name.as_str()) {
            return Err(wrong("its schema is none of this program"));
        }
        let named = self.files.iter().map(|file| file.name.as_str());
        if !named.eq(names(self.position).iter().map(String::as_str)) {
            return Err(wrong("its files are not those that such a backup has"));
        }
        self.head().ok_or_else(|| wrong("its batch_hash is no hash"))?;
        self.taken_at().ok_or_else(|| wrong("its taken_at is no time"))?;
        Ok(())
    }

    /// Where the log ends; none when the hash is none.
    pub(super) fn head(&self) -> Option<Head> {
        let batch_hash: Hash = from_hex(&self.batch_hash).ok()?;
        let (log_id, batch_no) = (self.log_id, self.batch_no);
        Some(Head { log_id, position: self.position.into(), batch_no, batch_hash })
    }

    /// When the backup was taken; none when that is no time.
    pub fn taken_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.taken_at)
    }

    /// What is said of a file.
    pub(super) fn file(&self, name: &str) -> Result<&BackupFile, KeepingError> {
        let found = self.files.iter().find(|file| file.name == name);
        found.ok_or_else(|| KeepingError::wrong(MANIFEST_FILE, format!("it does not name {name}")))
    }

    /// How large all its files are.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// How many answers to requests with keys it holds.
    pub fn keys(&self) -> u64 {
        self.files.iter().find(|file| file.name == KEYS_FILE).map_or(0, |file| file.lines)
    }
}

/// The name of the file with the rows of a table.
pub(super) fn rows_file(table: BesideTable) -> String {
    format!("{}.jsonl", table.name())
}

/// The first position of each file of events.
pub(super) fn segments(position: u64) -> impl Iterator<Item = u64> {
    Export::segments(position)
}

/// The names of the files that a backup has beside its manifest, in their order.
fn names(position: u64) -> Vec<String> {
    let mut names: Vec<_> = segments(position).map(segment_name).collect();
    names.extend([BATCHES_FILE, KEYS_FILE].map(str::to_owned));
    names.extend(BesideTable::ALL.map(rows_file));
    names
}
