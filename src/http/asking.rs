//! The way of every read: what a list is to be like, how new the answer must be, and how old it is.

use super::code::Code;
use super::problem::Problem;
use super::writing::AX_POSITION;
use crate::reading::{Age, PAGE_ROWS, PAGE_ROWS_MAX, Wanted};
use crate::store::Position;
use axum::extract::FromRequestParts;
use axum::extract::rejection::QueryRejection;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

const AX_LAG_MS: HeaderName = HeaderName::from_static("ax-lag-ms");

/// The largest number in a query: the databases keep no larger ones.
pub(super) const NUMBER_MAX: u64 = i64::MAX.unsigned_abs();

/// The query of a request; what it does not know is refused by name.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(query)| Self(query))
            .map_err(|error: QueryRejection| Problem::new(Code::BadRequest, error.body_text()))
    }
}

/// Which page of a list is wanted, and how new it must be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageWish {
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<usize>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    pub(super) min_position: Option<u64>,
}

/// How new an answer must be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Freshness {
    /// Waits until the answer shows this position of the log.
    pub(super) min_position: Option<u64>,
}

/// How new an answer must be, or of which moment it is to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhenWish {
    /// Waits until the answer shows this position of the log.
    pub(super) min_position: Option<u64>,
    /// Another moment: a version, `position:345`, or a time.
    pub(super) as_of: Option<String>,
}

/// Which page of a list is wanted, how new it must be, or of which moment it is to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageWhenWish {
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<usize>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Waits until the answer shows this position of the log.
    pub(super) min_position: Option<u64>,
    /// Another moment: a version, `position:345`, or a time.
    pub(super) as_of: Option<String>,
}

/// The page of a list that was made at once.
pub(super) fn page_of<T>(
    all: Vec<T>,
    wanted: &Wanted,
) -> Result<(Vec<T>, Option<String>), Problem> {
    let start = wanted.cursor.as_deref().unwrap_or("0").parse::<usize>();
    let start = start.map_err(|_| Problem::new(Code::BadRequest, "this is no cursor of ours"))?;
    let limit = wanted.limit.unwrap_or(PAGE_ROWS);
    let is_more = all.len() > start.saturating_add(limit);
    let next = is_more.then(|| (start + limit).to_string());
    Ok((all.into_iter().skip(start).take(limit).collect(), next))
}

/// An answer about another moment than now: it has a position, and no age.
pub(super) fn of_then(position: Position, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(AX_POSITION, HeaderValue::from(position.get()));
    response
}

/// The page of a list that is wanted.
pub(super) fn page(limit: Option<usize>, cursor: Option<String>) -> Result<Wanted, Problem> {
    if limit.is_some_and(|limit| !(1..=PAGE_ROWS_MAX).contains(&limit)) {
        return Err(Problem::new(Code::BadRequest, format!("limit is 1 to {PAGE_ROWS_MAX}")));
    }
    Ok(Wanted { limit, cursor })
}

/// An answer, with its age in the headers.
pub(super) fn aged(age: Age, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(AX_POSITION, HeaderValue::from(age.position.get()));
    response.headers_mut().insert(AX_LAG_MS, HeaderValue::from(age.lag_ms));
    response
}
