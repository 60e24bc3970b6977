//! The body of a request: JSON that can be read in one way only, as the type that is wanted.

use super::code::Code;
use super::problem::Problem;
use crate::plans::plain_json::{self, Bounds};
use crate::planted::is_planted;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::time::Duration;

/// How large an answer may be that becomes one of several in a list.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;

/// How large a body may be, and how long it may take to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BodyLimits {
    pub(super) bytes_max: usize,
    pub(super) ms_max: u64,
}

/// What holds where nobody says anything.
impl Default for BodyLimits {
    fn default() -> Self {
        Self { bytes_max: BODY_BYTES_MAX, ms_max: 10_000 }
    }
}

/// A body, read as the type that is wanted, and the bytes that it came as.
pub(super) struct Body<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON, with Content-Type: application/json";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let bytes = arrived(request).await?;
        let value = read(&bytes)?;
        Ok(Self { value, bytes })
    }
}

/// The bytes of a body, when it is not too large and comes in time.
pub(super) async fn arrived(request: Request) -> Result<Bytes, Problem> {
    let limits = request.extensions().get::<BodyLimits>().copied().unwrap_or_default();
    let arriving = axum::body::to_bytes(request.into_body(), limits.bytes_max);
    let arrived = tokio::time::timeout(Duration::from_millis(limits.ms_max), arriving).await;
    let slow = |_| {
        let detail = format!("the body did not arrive in {} ms", limits.ms_max);
        Problem::new(Code::BodyTooSlow, detail)
    };
    let bytes = arrived.map_err(slow)?.map_err(|error| unreadable(&error, limits))?;
    if is_planted("payload_in_logs") {
        tracing::info!(body = %String::from_utf8_lossy(&bytes), "a body came");
    }
    Ok(bytes)
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn unreadable(error: &axum::Error, limits: BodyLimits) -> Problem {
    let is_too_large = error.source().is_some_and(|it| it.is::<LengthLimitError>());
    if is_too_large {
        let detail = format!("a body has at most {} bytes", limits.bytes_max);
        return Problem::new(Code::TooLarge, detail);
    }
    Problem::new(Code::BadRequest, "the body ended early")
}

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    plain_json::check(body, Bounds::REQUEST)
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
