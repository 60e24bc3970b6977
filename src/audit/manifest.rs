//! What an export consists of: a manifest, which names every file with its size and hash.

use crate::export::{canonical, read_line};
use crate::line::BadLine;
use serde::{Deserialize, Serialize};

/// What the manifest of an export begins with.
pub const FORMAT: &str = "planexe-ax-export/1";
/// The name of the manifest.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The name of the file with the public key.
pub const KEY_FILE: &str = "key.txt";
/// The name of the file with the signed checkpoints.
pub const CHECKPOINTS_FILE: &str = "checkpoints.jsonl";
/// The name of the file with the proofs that each checkpoint begins with the one before.
pub const PROOFS_FILE: &str = "proofs.jsonl";
/// How many events a file of events has; the last one has fewer.
pub const SEGMENT_EVENTS: u64 = 10_000;

/// In which forms an export has the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventsFormat {
    /// As lines that can be verified.
    Lines,
    /// The same, and beside them as CloudEvents.
    LinesAndCloudEvents,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportFile {
    /// Its name in the folder.
    pub name: String,
    /// How large it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What an export consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which form an export has.
    pub format: String,
    /// The name of the log.
    pub origin: String,
    /// How many events of the log it covers, from the first one on.
    pub size: u64,
    /// In which forms it has them.
    pub events: EventsFormat,
    /// Its other files.
    pub files: Vec<ExportFile>,
}

/// The name of the file of events that begins at a position.
pub fn segment_name(first_position: u64) -> String {
    format!("events-{first_position:012}.jsonl")
}

/// The name of the file with the same events as CloudEvents.
pub fn cloud_segment_name(first_position: u64) -> String {
    format!("cloudevents-{first_position:012}.jsonl")
}

impl Manifest {
    /// The first position of each file of events in an export of this size.
    pub fn segments(size: u64) -> impl Iterator<Item = u64> {
        (0..size.div_ceil(SEGMENT_EVENTS)).map(|number| number * SEGMENT_EVENTS + 1)
    }

    /// The names of the files that an export has beside its manifest, in their order.
    pub fn names(size: u64, events: EventsFormat) -> Vec<String> {
        let mut names: Vec<_> = [KEY_FILE, CHECKPOINTS_FILE, PROOFS_FILE].map(str::to_owned).into();
        for first in Self::segments(size) {
            names.push(segment_name(first));
            if events == EventsFormat::LinesAndCloudEvents {
                names.push(cloud_segment_name(first));
            }
        }
        names
    }

    /// The name of the file of CloudEvents that begins at a position, when there are such.
    pub fn cloud_name(&self, first_position: u64) -> Option<String> {
        (self.events == EventsFormat::LinesAndCloudEvents)
            .then(|| cloud_segment_name(first_position))
    }

    /// The bytes of the file.
    pub fn written(&self) -> Vec<u8> {
        let mut bytes = canonical(self);
        bytes.push(b'\n');
        bytes
    }

    /// Reads the bytes of the file.
    pub fn read(bytes: &[u8]) -> Result<Self, BadLine> {
        read_line(bytes.strip_suffix(b"\n").ok_or(BadLine)?)
    }
}
