//! A stream as server-sent events.

use super::live::Live;
use super::wire::Written;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use std::convert::Infallible;

/// How long a client waits before it connects again.
const RETRY_MS: u64 = 1_000;
/// Keeps proxies from holding back what is to be seen at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with the stream. It is asked for more only as the client takes it.
pub(super) fn answer(live: Live) -> Response {
    let begin = format!("retry: {RETRY_MS}\n\n");
    let events = unfold((Some(begin), live), async |(begin, mut live)| {
        if let Some(begin) = begin {
            return Some((Ok::<_, Infallible>(begin), (None, live)));
        }
        let next = live.next().await?;
        let event = Written::of(&next).as_event();
        Some((Ok(event), (None, live)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(events)).into_response()
}
