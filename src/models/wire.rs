//! One question to the server of a language model, within a time, and without reading more than an
//! answer may have. The address is the operator's, and may be on this machine.

use super::NoAnswer;
use crate::outbound::{Endpoint, Failed, Proxy, Unread, Way, whole};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{Method, Request, Response};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::time::Duration;

/// How large an answer may be.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

impl From<Failed> for NoAnswer {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unresolved
            | Failed::Unreachable
            | Failed::Nameless
            | Failed::Certificate
            | Failed::Broken => Self::Unreachable,
            Failed::NoProxy | Failed::NotLetThrough => Self::Proxy,
        }
    }
}

impl From<Unread> for NoAnswer {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooMuch => Self::TooMuch,
            Unread::BrokenOff => Self::Unreachable,
        }
    }
}

/// The way to a language model's server.
#[derive(Clone)]
pub(crate) struct Wire {
    endpoint: Endpoint,
    way: Way,
    timeout: Duration,
}

impl Wire {
    pub(crate) fn new(
        endpoint: Endpoint,
        authorities: &[CertificateDer<'static>],
        proxy: Option<Proxy>,
        timeout_ms: u64,
    ) -> Self {
        let timeout = Duration::from_millis(timeout_ms);
        Self { endpoint, way: Way::new(authorities, proxy), timeout }
    }

    /// Sends JSON to a path, and reads the JSON that is answered.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Result<Value, NoAnswer> {
        let request = self.request(path, headers, body).ok_or(NoAnswer::Unreachable)?;
        let exchange = self.way.exchange(&self.endpoint, request, read);
        let answer = tokio::time::timeout(self.timeout, exchange).await;
        answer.map_err(|_| NoAnswer::TooSlow)??
    }

    fn request(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Option<Request<Full<Bytes>>> {
        let target = format!("{}{path}", self.endpoint.path);
        let mut request = self
            .endpoint
            .request(Method::POST, &target)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.body(Full::new(Bytes::from(body.to_string()))).ok()
    }
}

/// What was answered; of an error only its status, whatever else it says.
async fn read(response: Response<Incoming>) -> Result<Value, NoAnswer> {
    let status = response.status().as_u16();
    if status != 200 {
        return Err(NoAnswer::Status(status));
    }
    let body = whole(response.into_body(), ANSWER_BYTES_MAX).await?;
    serde_json::from_slice(&body).map_err(|_| NoAnswer::Useless)
}
