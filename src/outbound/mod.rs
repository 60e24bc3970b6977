//! Requests to other servers: each on a connection of its own, with TLS by the public authorities
//! and those that an operator adds, through the proxy that an operator names, and its answer within
//! a limit. Redirects and cookies are unknown here; what a failure means is for those who asked.

mod endpoint;
mod proxy;
mod talk;

pub(crate) use endpoint::{ADDRESSES_MAX, has_user};
pub use endpoint::{BadEndpoint, Endpoint};
pub use proxy::{BadProxy, Proxy};

use crate::planted::is_planted;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use talk::{connect, secured, server_name, talk};
use tokio::net::TcpStream;

/// Who asks.
pub(crate) const AGENT: &str = concat!("planexe-ax/", env!("CARGO_PKG_VERSION"));

/// Why a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Its name is not known.
    Unresolved,
    /// Nobody takes a connection there.
    Unreachable,
    /// It is called what no certificate can be for.
    Nameless,
    /// Its certificate is not valid for the name, or by nobody who is trusted.
    Certificate,
    /// It broke off, or did not speak HTTP.
    Broken,
    /// The proxy is not there, or is none.
    NoProxy,
    /// The proxy lets nothing through to there.
    NotLetThrough,
}

/// Why an answer was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has more than is read.
    TooMuch,
    /// It broke off.
    BrokenOff,
}

/// The way out of this machine; clones are the same one.
#[derive(Clone)]
pub(crate) struct Way {
    tls: Arc<ClientConfig>,
    proxy: Option<Proxy>,
}

impl Way {
    /// One that trusts the public authorities, and these.
    pub(crate) fn new(authorities: &[CertificateDer<'static>], proxy: Option<Proxy>) -> Self {
        Self { tls: talk::tls(authorities), proxy }
    }

    /// Sends one request to a server that an operator named, and reads the answer with what is
    /// given for it. What is on this machine is asked without the proxy.
    pub(crate) async fn exchange<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        let stream = match self.proxy.as_ref().filter(|_| !endpoint.is_here()) {
            Some(proxy) => proxy.tunnel(&endpoint.place()).await?,
            None => connect(&endpoint.addresses().await?).await.ok_or(Failed::Unreachable)?,
        };
        self.speak(endpoint, stream, request, read).await
    }

    /// The same for a server that others named, where the proxy judges where it is; none without a
    /// proxy.
    pub(crate) async fn exchange_by_name<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        let proxy = self.proxy.as_ref().ok_or(Failed::NoProxy)?;
        let stream = proxy.tunnel(&endpoint.place()).await?;
        self.speak(endpoint, stream, request, read).await
    }

    /// The same at these addresses and no others, which the caller looked up and judged: a proxy
    /// is asked for the address, so that nobody looks the name up again.
    pub(crate) async fn exchange_at<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        addresses: &[SocketAddr],
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        let stream = match self.proxy.as_ref().filter(|_| !is_planted("proxy_gone_around")) {
            Some(proxy) => first_tunnel(proxy, addresses).await?,
            None => connect(addresses).await.ok_or(Failed::Unreachable)?,
        };
        self.speak(endpoint, stream, request, read).await
    }

    async fn speak<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        stream: TcpStream,
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        if !endpoint.is_https {
            return talk(stream, request, read).await;
        }
        let name = server_name(&endpoint.host).ok_or(Failed::Nameless)?;
        let stream = secured(&self.tls, name, stream).await?;
        talk(stream, request, read).await
    }
}

/// A connection to the first of these addresses to which the proxy lets one through.
async fn first_tunnel(proxy: &Proxy, addresses: &[SocketAddr]) -> Result<TcpStream, Failed> {
    let mut why = Failed::Unreachable;
    for address in addresses {
        match proxy.tunnel(&address.to_string()).await {
            Ok(stream) => return Ok(stream),
            Err(failed) => why = failed,
        }
    }
    Err(why)
}

/// The whole body of an answer, as long as it is not longer than this.
pub(crate) async fn whole(body: Incoming, bytes_max: usize) -> Result<Bytes, Unread> {
    let read = Limited::new(body, bytes_max).collect().await;
    let read = read.map_err(|error| match error.is::<LengthLimitError>() {
        true => Unread::TooMuch,
        false => Unread::BrokenOff,
    })?;
    Ok(read.to_bytes())
}
