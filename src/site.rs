//! Another server that an operator named: one request at a time, its whole answer within a limit.
//! The address is the operator's own, and may be on this machine.

use crate::outbound::{self, AGENT};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response};
use rustls::ClientConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// How large an answer may be.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 4;
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
    /// The answer broke off.
    #[error("the answer broke off before its end: try again")]
    BrokenOff,
    /// The answer is too long or took too long.
    #[error("the answer took too long, or is too long")]
    TooMuch,
}

/// Another server.
#[derive(Clone)]
pub struct Site {
    url: Url,
    host: Host<String>,
    port: u16,
    bearer: Option<String>,
    tls: Arc<ClientConfig>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({}:{})", self.host, self.port)
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
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || has_user || url.fragment().is_some() {
            return Err(SiteError::Address);
        }
        let host = url.host().ok_or(SiteError::Address)?.to_owned();
        let port = url.port_or_known_default().ok_or(SiteError::Address)?;
        Ok(Self { url, host, port, bearer, tls: outbound::tls(&[]) })
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        let is_here = match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        self.url.scheme() == "http" && !is_here
    }

    /// Its name and port, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Asks for what is at a path, which goes behind the address.
    pub async fn get(&self, path: &str) -> Result<Reply, SiteError> {
        let base = self.url.path().trim_end_matches('/');
        self.within(Method::GET, format!("{base}{path}"), Bytes::new()).await
    }

    /// Sends something to the address itself.
    pub async fn post(&self, content_type: &str, body: String) -> Result<Reply, SiteError> {
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", self.url.path());
        let request = self.request(Method::POST, &path)?.header(CONTENT_TYPE, content_type);
        self.send(request, body.into()).await
    }

    async fn within(&self, method: Method, path: String, body: Bytes) -> Result<Reply, SiteError> {
        let request = self.request(method, &path)?;
        self.send(request, body).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
    ) -> Result<hyper::http::request::Builder, SiteError> {
        let authority = match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority)
            .header(USER_AGENT, AGENT)
            .header(CONNECTION, "close");
        if let Some(key) = &self.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        Ok(request)
    }

    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Reply, SiteError> {
        let request = request.body(Full::new(body)).map_err(|_| SiteError::Address)?;
        let exchange = tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), self.talk(request));
        exchange.await.unwrap_or(Err(SiteError::TooMuch))
    }

    async fn talk(&self, request: Request<Full<Bytes>>) -> Result<Reply, SiteError> {
        let stream = outbound::connect(&self.addresses().await?).await;
        let stream = stream.ok_or(SiteError::Unreachable)?;
        if self.url.scheme() == "http" {
            return unbroken(outbound::talk(stream, request, read).await);
        }
        let name = outbound::server_name(&self.host).ok_or(SiteError::Address)?;
        let secured = outbound::secured(&self.tls, name, stream).await;
        let secured = secured.map_err(|why| match why {
            outbound::Unsecured::Certificate => SiteError::Certificate,
            outbound::Unsecured::Broken => SiteError::Unreachable,
        })?;
        unbroken(outbound::talk(secured, request, read).await)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, SiteError> {
        match &self.host {
            Host::Ipv4(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Ipv6(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name.as_str(), self.port)).await;
                Ok(found.map_err(|_| SiteError::Unreachable)?.take(ADDRESSES_MAX).collect())
            }
        }
    }
}

fn unbroken(
    answer: Result<Result<Reply, SiteError>, outbound::Broken>,
) -> Result<Reply, SiteError> {
    answer.unwrap_or(Err(SiteError::Unreachable))
}

async fn read(response: Response<Incoming>) -> Result<Reply, SiteError> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| {
        let is_too_much = error.is::<http_body_util::LengthLimitError>();
        if is_too_much { SiteError::TooMuch } else { SiteError::BrokenOff }
    })?;
    Ok(Reply { status, body: body.to_bytes() })
}
