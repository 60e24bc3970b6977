//! The proxy that requests to other machines go through: it is asked for a tunnel (CONNECT), and
//! what goes through that is the same as without it. Proxies of the environment are not used.

use super::endpoint::{BadEndpoint, Endpoint};
use super::talk::{connect, limited};
use super::{AGENT, Failed};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::pin::pin;
use tokio::net::TcpStream;

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy(Endpoint);

/// A text that is no address of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the address of a proxy such as http://proxy.example:4750, without a user, a password or \
     a path"
)]
pub struct BadProxy;

impl From<BadEndpoint> for BadProxy {
    fn from(_: BadEndpoint) -> Self {
        Self
    }
}

impl Proxy {
    /// Reads its address. What goes through it is secured from here to the receiver, not to it.
    pub fn parse(text: &str) -> Result<Self, BadProxy> {
        let endpoint = Endpoint::parse(text)?;
        let is_plain = !endpoint.is_https && endpoint.path.is_empty();
        is_plain.then_some(Self(endpoint)).ok_or(BadProxy)
    }

    /// A connection through it to a name or an address, with a port.
    pub(super) async fn tunnel(&self, place: &str) -> Result<TcpStream, Failed> {
        let addresses = self.0.addresses().await.map_err(|_| Failed::NoProxy)?;
        let stream = connect(&addresses).await.ok_or(Failed::NoProxy)?;
        let request = Request::builder()
            .method(Method::CONNECT)
            .uri(place)
            .header(HOST, place)
            .header(USER_AGENT, AGENT)
            .body(Empty::<Bytes>::new());
        let request = request.map_err(|_| Failed::Nameless)?;
        let made = limited().handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = made.map_err(|_| Failed::NoProxy)?;
        let mut connection = pin!(connection.with_upgrades());
        let mut asked = pin!(async move {
            let response = sender.send_request(request).await.map_err(|_| Failed::NoProxy)?;
            if !response.status().is_success() {
                return Err(Failed::NotLetThrough);
            }
            hyper::upgrade::on(response).await.map_err(|_| Failed::NoProxy)
        });
        // Neither branch that is dropped is needed any more; a connection that ended has handed
        // over all that came.
        let opened = tokio::select! {
            opened = &mut asked => opened,
            _ = &mut connection => asked.await,
        };
        let parts = opened?.downcast::<TokioIo<TcpStream>>().map_err(|_| Failed::NoProxy)?;
        // Nobody may speak in there before this side did.
        if parts.read_buf.is_empty() { Ok(parts.io.into_inner()) } else { Err(Failed::NoProxy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_plain_address_and_nothing_more() {
        for text in ["http://proxy.example:4750", "http://127.0.0.1:3128/", "http://[::1]:8080"] {
            assert!(Proxy::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "proxy.example:4750",
            "https://proxy.example:4750",
            "socks5://proxy.example:1080",
            "http://u:p@proxy.example:4750",
            "http://proxy.example:4750/path",
            "http://proxy.example:4750?x=1",
        ] {
            assert_eq!(Proxy::parse(text), Err(BadProxy), "{text}");
        }
    }
}
