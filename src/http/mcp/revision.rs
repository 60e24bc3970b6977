//! The revisions of the protocol. The newest has neither handshake nor sessions: each request says
//! which revision it speaks, in its body and in its headers, and the two must agree. Older ones
//! begin with `initialize`; as nothing is kept between requests, they are served the same way.

use super::message::{Fault, Message};
use crate::planted::is_planted;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The revision without a handshake.
pub(super) const MODERN: &str = "2026-07-28";
/// Those that begin with a handshake, the newest first.
const WITH_HANDSHAKE: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const MCP_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const MCP_METHOD: HeaderName = HeaderName::from_static("mcp-method");
const MCP_NAME: HeaderName = HeaderName::from_static("mcp-name");
/// Where a request says its revision.
const SAID_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Where a request says what its client can do.
const SAID_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// What stands around a header's value that is written in Base64.
const ENCODED: (&str, &str) = ("=?base64?", "?=");

/// How a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revision {
    /// As the newest revision wants it.
    Modern,
    /// As those want it that begin with a handshake.
    WithHandshake,
}

impl Revision {
    /// The revision that a request speaks, when all that it must bear is there and agrees.
    pub(super) fn of(headers: &HeaderMap, message: &Message) -> Result<Self, Fault> {
        let shown = text_of(headers, &MCP_PROTOCOL_VERSION)?;
        let said = message.params.get("_meta").and_then(|meta| meta.get(SAID_VERSION));
        let Some(said) = said else { return Self::without_meta(shown, message) };
        let said = said.as_str().ok_or_else(|| Fault::missing("a revision is a text"))?;
        agree(&MCP_PROTOCOL_VERSION, shown, said)?;
        if said != MODERN {
            return Err(Fault::unsupported(said, &[MODERN]));
        }
        if message.id.is_some() {
            whole(headers, message)?;
        }
        Ok(Self::Modern)
    }

    fn without_meta(shown: Option<&str>, message: &Message) -> Result<Self, Fault> {
        match shown {
            Some(MODERN) if message.id.is_none() => Ok(Self::Modern),
            Some(MODERN) => {
                let why = format!("params._meta lacks {SAID_VERSION}");
                Err(Fault::missing(why))
            }
            Some(known) if WITH_HANDSHAKE.contains(&known) => Ok(Self::WithHandshake),
            Some(_) if message.method == "initialize" => Ok(Self::WithHandshake),
            Some(other) => Err(Fault::unsupported(other, &supported())),
            None => Ok(Self::WithHandshake),
        }
    }

    /// How an answer is marked as a whole that says that there is no such method.
    pub(super) fn no_such_method(self) -> StatusCode {
        match self {
            Self::Modern => StatusCode::NOT_FOUND,
            Self::WithHandshake => StatusCode::OK,
        }
    }
}

/// The revision that a handshake comes to: the one that is wished, else the newest of its kind.
pub(super) fn agreed(wished: Option<&Value>) -> &'static str {
    let wished = wished.and_then(Value::as_str);
    let known = WITH_HANDSHAKE.into_iter().find(|known| Some(*known) == wished);
    known.unwrap_or(WITH_HANDSHAKE[0])
}

fn supported() -> Vec<&'static str> {
    std::iter::once(MODERN).chain(WITH_HANDSHAKE).collect()
}

/// What each request of the newest revision bears beside its revision.
fn whole(headers: &HeaderMap, message: &Message) -> Result<(), Fault> {
    let meta = &message.params["_meta"];
    if !meta.get(SAID_CAPABILITIES).is_some_and(Value::is_object) {
        return Err(Fault::missing(format!("params._meta lacks {SAID_CAPABILITIES}")));
    }
    agree(&MCP_METHOD, text_of(headers, &MCP_METHOD)?, &message.method)?;
    let named = match message.method.as_str() {
        "tools/call" | "prompts/get" => message.params.get("name"),
        "resources/read" => message.params.get("uri"),
        _ => return Ok(()),
    };
    let Some(named) = named.and_then(Value::as_str) else { return Ok(()) };
    let shown = text_of(headers, &MCP_NAME)?.map(decoded).transpose()?;
    agree(&MCP_NAME, shown.as_deref(), named)
}

/// What stands before the body must say the same: who routes by it would else be misled.
fn agree(header: &HeaderName, shown: Option<&str>, said: &str) -> Result<(), Fault> {
    if shown == Some(said) || is_planted("mcp_headers_not_compared") {
        return Ok(());
    }
    let shown = shown.map_or("nothing".to_owned(), |shown| format!("{shown:?}"));
    Err(Fault::header_mismatch(format!("{header} says {shown}, and the body {said:?}")))
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Fault> {
    let wrong = || Fault::header_mismatch(format!("{name} holds other than plain text, or two"));
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().map_err(|_| wrong())).transpose()?;
    if values.next().is_some() { Err(wrong()) } else { Ok(value) }
}

/// A header's value, also where it is written in Base64.
fn decoded(shown: &str) -> Result<String, Fault> {
    let (begin, end) = ENCODED;
    let Some(inner) = shown.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)) else {
        return Ok(shown.to_owned());
    };
    let bytes = STANDARD.decode(inner).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Fault::header_mismatch(format!("{MCP_NAME} holds no text in Base64")))
}

#[cfg(test)]
mod tests {
    use super::{agreed, decoded};
    use serde_json::json;

    #[test]
    fn a_handshake_comes_to_what_is_wished_or_to_the_newest_of_its_kind() {
        for known in ["2025-03-26", "2025-06-18", "2025-11-25"] {
            assert_eq!(agreed(Some(&json!(known))), known);
        }
        for other in [json!("2024-11-05"), json!("2026-07-28"), json!(7), json!(null)] {
            assert_eq!(agreed(Some(&other)), "2025-11-25", "{other}");
        }
        assert_eq!(agreed(None), "2025-11-25");
    }

    #[test]
    fn a_name_in_base64_is_read_and_what_is_none_is_refused() {
        assert_eq!(decoded("get_work").ok().as_deref(), Some("get_work"));
        assert_eq!(decoded("=?base64?ZsO8cg==?=").ok().as_deref(), Some("für"));
        for wrong in ["=?base64?***?=", "=?base64?/w==?="] {
            assert!(decoded(wrong).is_err(), "{wrong}");
        }
    }
}
