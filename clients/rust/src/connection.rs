//! A connection to a server, for one request: TCP, TLS where the address says so, HTTP/1. Nothing
//! is spawned: whoever waits for an answer works on the connection meanwhile.

use crate::error::Unreachable;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How long a connection may take to open.
const CONNECT_MS_MAX: u64 = 5_000;
/// How many headers an answer may have.
const HEADERS_MAX: usize = 64;
/// How large an answer may be.
const ANSWER_BYTES_MAX: usize = 64 << 20;

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection on which one request is made.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Driver>,
}

/// Trusts the public authorities.
pub(crate) fn tls() -> Arc<ClientConfig> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

impl Connection {
    /// Opens one to where an address points.
    pub(crate) async fn open(url: &Url, tls: &Arc<ClientConfig>) -> Result<Self, Unreachable> {
        let limit = Duration::from_millis(CONNECT_MS_MAX);
        let opened = tokio::time::timeout(limit, Self::open_in_time(url, tls)).await;
        opened.unwrap_or(Err(Unreachable::TooSlow(limit)))
    }

    async fn open_in_time(url: &Url, tls: &Arc<ClientConfig>) -> Result<Self, Unreachable> {
        let host = url.host().ok_or(Unreachable::Name)?;
        let port = url.port_or_known_default().ok_or(Unreachable::Name)?;
        let stream = connect(&host, port).await?;
        if url.scheme() != "https" {
            return Self::over(stream).await;
        }
        let name = server_name(&host).ok_or(Unreachable::Name)?;
        let secured = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
        let secured = secured.map_err(|error| {
            let is_refused = error.kind() == io::ErrorKind::InvalidData;
            if is_refused { Unreachable::Certificate } else { Unreachable::Broken }
        });
        Self::over(secured?).await
    }

    async fn over<S>(stream: S) -> Result<Self, Unreachable>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.max_headers(HEADERS_MAX);
        let made = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = made.map_err(|_| Unreachable::Broken)?;
        // How a connection ends shows in what is asked over it.
        let driver: Driver = Box::pin(async move { connection.await.unwrap_or_default() });
        Ok(Self { sender, driver: Some(driver) })
    }

    /// Sends the request; the answer as far as its head.
    pub(crate) async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unreachable> {
        let asked = self.sender.send_request(request);
        beside(&mut self.driver, asked).await.map_err(|_| Unreachable::Broken)
    }

    /// All of an answer's body.
    pub(crate) async fn all(&mut self, body: Incoming) -> Result<Bytes, Unreachable> {
        let collected = Limited::new(body, ANSWER_BYTES_MAX).collect();
        let collected = beside(&mut self.driver, collected).await;
        collected.map(|all| all.to_bytes()).map_err(|_| Unreachable::Broken)
    }

    /// The next piece of an answer's body; none at its end.
    pub(crate) async fn piece(&mut self, body: &mut Incoming) -> Option<Bytes> {
        let frame = beside(&mut self.driver, body.frame()).await?;
        frame.ok().map(|frame| frame.into_data().unwrap_or_default())
    }
}

/// Works on the connection until something that needs it is done. Safe to cancel where that is.
async fn beside<T>(driver: &mut Option<Driver>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Some(open) = driver {
        tokio::select! {
            done = &mut work => return done,
            () = open => {}
        }
        *driver = None;
    }
    work.await
}

async fn connect(host: &Host<&str>, port: u16) -> Result<TcpStream, Unreachable> {
    let stream = match host {
        Host::Domain(name) => {
            let found = tokio::net::lookup_host((*name, port)).await;
            let addresses: Vec<_> = found.map_err(|_| Unreachable::Name)?.collect();
            TcpStream::connect(addresses.as_slice()).await
        }
        Host::Ipv4(address) => TcpStream::connect((*address, port)).await,
        Host::Ipv6(address) => TcpStream::connect((*address, port)).await,
    };
    let stream = stream.map_err(Unreachable::Connection)?;
    stream.set_nodelay(true).map_err(Unreachable::Connection)?;
    Ok(stream)
}

fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress((*address).into())),
    }
}
