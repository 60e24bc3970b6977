//! Which addresses may be connected to: public ones, and the networks that an operator opened.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// What is not public in version 4, each with the bits that count.
const CLOSED_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What is public in version 6; loopback, private, link-local and multicast addresses, mapped and
/// translated ones of version 4 are all outside.
const OPEN_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is not public in there: Teredo and other protocols' own, documentation, 6to4.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Addresses for documentation, which no machine has.
const NOBODYS_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const NOBODYS_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// A network: an address, and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write an address and its bits, such as 10.1.0.0/16")]
pub struct BadNetwork(String);

impl Network {
    /// Reads a network, or a single address.
    pub fn parse(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (base, bits) = match text.trim().split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text.trim(), None),
        };
        let base: IpAddr = base.parse().map_err(|_| bad())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse::<u32>).map_err(|_| bad())?;
        if bits > most {
            return Err(bad());
        }
        Ok(Self { base, bits })
    }

    /// Whether an address is in it.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => holds_v4((base, self.bits), address),
            (IpAddr::V6(base), IpAddr::V6(address)) => holds_v6((base, self.bits), address),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// Whether an address is one of this machine's: only such a one can be listened on. Where the
/// system lets any address be listened on, it cannot be told.
pub(super) fn is_of_this_machine(address: IpAddr) -> bool {
    let nobodys: IpAddr = match address {
        IpAddr::V4(_) => NOBODYS_V4.into(),
        IpAddr::V6(_) => NOBODYS_V6.into(),
    };
    let can_be_bound = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    can_be_bound(address) && !can_be_bound(nobodys)
}

/// Whether an address is one of the public ones.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|closed| holds_v4(*closed, address)),
        IpAddr::V6(address) => {
            holds_v6(OPEN_V6, address) && !CLOSED_V6.iter().any(|closed| holds_v6(*closed, address))
        }
    }
}

fn holds_v4((base, bits): (Ipv4Addr, u32), address: Ipv4Addr) -> bool {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    base.to_bits() & mask == address.to_bits() & mask
}

fn holds_v6((base, bits): (Ipv6Addr, u32), address: Ipv6Addr) -> bool {
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    base.to_bits() & mask == address.to_bits() & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(address: &str, opened: &[&str]) -> bool {
        let address: IpAddr = address.parse().expect("an address");
        let mut networks = opened.iter().map(|text| Network::parse(text).expect("a network"));
        is_public(address) || networks.any(|network| network.holds(address.to_canonical()))
    }

    #[test]
    fn public_addresses_are_open() {
        for address in
            ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"]
        {
            assert!(opens(address, &[]), "{address}");
        }
    }

    #[test]
    fn whatever_is_not_public_is_closed() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!opens(address, &[]), "{address}");
        }
    }

    #[test]
    fn an_operator_opens_networks_and_nothing_beside_them() {
        assert!(opens("127.0.0.1", &["127.0.0.0/8"]));
        assert!(opens("::ffff:127.0.0.1", &["127.0.0.0/8"]));
        assert!(opens("fd12::9", &["10.0.0.0/8", "fd00::/8"]));
        assert!(opens("10.9.8.7", &["0.0.0.0/0"]));
        assert!(!opens("10.1.0.1", &["10.0.0.0/16", "127.0.0.1"]));
        assert!(!opens("::1", &["127.0.0.0/8"]));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "x/8", "::/129", "10.0.0.0/-1"] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_machine_knows_its_own_addresses() {
        for (address, is_own) in [("127.0.0.1", true), ("127.8.9.1", true), ("1.1.1.1", false)] {
            let address = address.parse().expect("an address");
            assert_eq!(is_of_this_machine(address), is_own, "{address}");
        }
    }
}
