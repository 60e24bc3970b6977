//! An event as a line in the form of CloudEvents 1.0, for programs that read those.

use crate::hash::{leaf_hash, to_hex};
use crate::line::{Entry, as_json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The attributes that begin with `ax` are ours. Theirs are texts: an integer of a CloudEvent has
/// 32 bits.
#[derive(Debug, Serialize)]
struct Form<'a> {
    specversion: &'a str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: &'a str,
    time: String,
    axposition: String,
    axversion: String,
    axschema: String,
    axmetadata: Cow<'a, str>,
    axhash: String,
    datacontenttype: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

/// Writes an event as a CloudEvent, without the end of the line.
pub fn write_cloud_line(entry: &Entry<'_>, out: &mut Vec<u8>) {
    let leaf = &entry.leaf;
    let data = as_json(leaf.payload);
    let form = Form {
        specversion: "1.0",
        id: leaf.event_id.to_string(),
        source: format!("/planexe-ax/{}", leaf.workspace),
        kind: format!("planexe-ax.{}", leaf.kind),
        subject: leaf.stream,
        time: moment(leaf.recorded_at_ms),
        axposition: entry.position.to_string(),
        axversion: entry.version.to_string(),
        axschema: leaf.schema_version.to_string(),
        axmetadata: String::from_utf8_lossy(leaf.metadata),
        axhash: to_hex(&leaf_hash(leaf)),
        datacontenttype: "application/json",
        data,
        data_base64: data.is_none().then(|| STANDARD.encode(leaf.payload)),
    };
    serde_json::to_writer(out, &form).expect("an event is written to memory");
}

/// A moment as RFC 3339 has it; one beyond its years is at their end.
fn moment(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    let text = at.ok().and_then(|at| at.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
}
