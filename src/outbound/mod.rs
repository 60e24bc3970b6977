//! Requests to other servers: each on a connection of its own, with TLS by the public authorities
//! and those that an operator adds, and its answer within a limit. Redirects and cookies are unknown
//! here; what a failure means for whoever asked, they say themselves.

mod endpoint;
mod talk;

pub(crate) use endpoint::{ADDRESSES_MAX, has_user};
pub use endpoint::{BadEndpoint, Endpoint};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use talk::{connect, secured, server_name, talk};

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
}

impl Way {
    /// One that trusts the public authorities, and these.
    pub(crate) fn new(authorities: &[CertificateDer<'static>]) -> Self {
        Self { tls: talk::tls(authorities) }
    }

    /// Sends one request to a server, and reads the answer with what is given for it.
    pub(crate) async fn exchange<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        let addresses = endpoint.addresses().await?;
        self.exchange_at(endpoint, &addresses, request, read).await
    }

    /// The same, at these addresses and no others, which the caller looked up and judged.
    pub(crate) async fn exchange_at<T, F: Future<Output = T>>(
        &self,
        endpoint: &Endpoint,
        addresses: &[SocketAddr],
        request: Request<Full<Bytes>>,
        read: impl FnOnce(Response<Incoming>) -> F,
    ) -> Result<T, Failed> {
        let stream = connect(addresses).await.ok_or(Failed::Unreachable)?;
        if !endpoint.is_https {
            return talk(stream, request, read).await;
        }
        let name = server_name(&endpoint.host).ok_or(Failed::Nameless)?;
        let stream = secured(&self.tls, name, stream).await?;
        talk(stream, request, read).await
    }
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
