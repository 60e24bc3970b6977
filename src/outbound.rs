//! Requests to other servers: each on a connection of its own, to addresses that the caller looked
//! up and judged, with TLS by the public authorities and those that an operator adds. Redirects,
//! proxies and cookies are unknown here.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

/// How large the head of an answer may be.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// How many headers it may have.
const HEADERS_MAX: usize = 64;
/// Who asks.
pub(crate) const AGENT: &str = concat!("planexe-ax/", env!("CARGO_PKG_VERSION"));

/// The other side broke off, or did not speak HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// Why a connection is not secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsecured {
    /// The certificate is not valid for the name, or by nobody who is trusted.
    Certificate,
    /// The other side broke off.
    Broken,
}

/// Trusts the public authorities, and these.
pub(crate) fn tls(authorities: &[CertificateDer<'static>]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(authorities.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// A connection to the first of these addresses that takes one.
pub(crate) async fn connect(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Some(stream);
        }
    }
    None
}

/// The name that a certificate must be for.
pub(crate) fn server_name(host: &Host<String>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress((*address).into())),
    }
}

/// Puts TLS on a connection.
pub(crate) async fn secured(
    tls: &Arc<ClientConfig>,
    name: ServerName<'static>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Unsecured> {
    let secured = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
    secured.map_err(|error| {
        let is_refused = error.kind() == io::ErrorKind::InvalidData;
        if is_refused { Unsecured::Certificate } else { Unsecured::Broken }
    })
}

/// Sends one request, and reads the answer with what is given for it.
pub(crate) async fn talk<S, T, F>(
    stream: S,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> F,
) -> Result<T, Broken>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Future<Output = T>,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let made = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(|_| Broken)?;
    let mut connection = pin!(connection);
    let mut asked = pin!(async move {
        let response = sender.send_request(request).await.map_err(|_| Broken)?;
        Ok(read(response).await)
    });
    // Neither branch that is dropped is needed any more; a connection that ended has handed over
    // all that came.
    tokio::select! {
        answer = &mut asked => answer,
        _ = &mut connection => asked.await,
    }
}
