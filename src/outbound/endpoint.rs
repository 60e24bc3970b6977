//! Where another server is: read once, and compared where an answer names an address again.

use super::{AGENT, Failed};
use hyper::Method;
use hyper::Request;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::http::request::Builder;
use std::net::SocketAddr;
use url::{Host, Url};

/// How many addresses of one name are tried.
pub(crate) const ADDRESSES_MAX: usize = 4;

/// Where another server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) is_https: bool,
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// The `Host` header.
    pub(crate) authority: String,
    /// What every path begins with; without a slash at its end.
    pub(crate) path: String,
}

/// Why a text is no address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// It cannot be read.
    #[error("write an address such as https://models.example/v1 or http://127.0.0.1:8001")]
    Unreadable,
    /// It holds a user, a password, a query or a fragment.
    #[error("such an address holds no user, password, query or fragment")]
    Extras,
}

impl Endpoint {
    /// Reads an address that is nothing but one.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let url = Url::parse(text).map_err(|_| BadEndpoint::Unreadable)?;
        let endpoint = Self::of(&url).ok_or(BadEndpoint::Unreadable)?;
        if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err(BadEndpoint::Extras);
        }
        Ok(endpoint)
    }

    /// The server of an address, whatever else is in it; none where it is not asked by HTTP.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let path = url.path().trim_end_matches('/').to_owned();
        Some(Self { is_https, host, port, authority, path })
    }

    /// Whether both are on the same server.
    pub(crate) fn is_same_server(&self, other: &Self) -> bool {
        self.is_https == other.is_https && self.host == other.host && self.port == other.port
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        !self.is_https && !self.is_here()
    }

    /// Whether it is on this machine, by its name.
    pub(crate) fn is_here(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Its name and port, for messages.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A request to it that is the only one on its connection.
    pub(crate) fn request(&self, method: Method, target: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.authority.as_str())
            .header(USER_AGENT, AGENT)
            .header(CONNECTION, "close")
    }

    /// Where to connect to: looked up where it has a name.
    pub(crate) async fn addresses(&self) -> Result<Vec<SocketAddr>, Failed> {
        match &self.host {
            Host::Ipv4(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Ipv6(address) => Ok(vec![SocketAddr::from((*address, self.port))]),
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name.as_str(), self.port)).await;
                Ok(found.map_err(|_| Failed::Unresolved)?.take(ADDRESSES_MAX).collect())
            }
        }
    }
}

/// Whether an address holds a user or a password.
pub(crate) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_what_is_none_refused() {
        let endpoint = Endpoint::parse("https://models.example/v1/").expect("an address");
        assert_eq!((endpoint.path.as_str(), endpoint.port), ("/v1", 443));
        assert!(!endpoint.is_in_the_clear());
        let here = Endpoint::parse("http://127.0.0.1:11434").expect("an address");
        assert_eq!((here.authority.as_str(), here.path.as_str()), ("127.0.0.1:11434", ""));
        assert!(!here.is_in_the_clear() && here.place() == "127.0.0.1:11434");
        assert!(Endpoint::parse("http://gpu.example/").is_ok_and(|it| it.is_in_the_clear()));
        for text in ["", "models.example", "file:///etc/passwd", "ftp://models.example"] {
            assert_eq!(Endpoint::parse(text), Err(BadEndpoint::Unreadable), "{text}");
        }
        for text in [
            "https://key@models.example",
            "http://u:p@models.example",
            "https://models.example/?key=1",
            "https://models.example#a",
        ] {
            assert_eq!(Endpoint::parse(text), Err(BadEndpoint::Extras), "{text}");
        }
    }

    #[test]
    fn a_server_is_the_same_by_scheme_name_and_port_whatever_the_path() {
        let here = Endpoint::parse("http://planexe.example:8000/lab").expect("an address");
        let is_same = |text| here.is_same_server(&Endpoint::parse(text).expect("an address"));
        assert!(
            is_same("http://planexe.example:8000/other") && is_same("HTTP://PLANEXE.example:8000")
        );
        for other in [
            "https://planexe.example:8000/lab",
            "http://planexe.example/lab",
            "http://planexe.example.evil.example:8000/lab",
        ] {
            assert!(!is_same(other), "{other}");
        }
    }
}
