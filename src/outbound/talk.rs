//! One connection, with or without TLS, and one request on it.

use super::Failed;
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

/// Trusts the public authorities, and these.
pub(super) fn tls(authorities: &[CertificateDer<'static>]) -> Arc<ClientConfig> {
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
pub(super) async fn connect(addresses: &[SocketAddr]) -> Option<TcpStream> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Some(stream);
        }
    }
    None
}

/// HTTP that takes no head which is larger than any should be.
pub(super) fn limited() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    builder
}

/// The name that a certificate must be for.
pub(super) fn server_name(host: &Host<String>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress((*address).into())),
    }
}

/// Puts TLS on a connection.
pub(super) async fn secured(
    tls: &Arc<ClientConfig>,
    name: ServerName<'static>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Failed> {
    let secured = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
    secured.map_err(|error| {
        let is_refused = error.kind() == io::ErrorKind::InvalidData;
        if is_refused { Failed::Certificate } else { Failed::Broken }
    })
}

/// Sends one request, and reads the answer with what is given for it.
pub(super) async fn talk<S, T, F>(
    stream: S,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> F,
) -> Result<T, Failed>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Future<Output = T>,
{
    let made = limited().handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(|_| Failed::Broken)?;
    let mut connection = pin!(connection);
    let mut asked = pin!(async move {
        let response = sender.send_request(request).await.map_err(|_| Failed::Broken)?;
        Ok(read(response).await)
    });
    // Neither branch that is dropped is needed any more; a connection that ended has handed over
    // all that came.
    tokio::select! {
        answer = &mut asked => answer,
        _ = &mut connection => asked.await,
    }
}
