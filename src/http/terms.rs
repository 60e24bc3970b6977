//! What every write takes beside its body: a key that makes it recognisable, the version that the
//! caller has seen, a reason, whether it is only a rehearsal.

use super::code::Code;
use super::problem::Problem;
use crate::domain::Text;
use crate::store::{Hash, Version};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// How long a reason may be.
const REASON_CHARS_MAX: usize = 1_000;
/// How long a key may be.
const KEY_BYTES_MAX: usize = 200;

/// The terms of a write.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) key: Option<String>,
    pub(super) expected: Option<Version>,
    pub(super) reason: Option<Text>,
    pub(super) trace: Option<Text>,
    pub(super) is_dry_run: bool,
    /// The method and the path: part of what the request is.
    target: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    reason: Option<String>,
}

impl Terms {
    /// Names the request among all that bear the same key.
    pub(super) fn hash_of(&self, body: &[u8]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.target.as_bytes());
        hash.update([0]);
        hash.update(body);
        hash.finalize().into()
    }
}

impl IntoParams for Terms {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = [
            ("Idempotency-Key", ParameterIn::Header, "The same key and body: the first answer."),
            ("If-Match", ParameterIn::Header, "The version that the caller has seen, in quotes."),
            ("reason", ParameterIn::Query, "Why: kept with the events."),
            ("dry_run", ParameterIn::Query, "Says what would happen, and stores nothing."),
        ];
        about.into_iter().map(|(name, place, about)| term(name, place, about)).collect()
    }
}

fn term(name: &str, place: ParameterIn, about: &str) -> Parameter {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let schema = match name {
        "Idempotency-Key" => text().min_length(Some(1)).max_length(Some(KEY_BYTES_MAX)),
        "If-Match" => text().pattern(Some("^(\"[0-9]{1,18}\"|[0-9]{1,18})$")).min_length(Some(1)),
        "dry_run" => ObjectBuilder::new().schema_type(Type::Boolean),
        _ => text().max_length(Some(REASON_CHARS_MAX)),
    };
    let parameter = ParameterBuilder::new().name(name).parameter_in(place);
    let parameter = parameter.required(Required::False).schema(Some(schema));
    parameter.description(Some(about)).build()
}

impl<S: Send + Sync> FromRequestParts<S> for Terms {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let Query(Asked { dry_run, reason }) = asked.map_err(|_| {
            let known = "a write takes dry_run, true or false, and reason, a text; nothing else";
            Problem::new(Code::BadRequest, known)
        })?;
        let too_long = |error| Problem::new(Code::BadRequest, format!("reason: {error}"));
        Ok(Self {
            key: text_of(&parts.headers, &IDEMPOTENCY_KEY)?.map(key).transpose()?,
            expected: text_of(&parts.headers, &header::IF_MATCH)?.map(version).transpose()?,
            reason: reason
                .filter(|it| !it.is_empty())
                .map(|reason| Text::parse(&reason))
                .transpose()
                .map_err(too_long)?,
            trace: text_of(&parts.headers, &TRACEPARENT)?.and_then(|trace| Text::parse(trace).ok()),
            is_dry_run: dry_run,
            target: format!("{} {}", parts.method, parts.uri.path()),
        })
    }
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let text = headers.get(name).map(|value| value.to_str()).transpose();
    text.map_err(|_| Problem::new(Code::BadRequest, format!("{name} holds other than plain text")))
}

fn key(key: &str) -> Result<String, Problem> {
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    let detail = format!("Idempotency-Key has 1 to {KEY_BYTES_MAX} characters");
    Err(Problem::new(Code::BadRequest, detail))
}

/// A version, bare or as an entity tag.
fn version(tag: &str) -> Result<Version, Problem> {
    let bare = tag.trim().trim_start_matches("W/").trim_matches('"');
    let version = bare.parse::<u64>().map(Version::new);
    version.map_err(|_| {
        Problem::new(Code::BadRequest, "If-Match is the version that you have seen, such as \"12\"")
    })
}
