//! Where a webhook leads: what its address may be like. To where its name resolves is looked at
//! when it is connected to, each time anew.

use super::address::{Network, is_of_this_machine, is_public};
use crate::outbound::{Endpoint, has_user};
use crate::planted::is_planted;
use std::net::IpAddr;
use url::{Host, Url};

/// What addresses may be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPolicy {
    /// Whether plain HTTP may be used.
    pub allows_http: bool,
    /// The ports beside 443, and 80 for plain HTTP.
    pub ports: Vec<u16>,
    /// The networks that may be reached though they are not public.
    pub networks: Vec<Network>,
    /// The addresses under which others reach this server: they are never sent to.
    pub own_addresses: Vec<Network>,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It cannot be read.
    #[error("this is no address: write one like https://example.com/hook")]
    Unreadable,
    /// It is not HTTPS.
    #[error("webhooks are sent by https only, unless this server's operator allows http")]
    NotHttps,
    /// It holds a user or a password.
    #[error("an address holds no user and no password: the signature is what proves the sender")]
    Userinfo,
    /// The port is not one of those that are allowed.
    #[error("port {0} is not open to webhooks: take 443, or ask this server's operator")]
    Port(u16),
    /// A number in place of a name.
    #[error("a name is needed in place of the number {0}, unless the operator opened its network")]
    Literal(IpAddr),
}

/// Where a webhook leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    /// Path and query, as they are sent.
    pub(super) path: String,
}

impl TargetPolicy {
    /// Checks the address of a webhook.
    pub fn check(&self, url: &str) -> Result<(), BadTarget> {
        self.target(url).map(drop)
    }

    pub(super) fn target(&self, url: &str) -> Result<Target, BadTarget> {
        let url = Url::parse(url).map_err(|_| BadTarget::Unreadable)?;
        if !(url.scheme() == "https" || url.scheme() == "http" && self.allows_http) {
            return Err(BadTarget::NotHttps);
        }
        if has_user(&url) {
            return Err(BadTarget::Userinfo);
        }
        let endpoint = Endpoint::of(&url).ok_or(BadTarget::Unreadable)?;
        let port = endpoint.port;
        let is_usual = port == 443 || (port == 80 && self.allows_http);
        if !is_usual && !self.ports.contains(&port) {
            return Err(BadTarget::Port(port));
        }
        if let Some(literal) = literal(&endpoint.host)
            && !self.opens_literal(literal)
        {
            return Err(BadTarget::Literal(literal));
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Target { endpoint, path })
    }
}

impl TargetPolicy {
    /// Whether an address may be connected to: a public one that is not this server's own, or one
    /// of a network that the operator opened.
    pub(super) fn opens(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        let holds = |networks: &[Network]| networks.iter().any(|network| network.holds(plain));
        if holds(&self.own_addresses) && !is_planted("webhook_own_address_not_checked") {
            return false;
        }
        holds(&self.networks) || (is_public(address) && !is_of_this_machine(plain))
    }

    /// Also a public number is refused: who owns it cannot be told, and no certificate names it.
    fn opens_literal(&self, literal: IpAddr) -> bool {
        self.opens(literal) && !is_public(literal)
    }
}

/// The address that stands in place of a name.
fn literal(host: &Host<String>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some((*address).into()),
        Host::Ipv6(address) => Some((*address).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allows_http: bool, networks: &[&str]) -> TargetPolicy {
        let networks = networks.iter().map(|text| Network::parse(text).expect("a network"));
        let (networks, own_addresses) = (networks.collect(), Vec::new());
        TargetPolicy { allows_http, ports: vec![8443], networks, own_addresses }
    }

    #[test]
    fn an_address_by_name_is_taken() {
        for url in [
            "https://example.com/hook",
            "https://example.com:443/hook?x=1",
            "https://hooks.example.com:8443/",
            "https://example.com./hook",
            "HTTPS://EXAMPLE.com",
        ] {
            assert_eq!(policy(false, &[]).check(url), Ok(()), "{url}");
        }
        let target = policy(true, &[]).target("http://example.com/a?b=c#d").expect("it is taken");
        assert_eq!((target.endpoint.port, target.endpoint.is_https), (80, false));
        assert_eq!(target.path, "/a?b=c");
        assert_eq!(target.endpoint.authority, "example.com");
    }

    #[test]
    fn a_number_however_it_is_written_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "0177.0.0.01",
            "0x7f.0.0.1",
            "0x7f000001",
            "0x7F.1",
            "2130706433",
            "017700000001",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "%31%32%37.0.0.1",
            "１２７.０.０.１",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "192.168.0.1",
            "8.8.8.8",
            "1.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[2606:4700::1111]",
            "[::127.0.0.1]",
        ] {
            let url = format!("https://{host}/hook");
            let refused = policy(false, &[]).check(&url);
            assert!(matches!(refused, Err(BadTarget::Literal(_))), "{url}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_plain_https_address_is_refused() {
        for (url, why) in [
            ("", BadTarget::Unreadable),
            ("example.com", BadTarget::Unreadable),
            ("//example.com", BadTarget::Unreadable),
            ("https://", BadTarget::Unreadable),
            ("https://[::1%25eth0]/", BadTarget::Unreadable),
            ("https://256.256.256.256/", BadTarget::Unreadable),
            ("https://exa mple.com/", BadTarget::Unreadable),
            ("https://127.0.0.1:99999/", BadTarget::Unreadable),
            ("http://example.com/", BadTarget::NotHttps),
            ("file:///etc/passwd", BadTarget::NotHttps),
            ("gopher://example.com/", BadTarget::NotHttps),
            ("ftp://example.com/", BadTarget::NotHttps),
            ("data:text/plain,x", BadTarget::NotHttps),
            ("https://user@example.com/", BadTarget::Userinfo),
            ("https://user:pw@example.com/", BadTarget::Userinfo),
            ("https://example.com@evil.example/", BadTarget::Userinfo),
            ("https://example.com:22/", BadTarget::Port(22)),
            ("https://example.com:6379/", BadTarget::Port(6379)),
            ("https://example.com:80/", BadTarget::Port(80)),
        ] {
            assert_eq!(policy(false, &[]).check(url), Err(why), "{url}");
        }
    }

    #[test]
    fn an_operator_opens_numbers_of_a_network() {
        let policy = policy(true, &["127.0.0.0/8"]);
        assert_eq!(policy.check("http://127.0.0.1:8443/"), Ok(()));
        assert_eq!(policy.check("http://[::ffff:127.0.0.1]/"), Ok(()));
        assert!(policy.check("http://10.0.0.1/").is_err());
        assert!(policy.check("http://8.8.8.8/").is_err());
    }

    #[test]
    fn the_servers_own_addresses_are_closed_whatever_is_opened() {
        let mut policy = policy(true, &["10.0.0.0/8"]);
        policy.own_addresses = vec![Network::parse("10.7.0.1").expect("an address")];
        policy.own_addresses.push(Network::parse("93.184.215.0/24").expect("a network"));
        for (address, is_open) in [
            ("10.7.0.2", true),
            ("10.7.0.1", false),
            ("::ffff:10.7.0.1", false),
            ("93.184.215.14", false),
            ("93.184.216.14", true),
        ] {
            assert_eq!(policy.opens(address.parse().expect("an address")), is_open, "{address}");
        }
        assert!(policy.check("http://10.7.0.1/").is_err());
    }
}
