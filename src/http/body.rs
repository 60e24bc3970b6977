//! The body of a request: JSON that can be read in one way only, as the type that is wanted.

use super::code::Code;
use super::plain_json;
use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserializer;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How large a body may be.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// How long a body may take to arrive.
const BODY_MS_MAX: u64 = 15_000;

/// A body, read as the type that is wanted, and the bytes that it came as.
pub(super) struct Body<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON, with Content-Type: application/json";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let arriving = Bytes::from_request(request, state);
        let arrived = tokio::time::timeout(Duration::from_millis(BODY_MS_MAX), arriving).await;
        let slow = |_| Problem::new(Code::BadRequest, "the body did not arrive in 15 seconds");
        let bytes = arrived.map_err(slow)?.map_err(|rejection| unreadable(&rejection))?;
        let value = read(&bytes)?;
        Ok(Self { value, bytes })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::TooLarge, format!("a body has at most {BODY_BYTES_MAX} bytes"));
    }
    Problem::new(Code::BadRequest, "the body ended early")
}

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    plain_json::check(body)
        .map_err(|found| Problem::at(Code::BadJson, found.pointer, found.message))?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    typed(&mut reader)
}

/// Reads a value as the type that is wanted.
pub(super) fn typed<'de, T, D>(reader: D) -> Result<T, Problem>
where
    T: DeserializeOwned,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        Problem::at(Code::Invalid, pointer, message.strip_suffix(&place).unwrap_or(&message))
    })
}

/// The place, as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}
