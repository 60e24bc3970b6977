//! What every write takes beside its body: a key that makes it recognisable, the version that the
//! caller has seen, a reason, whether it is only a rehearsal.

use super::code::Code;
use super::problem::Problem;
use crate::domain::Text;
use crate::store::{Hash, Version};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
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

/// What the query of every write may ask for.
#[derive(Default)]
struct Asked {
    dry_run: Option<bool>,
    reason: Option<String>,
}

impl Terms {
    /// The terms of a further write that follows from the same request: recognised by what it is,
    /// and bound to no version. No key that a client sends holds a line end.
    pub(super) fn following(&self, what: &str) -> Self {
        let key = self.key.as_ref().map(|key| format!("{key}\n{what}"));
        Self { key, expected: None, ..self.clone() }
    }

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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (terms, _) = Self::and_wishes(parts, &[])?;
        Ok(terms)
    }
}

/// What a query asks for beside the terms, by name.
pub(super) type Wishes = BTreeMap<String, String>;

impl Terms {
    /// The terms of a write, and what else its query asks for: these names and no others. What is
    /// asked for is a part of what the request is.
    pub(super) fn and_wishes(parts: &Parts, names: &[&str]) -> Result<(Self, Wishes), Problem> {
        let (asked, wishes) = split(parts, names)?;
        let too_long = |error| Problem::new(Code::BadRequest, format!("reason: {error}"));
        let reason = asked.reason.filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|it| it.chars().count() > REASON_CHARS_MAX) {
            let detail = format!("a reason has at most {REASON_CHARS_MAX} characters");
            return Err(Problem::new(Code::BadRequest, detail));
        }
        let reason = reason.map(|reason| Text::parse(&reason)).transpose();
        let wished = wishes.iter().map(|(name, value)| format!(" {name}={value}"));
        let headers = &parts.headers;
        let terms = Self {
            key: text_of(headers, &IDEMPOTENCY_KEY)?.map(key).transpose()?,
            expected: text_of(headers, &header::IF_MATCH)?.map(version).transpose()?,
            reason: reason.map_err(too_long)?,
            trace: text_of(headers, &TRACEPARENT)?.and_then(|trace| Text::parse(trace).ok()),
            is_dry_run: asked.dry_run.unwrap_or(false),
            target: format!("{} {}", parts.method, parts.uri.path()) + &wished.collect::<String>(),
        };
        Ok((terms, wishes))
    }
}

/// Takes the query apart: what every write takes, and the others of these names.
fn split(parts: &Parts, names: &[&str]) -> Result<(Asked, Wishes), Problem> {
    let refuse = || {
        let mut known = "a write takes dry_run, true or false, and reason, a text".to_owned();
        if !names.is_empty() {
            known += &format!("; this one also {}", names.join(", "));
        }
        Problem::new(Code::BadRequest, known + "; nothing else, and each once")
    };
    let Query(pairs) =
        Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| refuse())?;
    let (mut asked, mut wishes) = (Asked::default(), Wishes::new());
    for (name, value) in pairs {
        let is_first = match name.as_str() {
            "dry_run" => asked.dry_run.replace(value.parse().map_err(|_| refuse())?).is_none(),
            "reason" => asked.reason.replace(value).is_none(),
            other if names.contains(&other) => wishes.insert(name, value).is_none(),
            _ => false,
        };
        if !is_first {
            return Err(refuse());
        }
    }
    Ok((asked, wishes))
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
