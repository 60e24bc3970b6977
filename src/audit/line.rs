//! An event as a line of an export: JSON with its fields in one order, so that every event has one
//! line only, and a line that is not that one was changed. The payload stands in it byte by byte.

use crate::hash::{Hash, Leaf, from_hex, leaf_hash, to_hex};
use crate::scan::scan;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::str;
use uuid::Uuid;

/// An event with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the log: 1, 2, 3 …
    pub position: u64,
    /// Its place in its stream: 1, 2, 3 …
    pub version: u64,
    /// What its leaf is made of.
    pub leaf: Leaf<'a>,
}

/// What a line holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// An event.
    Event {
        /// Its place, and what it is.
        place: Place,
        /// The workspace of its stream.
        workspace: Cow<'a, str>,
        /// The stream.
        stream: Cow<'a, str>,
        /// What happened.
        kind: Cow<'a, str>,
        /// The event itself, as it is stored.
        payload: Cow<'a, [u8]>,
        /// Who, why, and after what, as it is stored.
        metadata: Cow<'a, [u8]>,
        /// The leaf hash that the line names.
        hash: Hash,
    },
    /// The leaf of an event that the reader of the export may not see.
    Hidden {
        /// Its place in the log.
        position: u64,
        /// Its leaf hash.
        hash: Hash,
    },
}

/// The numbers of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its place in the log.
    pub position: u64,
    /// Its place in its stream.
    pub version: u64,
    /// Names the event for ever.
    pub event_id: Uuid,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// When it was decided.
    pub recorded_at_ms: i64,
}

impl Line<'_> {
    /// The place in the log that it names.
    pub fn position(&self) -> u64 {
        match self {
            Self::Event { place, .. } => place.position,
            Self::Hidden { position, .. } => *position,
        }
    }

    /// The leaf hash that it names.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Event { hash, .. } | Self::Hidden { hash, .. } => *hash,
        }
    }

    /// The event with its place; none when it is hidden.
    pub fn entry(&self) -> Option<Entry<'_>> {
        match self {
            Self::Hidden { .. } => None,
            Self::Event { place, workspace, stream, kind, payload, metadata, .. } => {
                let leaf = Leaf {
                    workspace,
                    stream,
                    event_id: place.event_id,
                    kind,
                    schema_version: place.schema_version,
                    recorded_at_ms: place.recorded_at_ms,
                    payload,
                    metadata,
                };
                Some(Entry { position: place.position, version: place.version, leaf })
            }
        }
    }
}

/// A line of an export cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the line is not as an export has it: it was changed, or cut off")]
pub struct BadLine;

/// Both forms of a line; the order of the fields is the order in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    position: u64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    workspace: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    stream: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    event_id: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at_ms: Option<i64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    payload_base64: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    metadata_base64: Option<Cow<'a, str>>,
    hash: Cow<'a, str>,
}

/// Bytes that are one JSON text in one line stand in it as they are.
pub(crate) fn as_json(bytes: &[u8]) -> Option<&RawValue> {
    let text = str::from_utf8(bytes).ok()?;
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let is_whole = raw.get().len() == text.len() && !text.contains(['\n', '\r']);
    // The word for nothing would be read as a field that is not there.
    (is_whole && text != "null").then_some(raw)
}

/// Writes an event as a line, without the end of the line.
pub fn write_line(entry: &Entry<'_>, out: &mut Vec<u8>) {
    let leaf = &entry.leaf;
    let in_base64 = |bytes: &[u8]| Cow::Owned(STANDARD.encode(bytes));
    let (payload, metadata) = (as_json(leaf.payload), as_json(leaf.metadata));
    let form = Form {
        position: entry.position,
        workspace: Some(leaf.workspace.into()),
        stream: Some(leaf.stream.into()),
        version: Some(entry.version),
        event_id: Some(leaf.event_id.to_string().into()),
        kind: Some(leaf.kind.into()),
        schema_version: Some(leaf.schema_version),
        recorded_at_ms: Some(leaf.recorded_at_ms),
        payload,
        payload_base64: payload.is_none().then(|| in_base64(leaf.payload)),
        metadata,
        metadata_base64: metadata.is_none().then(|| in_base64(leaf.metadata)),
        hash: to_hex(&leaf_hash(leaf)).into(),
    };
    serde_json::to_writer(out, &form).expect("an event is written to memory");
}

/// Writes the leaf of an event that the reader may not see.
pub(crate) fn write_hidden(position: u64, hash: &Hash, out: &mut Vec<u8>) {
    let text = format!("{{\"position\":{position},\"hash\":\"{}\"}}", to_hex(hash));
    out.extend_from_slice(text.as_bytes());
}

impl<'a> Line<'a> {
    /// Writes the leaf of an event that the reader may not see, without the end of the line.
    pub fn write_hidden(position: u64, hash: &Hash, out: &mut Vec<u8>) {
        write_hidden(position, hash, out);
    }

    /// Reads a line, without its end; `again` is room to write it once more, which must lead to
    /// the same bytes.
    pub fn read(line: &'a [u8], again: &mut Vec<u8>) -> Result<Self, BadLine> {
        if let Some(line) = scan(line) {
            return Ok(line);
        }
        let form: Form<'a> = serde_json::from_slice(line).map_err(|_| BadLine)?;
        again.clear();
        serde_json::to_writer(&mut *again, &form).map_err(|_| BadLine)?;
        if *again != line {
            return Err(BadLine);
        }
        Self::of(form)
    }

    fn of(form: Form<'a>) -> Result<Self, BadLine> {
        let hash = from_hex(&form.hash).map_err(|_| BadLine)?;
        let position = form.position;
        let Some(workspace) = form.workspace else {
            let is_bare = form.stream.is_none()
                && form.version.is_none()
                && form.event_id.is_none()
                && form.kind.is_none()
                && form.schema_version.is_none()
                && form.recorded_at_ms.is_none()
                && form.payload.is_none()
                && form.payload_base64.is_none()
                && form.metadata.is_none()
                && form.metadata_base64.is_none();
            return if is_bare { Ok(Self::Hidden { position, hash }) } else { Err(BadLine) };
        };
        let event_id = form.event_id.ok_or(BadLine)?;
        let place = Place {
            position,
            version: form.version.ok_or(BadLine)?,
            event_id: Uuid::try_parse(&event_id).map_err(|_| BadLine)?,
            schema_version: form.schema_version.ok_or(BadLine)?,
            recorded_at_ms: form.recorded_at_ms.ok_or(BadLine)?,
        };
        if place.event_id.to_string() != event_id {
            return Err(BadLine);
        }
        Ok(Self::Event {
            place,
            workspace,
            stream: form.stream.ok_or(BadLine)?,
            kind: form.kind.ok_or(BadLine)?,
            payload: bytes_of(form.payload, form.payload_base64)?,
            metadata: bytes_of(form.metadata, form.metadata_base64)?,
            hash,
        })
    }
}

/// The bytes as they are stored; written in base64 only where they could not stand there.
fn bytes_of<'a>(
    json: Option<&'a RawValue>,
    base64: Option<Cow<'a, str>>,
) -> Result<Cow<'a, [u8]>, BadLine> {
    match (json, base64) {
        (Some(json), None) => Ok(Cow::Borrowed(json.get().as_bytes())),
        (None, Some(text)) => {
            let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| BadLine)?;
            if as_json(&bytes).is_some() { Err(BadLine) } else { Ok(Cow::Owned(bytes)) }
        }
        (Some(_), Some(_)) | (None, None) => Err(BadLine),
    }
}
