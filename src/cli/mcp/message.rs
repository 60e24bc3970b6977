//! A message on its way through: its id, and the headers that a server wants beside it. All else is
//! for the server to judge.

use super::input::Line;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
/// Where a message says its revision.
const SAID_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The message is no JSON.
const NOT_JSON: i32 = -32_700;
/// It could not be handed on.
const INTERNAL: i32 = -32_603;

/// A message as it came.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) json: Value,
}

impl Spoken {
    /// Reads a line; where it cannot be read, what to answer.
    pub(super) fn read(line: &Line) -> Result<Self, Value> {
        let why = match line {
            Line::TooLong => "the line is too long".to_owned(),
            Line::Whole(line) => match serde_json::from_slice(line) {
                Ok(json) => return Ok(Self { json }),
                Err(error) => format!("a line is one message, as JSON: {error}"),
            },
        };
        Err(json!({"jsonrpc": "2.0", "error": {"code": NOT_JSON, "message": why}}))
    }

    /// What the answer is recognised by, as it is written.
    pub(super) fn id(&self) -> Option<String> {
        self.json.get("id").filter(|id| !id.is_null()).map(ToString::to_string)
    }

    /// The request that is not to be answered any more.
    pub(super) fn cancelled(&self) -> Option<String> {
        let is_cancel = self.json["method"] == "notifications/cancelled";
        let id = self.json.pointer("/params/requestId").filter(|_| is_cancel)?;
        Some(id.to_string())
    }

    /// What stands before the body where this is sent: what it says of itself, or else what a
    /// handshake came to.
    pub(super) fn headers(&self, agreed: Option<&str>) -> Vec<(&'static str, String)> {
        let method = self.json["method"].as_str().unwrap_or_default();
        let said = self.json.get("params").and_then(|params| params.get("_meta"));
        let Some(said) = said.and_then(|meta| meta.get(SAID_VERSION)).and_then(Value::as_str)
        else {
            let again = agreed.filter(|_| method != "initialize");
            return again.map(|agreed| (VERSION, encoded(agreed))).into_iter().collect();
        };
        let named = match method {
            "resources/read" => self.json.pointer("/params/uri"),
            _ => self.json.pointer("/params/name"),
        };
        let mut headers = vec![(VERSION, encoded(said)), (METHOD, encoded(method))];
        headers.extend(named.and_then(Value::as_str).map(|name| (NAME, encoded(name))));
        headers
    }
}

/// A text as it can stand in a header.
fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let is_marked = text.starts_with("=?base64?") && text.ends_with("?=");
    if is_plain && !is_marked && text.trim() == text {
        return text.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(text))
}

/// What a request is answered that could not be handed on; nothing where none is waited for.
pub(super) fn refusal(message: &Value, why: &str) -> Option<Value> {
    let id = message.get("id").filter(|id| !id.is_null())?;
    Some(json!({"jsonrpc": "2.0", "id": id, "error": {"code": INTERNAL, "message": why}}))
}

#[cfg(test)]
mod tests {
    use super::{Spoken, encoded};
    use serde_json::json;

    #[test]
    fn what_no_header_can_carry_is_written_in_base64() {
        assert_eq!(encoded("get_work"), "get_work");
        for (text, written) in [
            ("für", "=?base64?ZsO8cg==?="),
            (" a ", "=?base64?IGEg?="),
            ("a\nb", "=?base64?YQpi?="),
            ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        ] {
            assert_eq!(encoded(text), written);
        }
    }

    #[test]
    fn a_message_of_the_newest_revision_says_in_headers_what_it_says_inside() {
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"});
        let call = json!({"method": "tools/call", "params": {"name": "get_work", "_meta": meta}});
        let headers = Spoken { json: call }.headers(Some("2025-11-25"));
        let wanted = [
            ("mcp-protocol-version", "2026-07-28".to_owned()),
            ("mcp-method", "tools/call".to_owned()),
            ("mcp-name", "get_work".to_owned()),
        ];
        assert_eq!(headers, wanted);
        let older = Spoken { json: json!({"method": "tools/list"}) };
        assert_eq!(older.headers(None), []);
        let wanted = [("mcp-protocol-version", "2025-11-25".to_owned())];
        assert_eq!(older.headers(Some("2025-11-25")), wanted);
    }
}
