//! Looks into JSON that a language model wrote: what is of another kind than it should be counts
//! as missing.

use serde_json::{Map, Value};

/// The longest text that is kept beside the plan.
const NOTE_BYTES_MAX: usize = 4_000;
/// The most entries of a list that is kept beside the plan.
const ENTRIES_MAX: usize = 200;

/// A text of an object that says something.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A list of an object; an empty one where there is none.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts in a list of an object.
pub(super) fn texts<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    let texts = list(value, name).iter().filter_map(Value::as_str).map(str::trim);
    texts.filter(|text| !text.is_empty())
}

/// A note that is kept beside the plan.
pub(super) fn note(text: &str) -> Value {
    crate::words::cut(text, NOTE_BYTES_MAX).into()
}

/// These fields of an object, as far as they say something: texts, lists of texts, numbers.
pub(super) fn picked(value: &Value, names: &[&str]) -> Map<String, Value> {
    let kept = names.iter().filter_map(|name| Some(((*name).to_owned(), kept(value.get(*name)?)?)));
    kept.collect()
}

fn kept(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(note(text.trim())).filter(|_| !text.trim().is_empty()),
        Value::Number(_) | Value::Bool(_) => Some(value.clone()),
        Value::Array(entries) => {
            let entries: Vec<_> = entries.iter().take(ENTRIES_MAX).filter_map(kept).collect();
            (!entries.is_empty()).then_some(Value::Array(entries))
        }
        Value::Object(fields) => {
            let fields = fields.iter().take(ENTRIES_MAX);
            let fields = fields.filter_map(|(name, value)| Some((name.clone(), kept(value)?)));
            let fields: Map<_, _> = fields.collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        Value::Null => None,
    }
}

/// The objects of a list, each with these of its fields.
pub(super) fn all_picked(values: &[Value], names: &[&str]) -> Vec<Value> {
    let picked = values.iter().take(ENTRIES_MAX).map(|value| picked(value, names));
    picked.filter(|fields| !fields.is_empty()).map(Value::Object).collect()
}
