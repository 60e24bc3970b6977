//! Old shapes become today's: one pure step for each version, applied one after the other.

use crate::EventEntry;
use crate::planted::is_planted;
use serde_json::{Map, Value};

/// One step from a shape to the next.
pub struct Upcaster {
    /// The event.
    pub kind: &'static str,
    /// The version that the step starts from; it leads to the next.
    pub from: u16,
    /// The step.
    pub step: fn(Map<String, Value>) -> Map<String, Value>,
}

/// Every step there is.
pub const UPCASTERS: &[Upcaster] = &[
    Upcaster { kind: "blocker_raised", from: 1, step: suggestion_becomes_a_list },
    Upcaster { kind: "plan_task_decomposed", from: 1, step: nothing_was_used_up },
];

/// Takes the payload of an old shape through all steps to today's.
pub fn upcast(
    entry: &EventEntry,
    schema_version: u16,
    payload: &[u8],
) -> Result<Vec<u8>, serde_json::Error> {
    let mut fields: Map<String, Value> = serde_json::from_slice(payload)?;
    for version in schema_version..entry.schema_version {
        let upcaster = UPCASTERS
            .iter()
            .find(|upcaster| upcaster.kind == entry.kind && upcaster.from == version)
            .ok_or_else(|| missing_step(entry.kind, version))?;
        fields = (upcaster.step)(fields);
    }
    serde_json::to_vec(&fields)
}

fn missing_step(kind: &str, version: u16) -> serde_json::Error {
    serde::de::Error::custom(format!("no step leads from shape {version} of {kind}"))
}

/// Shape 1 could not say what language models used up: nothing is known of it.
fn nothing_was_used_up(fields: Map<String, Value>) -> Map<String, Value> {
    fields
}

/// Shape 1 had room for one suggestion.
fn suggestion_becomes_a_list(mut fields: Map<String, Value>) -> Map<String, Value> {
    if is_planted("upcaster_forgotten") {
        return fields;
    }
    if let Some(suggestion) = fields.remove("suggestion").filter(|value| !value.is_null()) {
        fields.insert("suggestions".to_owned(), Value::Array(vec![suggestion]));
    }
    fields
}
