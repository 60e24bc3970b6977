//! One request to a receiver: to a checked address, on a connection of its own, within a time, and
//! without reading more than a little of what it answers. Redirects, proxies and cookies are
//! unknown here.

use super::resolve::Resolver;
use super::target::{Target, TargetPolicy};
use crate::domain::Timestamp;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// How much of an answer is read; the rest is not waited for.
const ANSWER_BYTES_MAX: u64 = 4 * 1_024;
/// How long the rest of an answer is waited for once its status is known.
const ANSWER_MS_MAX: u64 = 2_000;
/// How large the head of an answer may be.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// How many headers it may have.
const HEADERS_MAX: usize = 64;
/// Who asks.
const AGENT: &str = concat!("planexe-ax/", env!("CARGO_PKG_VERSION"));

/// What a receiver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// How much of the answer was read.
    pub(super) bytes: u64,
    /// How long it asked to be left alone.
    pub(super) retry_after: Option<RetryAfter>,
}

/// How long a receiver asked to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// For so many milliseconds.
    Ms(u64),
    /// Until then.
    At(Timestamp),
}

impl RetryAfter {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Self::Ms(seconds.saturating_mul(1_000)));
        }
        let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        Some(Self::At(Timestamp::from_unix_ms(at.unix_timestamp().saturating_mul(1_000))))
    }

    /// Until when that is.
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ms(wait_ms) => now.plus_ms(wait_ms),
            Self::At(at) => at,
        }
    }
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the address is not one that this server sends to any more")]
    Target,
    #[error("the name of the receiver is not known")]
    Unresolved,
    #[error("the name of the receiver leads to an address that is not public")]
    Closed,
    #[error("the receiver cannot be connected to")]
    Unreachable,
    #[error("the receiver has no valid certificate")]
    Certificate,
    #[error("the receiver did not answer in time")]
    TooSlow,
    #[error("the receiver broke off, or did not answer in HTTP")]
    Broken,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) url: String,
    pub(super) id: String,
    pub(super) seconds: i64,
    pub(super) signatures: String,
    pub(super) body: Vec<u8>,
}

/// Sends requests.
#[derive(Clone)]
pub(super) struct Client {
    policy: TargetPolicy,
    resolver: Resolver,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(
        policy: TargetPolicy,
        resolver: Resolver,
        authorities: &[CertificateDer<'static>],
        timeout_ms: u64,
    ) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(authorities.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has what the default versions need")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let timeout = Duration::from_millis(timeout_ms);
        Self { policy, resolver, tls: Arc::new(tls), timeout }
    }

    /// Sends a request and says what was answered, within the time for all of it.
    pub(super) async fn post(&self, post: &Post) -> Result<Answer, NoAnswer> {
        let exchange = tokio::time::timeout(self.timeout, self.exchange(post));
        exchange.await.unwrap_or(Err(NoAnswer::TooSlow))
    }

    async fn exchange(&self, post: &Post) -> Result<Answer, NoAnswer> {
        let target = self.policy.target(&post.url).map_err(|_| NoAnswer::Target)?;
        let addresses = self.resolver.addresses(&target, &self.policy.networks).await?;
        let stream = connect(&addresses).await.ok_or(NoAnswer::Unreachable)?;
        let request = request(&target, post)?;
        if !target.is_https {
            return talk(stream, request).await;
        }
        let name = server_name(&target.host).ok_or(NoAnswer::Target)?;
        let secured = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let secured = secured.map_err(|error| {
            let is_refused = error.kind() == io::ErrorKind::InvalidData;
            if is_refused { NoAnswer::Certificate } else { NoAnswer::Broken }
        });
        talk(secured?, request).await
    }
}

/// A connection to the first of these addresses that takes one.
async fn connect(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Some(stream);
        }
    }
    None
}

fn server_name(host: &Host<String>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress((*address).into())),
    }
}

fn request(target: &Target, post: &Post) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(target.path.as_str())
        .header(HOST, target.authority.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "close")
        .header("webhook-id", post.id.as_str())
        .header("webhook-timestamp", post.seconds)
        .header("webhook-signature", post.signatures.as_str())
        .body(Full::new(Bytes::from(post.body.clone())));
    request.map_err(|_| NoAnswer::Target)
}

async fn talk<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let made = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(|_| NoAnswer::Broken)?;
    let mut connection = pin!(connection);
    let mut asked = pin!(async move {
        let response = sender.send_request(request).await.map_err(|_| NoAnswer::Broken)?;
        Ok(read(response).await)
    });
    // Neither branch that is dropped is needed any more; a connection that ended has handed over
    // all that came.
    tokio::select! {
        answer = &mut asked => answer,
        _ = &mut connection => asked.await,
    }
}

/// What a response comes to. Its status counts, whatever becomes of the rest.
async fn read(response: Response<Incoming>) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(RetryAfter::parse);
    let mut bytes = 0;
    let mut body = response.into_body();
    let reading = async {
        while bytes < ANSWER_BYTES_MAX
            && let Some(Ok(frame)) = body.frame().await
        {
            let length = frame.data_ref().map_or(0, Bytes::len);
            bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    };
    let limit = Duration::from_millis(ANSWER_MS_MAX);
    let is_whole = tokio::time::timeout(limit, reading).await.is_ok();
    tracing::trace!(status, bytes, is_whole, "a receiver answered {status}");
    Answer { status, bytes: bytes.min(ANSWER_BYTES_MAX), retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_in_seconds_or_by_a_date_how_long_to_wait() {
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Ms(120_000)));
        let date = RetryAfter::parse("Tue, 14 Nov 2023 22:23:20 GMT");
        assert_eq!(date, Some(RetryAfter::At(Timestamp::from_unix_ms(1_700_000_600_000))));
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(RetryAfter::parse(text), None, "{text}");
        }
    }
}
