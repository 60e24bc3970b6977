//! The way from a tool to what it does: a request to this same door, which passes the gate, the
//! crowd and the limits as any other does. So a tool has no way of its own to the engine, and may
//! exactly what its caller may.

use crate::http::failures::Source;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use url::form_urlencoded;

/// How large an answer within may be.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// What of the request without says who calls, from where, and what for.
const KEPT: [HeaderName; 7] = [
    header::HOST,
    header::AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    HeaderName::from_static("ax-csrf"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("traceparent"),
];
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: &str = "application/json";

/// The whole door, as seen from within.
#[derive(Clone)]
pub(in crate::http) struct Within(pub(in crate::http) Router);

/// Somebody who asks through it.
pub(super) struct Asking<'a> {
    pub(super) door: &'a Within,
    pub(super) headers: &'a HeaderMap,
    pub(super) source: Option<Source>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<(&'static str, Vec<u8>)>,
    key: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) retry_after: Option<String>,
}

impl Ask {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, key: None }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn with(mut self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.as_ref().to_owned())));
        self
    }

    pub(super) fn sending(self, body: &Value) -> Self {
        self.sending_text(JSON, body.to_string())
    }

    pub(super) fn sending_text(self, kind: &'static str, text: String) -> Self {
        Self { body: Some((kind, text.into_bytes())), ..self }
    }

    /// Names the request, so that it counts once.
    pub(super) fn named(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }

    fn request(self, asking: &Asking<'_>) -> Option<Request<Body>> {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(self.query).finish();
        let target = if query.is_empty() { self.path } else { format!("{}?{query}", self.path) };
        let (kind, bytes) = self.body.unwrap_or((JSON, Vec::new()));
        let mut request = Request::new(Body::from(bytes));
        *request.method_mut() = self.method;
        *request.uri_mut() = target.parse().ok()?;
        let headers = request.headers_mut();
        for name in &KEPT {
            headers.extend(asking.headers.get(name).map(|it| (name.clone(), it.clone())));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(key) = self.key {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&key).ok()?);
        }
        if let Some(source) = asking.source {
            request.extensions_mut().insert(source);
        }
        Some(request)
    }
}

impl Asking<'_> {
    /// Asks the door; none where the question cannot be put, or its answer is too large.
    pub(super) async fn ask(&self, ask: Ask) -> Option<Told> {
        let request = ask.request(self)?;
        let door = TowerToHyperService::new(self.door.0.clone());
        let Ok(response) = door.call(request).await;
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.ok()?;
        let retry_after = head.headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|after| after.to_str().ok()).map(str::to_owned);
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).ok()? };
        Some(Told { status: head.status, body, retry_after })
    }
}
