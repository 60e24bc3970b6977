//! One question to the server of a language model, within a time, and without reading more than an
//! answer may have. The address is the operator's, and may be on this machine.

use super::NoAnswer;
use super::config::Endpoint;
use crate::outbound::{self, AGENT, Broken, Unsecured};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How large an answer may be.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 4;

impl From<Broken> for NoAnswer {
    fn from(_: Broken) -> Self {
        Self::Unreachable
    }
}

impl From<Unsecured> for NoAnswer {
    fn from(_: Unsecured) -> Self {
        Self::Unreachable
    }
}

/// The way to a language model's server.
#[derive(Clone)]
pub(crate) struct Wire {
    endpoint: Endpoint,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Wire {
    pub(crate) fn new(
        endpoint: Endpoint,
        authorities: &[CertificateDer<'static>],
        timeout_ms: u64,
    ) -> Self {
        let timeout = Duration::from_millis(timeout_ms);
        Self { endpoint, tls: outbound::tls(authorities), timeout }
    }

    /// Sends JSON to a path, and reads the JSON that is answered.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Result<Value, NoAnswer> {
        let exchange = tokio::time::timeout(self.timeout, self.exchange(path, headers, body));
        exchange.await.unwrap_or(Err(NoAnswer::TooSlow))
    }

    async fn exchange(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Result<Value, NoAnswer> {
        let request = self.request(path, headers, body).ok_or(NoAnswer::Unreachable)?;
        let stream = outbound::connect(&self.addresses().await?).await;
        let stream = stream.ok_or(NoAnswer::Unreachable)?;
        if !self.endpoint.is_https {
            return outbound::talk(stream, request, read).await?;
        }
        let name = outbound::server_name(&self.endpoint.host).ok_or(NoAnswer::Unreachable)?;
        let secured = outbound::secured(&self.tls, name, stream).await?;
        outbound::talk(secured, request, read).await?
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, NoAnswer> {
        let Endpoint { host, port, .. } = &self.endpoint;
        match host {
            url::Host::Ipv4(address) => Ok(vec![SocketAddr::from((*address, *port))]),
            url::Host::Ipv6(address) => Ok(vec![SocketAddr::from((*address, *port))]),
            url::Host::Domain(name) => {
                let found = tokio::net::lookup_host((name.as_str(), *port)).await;
                let found = found.map_err(|_| NoAnswer::Unreachable)?;
                Ok(found.take(ADDRESSES_MAX).collect())
            }
        }
    }

    fn request(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: &Value,
    ) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.endpoint.path))
            .header(HOST, self.endpoint.authority.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT)
            .header(CONNECTION, "close");
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
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let bytes = body.map_err(|error| {
        let is_too_much = error.is::<http_body_util::LengthLimitError>();
        if is_too_much { NoAnswer::TooMuch } else { NoAnswer::Unreachable }
    })?;
    serde_json::from_slice(&bytes.to_bytes()).map_err(|_| NoAnswer::Useless)
}
