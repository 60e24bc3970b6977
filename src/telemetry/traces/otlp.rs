//! Spans as OTLP has them, in JSON.

use super::Span;
use serde_json::{Value, json};

/// The kind of a span that answers a request.
const SERVER: u8 = 2;
/// The kind of a span within the program.
const INTERNAL: u8 = 1;
/// The status of a span that failed.
const ERROR: u8 = 2;
const NS_PER_MS: u128 = 1_000_000;
const NS_PER_US: u128 = 1_000;

/// The names that others know our fields by.
const KNOWN_AS: [(&str, &str); 3] = [
    ("http.method", "http.request.method"),
    ("http.status", "http.response.status_code"),
    ("request.id", "http.request.header.x-request-id"),
];

/// What is posted to a collector.
pub(super) fn document(spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [text("service.name", "planexe-ax"), text("service.version", version)];
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{
            "scope": {"name": "planexe_ax", "version": version},
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }]})
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn span(span: &Span) -> Value {
    let began = u128::try_from(span.began_at.unix_ms()).unwrap_or_default() * NS_PER_MS;
    let ended = began + u128::from(span.took_us) * NS_PER_US;
    let field = |name: &str| span.fields.iter().rfind(|(own, _)| *own == name).map(|(_, it)| it);
    let route = field("http.route").and_then(Value::as_str);
    let method = field("http.method").and_then(Value::as_str);
    let (name, kind) = match (method, route) {
        (Some(method), Some(route)) => (format!("{method} {route}"), SERVER),
        (_, _) => (span.name.to_owned(), INTERNAL),
    };
    let is_error = field("http.status").and_then(Value::as_u64).is_some_and(|it| it >= 500);
    let attributes = span.fields.iter().map(|(name, value)| attribute(name, value));
    let mut told = json!({
        "traceId": span.trace_id, "spanId": span.span_id, "name": name, "kind": kind,
        "startTimeUnixNano": began.to_string(), "endTimeUnixNano": ended.to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
    });
    if let Some(parent) = &span.parent_id {
        told["parentSpanId"] = parent.as_str().into();
    }
    if is_error {
        told["status"] = json!({"code": ERROR});
    }
    told
}

/// A whole number is a text there: not each reader of JSON keeps 64 bits.
fn attribute(name: &str, value: &Value) -> Value {
    let known = KNOWN_AS.iter().find(|(own, _)| *own == name).map_or(name, |(_, known)| known);
    match value {
        Value::Bool(value) => json!({"key": known, "value": {"boolValue": value}}),
        Value::Number(value) => json!({"key": known, "value": {"intValue": value.to_string()}}),
        Value::String(value) => text(known, value),
        Value::Null | Value::Array(_) | Value::Object(_) => text(known, &value.to_string()),
    }
}
