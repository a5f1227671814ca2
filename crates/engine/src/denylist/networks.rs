//! Networks of clients for which an entry only reports: the incident team's own scanner, say.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// One network, such as `192.0.2.0/24`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network([u8; Network::SIZE]);

/// Some networks, as the store keeps them; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Networks<'a>(&'a [u8]);

/// IPv4 addresses are kept as IPv6 ones, behind this many bits (RFC 4291, section 2.5.5.2).
const MAPPED: u8 = 96;

impl Network {
    /// The bytes of one: the length of its prefix, and an address.
    pub const SIZE: usize = 17;

    /// As the store keeps it.
    pub fn as_bytes(&self) -> &[u8; Network::SIZE] {
        &self.0
    }

    fn parts(&self) -> (u8, u128) {
        let [prefix, address @ ..] = self.0;
        (prefix.min(128), u128::from_be_bytes(address))
    }

    fn contains(&self, address: u128) -> bool {
        let (prefix, network) = self.parts();
        (address ^ network).checked_shr(128 - u32::from(prefix)).unwrap_or(0) == 0
    }
}

impl<'a> Networks<'a> {
    /// Those of some bytes; `None` where they are damaged.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Networks<'a>> {
        (bytes.len() % Network::SIZE == 0).then_some(Networks(bytes))
    }

    /// As the store keeps them: one behind the other.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Network> + 'a {
        let chunks = self.0.chunks_exact(Network::SIZE);
        chunks.filter_map(|chunk| chunk.try_into().ok().map(Network))
    }

    /// Whether a client is in one of them. What is no address, such as `unix:`, is in none.
    pub fn contain(&self, client: &[u8]) -> bool {
        if self.is_empty() {
            return false;
        }
        let client = std::str::from_utf8(client).ok().and_then(|text| text.parse().ok());
        let client: Option<IpAddr> = client;
        client.is_some_and(|client| {
            let client = u128::from(mapped(client));
            self.iter().any(|network| network.contains(client))
        })
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

impl FromStr for Network {
    type Err = &'static str;

    /// An address, or one with the length of its prefix.
    fn from_str(text: &str) -> Result<Network, &'static str> {
        const WRONG: &str = "a network is an address or a CIDR range: 192.0.2.7, 192.0.2.0/24, \
                             2001:db8::/32";
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| WRONG)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let skipped = if address.is_ipv4() { MAPPED } else { 0 };
        let prefix = prefix.unwrap_or(128 - skipped).checked_add(skipped);
        let prefix = prefix.filter(|prefix| *prefix <= 128).ok_or(WRONG)?;
        let bits = u128::from(mapped(address));
        if bits.checked_shl(u32::from(prefix)).unwrap_or(0) != 0 {
            return Err("the address of a network has bits behind its prefix; write 192.0.2.0/24");
        }
        let mut bytes = [0; Network::SIZE];
        let (first, rest) = bytes.split_at_mut(1);
        first.fill(prefix);
        rest.copy_from_slice(&bits.to_be_bytes());
        Ok(Network(bytes))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, bits) = self.parts();
        let address = Ipv6Addr::from(bits);
        match address.to_ipv4_mapped() {
            Some(address) if prefix >= MAPPED => write!(f, "{address}/{}", prefix - MAPPED),
            _ => write!(f, "{address}/{prefix}"),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Separated by commas.
impl fmt::Display for Networks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, network) in self.iter().enumerate() {
            write!(f, "{}{network}", if number > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_network() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.0/24", "unix:", false),
            ("192.0.2.0/24", "", false),
        ];
        for (network, client, expected) in cases {
            let network: Network = network.parse().unwrap();
            let networks = Networks::from_bytes(network.as_bytes()).unwrap();
            assert_eq!(networks.contain(client.as_bytes()), expected, "{network} {client}");
        }
    }

    #[test]
    fn networks_as_people_write_them() {
        for text in ["192.0.2.0/24", "2001:db8::/32", "::/0", "0.0.0.0/0", "::1/128"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("192.0.2.7".parse::<Network>().unwrap().to_string(), "192.0.2.7/32");
        for text in ["", "192.0.2.1/24", "192.0.2.0/33", "::/129", "example.com", "1.2.3/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert_eq!(Networks::from_bytes(b"short"), None);
    }
}
