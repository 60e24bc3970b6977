//! Another server that an operator named: one request at a time, its whole answer within a limit.
//! The address is the operator's own, and may be on this machine.

use crate::outbound::{Endpoint, Failed, Proxy, Unread, Way, has_user, whole};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Method, Response};
use std::time::Duration;
use url::Url;

/// How large an answer may be.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long an answer may take.
const TIMEOUT_MS: u64 = 30_000;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The address cannot be read.
    #[error("write an address such as https://ax.example or http://127.0.0.1:8000")]
    Address,
    /// Nobody answers there.
    #[error("nobody answers there, or not by HTTP")]
    Unreachable,
    /// The certificate is not valid for the name, or by nobody who is trusted.
    #[error("its certificate is not valid for its name, or by nobody who is trusted")]
    Certificate,
    /// The proxy is not there, or lets nothing through.
    #[error("the proxy is not there, or lets nothing through to it (outbound.proxy)")]
    Proxy,
    /// The answer broke off.
    #[error("the answer broke off before its end: try again")]
    BrokenOff,
    /// The answer is too long or took too long.
    #[error("the answer took too long, or is too long")]
    TooMuch,
}

impl From<Failed> for SiteError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unresolved | Failed::Unreachable | Failed::Broken => Self::Unreachable,
            Failed::Nameless => Self::Address,
            Failed::Certificate => Self::Certificate,
            Failed::NoProxy | Failed::NotLetThrough => Self::Proxy,
        }
    }
}

impl From<Unread> for SiteError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooMuch => Self::TooMuch,
            Unread::BrokenOff => Self::BrokenOff,
        }
    }
}

/// Another server.
#[derive(Clone)]
pub struct Site {
    endpoint: Endpoint,
    /// Path and query of the address itself.
    target: String,
    bearer: Option<String>,
    way: Way,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({})", self.place())
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Bytes,
}

impl Site {
    /// Reads an address; `bearer` is the key that is shown there.
    pub fn parse(address: &str, bearer: Option<String>) -> Result<Self, SiteError> {
        let url = Url::parse(address).map_err(|_| SiteError::Address)?;
        let endpoint = Endpoint::of(&url).ok_or(SiteError::Address)?;
        if has_user(&url) || url.fragment().is_some() {
            return Err(SiteError::Address);
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{query}", url.path());
        Ok(Self { endpoint, target, bearer, way: Way::new(&[], None) })
    }

    /// The same, asked through a proxy.
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { way: Way::new(&[], proxy), ..self }
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        self.endpoint.is_in_the_clear()
    }

    /// Its name and port, for messages.
    pub fn place(&self) -> String {
        self.endpoint.place()
    }

    /// Asks for what is at a path, which goes behind the address.
    pub async fn get(&self, path: &str) -> Result<Reply, SiteError> {
        let target = format!("{}{path}", self.endpoint.path);
        self.send(self.request(Method::GET, &target), Bytes::new()).await
    }

    /// Sends something to the address itself.
    pub async fn post(&self, content_type: &str, body: String) -> Result<Reply, SiteError> {
        let request = self.request(Method::POST, &self.target).header(CONTENT_TYPE, content_type);
        self.send(request, body.into()).await
    }

    fn request(&self, method: Method, target: &str) -> Builder {
        let request = self.endpoint.request(method, target);
        match &self.bearer {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    async fn send(&self, request: Builder, body: Bytes) -> Result<Reply, SiteError> {
        let request = request.body(Full::new(body)).map_err(|_| SiteError::Address)?;
        let exchange = self.way.exchange(&self.endpoint, request, read);
        let answer = tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), exchange).await;
        answer.map_err(|_| SiteError::TooMuch)??
    }
}

async fn read(response: Response<Incoming>) -> Result<Reply, SiteError> {
    let status = response.status().as_u16();
    Ok(Reply { status, body: whole(response.into_body(), ANSWER_BYTES_MAX).await? })
}
