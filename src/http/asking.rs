//! The way of every read: what a list is to be like, how new the answer must be, and how old it is.

use super::code::Code;
use super::problem::Problem;
use super::writing::AX_POSITION;
use crate::reading::{Age, PAGE_ROWS_MAX, Wanted};
use axum::extract::FromRequestParts;
use axum::extract::rejection::QueryRejection;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

const AX_LAG_MS: HeaderName = HeaderName::from_static("ax-lag-ms");

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
