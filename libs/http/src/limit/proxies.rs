use std::net::IpAddr;
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Whose word about where a request comes from is taken.
///
/// A proxy appends the address that it was called from, so the list is read from its end: what a trusted proxy said is believed, and the first address that
/// is no trusted proxy is the client. Whatever stands before it the client may have made up. What cannot be read ends the list: then the
/// proxy that passed it on counts as the client.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    blocks: Vec<Block>,
    header: ProxyHeader,
}

/// The one header that the proxies write. A client can send the other one through them, so it is not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// Addresses with the same beginning, an IPv4 address as an IPv6 one that is mapped to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    begin: u128,
    mask: u128,
}

impl TrustedProxies {
    /// `10.0.0.0/8, 2001:db8::1`; None where that is not what it is.
    pub fn parse(text: &str, header: ProxyHeader) -> Option<Self> {
        let blocks = text.split(',').map(|block| Block::parse(block.trim())).collect::<Option<_>>()?;
        Some(Self { blocks, header })
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.blocks.iter().any(|block| number(address) & block.mask == block.begin)
    }

    /// The address of the client of a request that came from `peer`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let name = match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => FORWARDED,
        };
        for line in headers.get_all(name).iter().rev() {
            // Not UTF-8, not ASCII: an element that cannot be read.
            let line = line.to_str().unwrap_or_default();
            let elements: Vec<Option<&str>> = match self.header {
                ProxyHeader::XForwardedFor => line.split(',').map(Some).collect(),
                ProxyHeader::Forwarded => elements(line),
            };
            for element in elements.into_iter().rev() {
                let Some(address) = element.and_then(|node| address(node.trim())) else { return client };
                client = address;
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }
}

impl FromStr for ProxyHeader {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(()),
        }
    }
}

impl Block {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().ok()?;
        let most: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            // `parse` alone would take `+8`.
            Some(length) if !length.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            Some(length) => length.parse().ok().filter(|length| *length <= most)?,
        };
        let mask = u128::MAX.checked_shl(most - length).unwrap_or(0);
        Some(Self { begin: number(address) & mask, mask })
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(node: &str) -> Option<IpAddr> {
    let port = |text: &str| text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let address = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            IpAddr::V6(address.parse().ok().filter(|_| port(rest))?)
        }
        None => match node.parse() {
            Ok(address) => address,
            Err(_) => {
                let (address, _) = node.split_once(':').filter(|(address, _)| port(&node[address.len()..]))?;
                IpAddr::V4(address.parse().ok()?)
            }
        },
    };
    Some(address.to_canonical())
}

/// What `for` is in each element of a line of RFC 7239; None where it has none, or the element is not of that form.
fn elements(line: &str) -> Vec<Option<&str>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let end = end_of(rest, b',');
        found.push(node(&rest[..end]));
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

fn node(element: &str) -> Option<&str> {
    let mut found = None;
    let mut rest = element;
    loop {
        let end = end_of(rest, b';');
        let (name, value) = rest[..end].trim().split_once('=')?;
        let value = match value.strip_prefix('"') {
            // An escape stands in no address.
            Some(quoted) => quoted.strip_suffix('"').filter(|text| !text.contains(['"', '\\']))?,
            None => value,
        };
        if value.contains('"') || name.contains(['"', ' ']) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

/// Where `text` has the first separator outside of quotes, or ends.
fn end_of(text: &str, separator: u8) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return position,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn client(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let trusted = TrustedProxies::parse("10.0.0.0/8, 2001:db8:ffff::/48,127.0.0.1", header).expect("blocks");
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().expect("a header value"));
            headers.append(FORWARDED, line.parse().expect("a header value"));
        }
        trusted.client(peer.parse().expect("an address"), &headers).to_string()
    }

    /// THREATS 57. Mutants: the first address of the list instead of the last that is no proxy; headers of peers that are not trusted.
    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        for (peer, lines, expected) in [
            (PROXY, &["192.0.2.1"][..], "192.0.2.1"),
            (PROXY, &["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (PROXY, &["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            (PROXY, &["203.0.113.9, 192.0.2.1, 10.0.0.2", "10.0.0.3"], "192.0.2.1"),
            (PROXY, &["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            ("::ffff:10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("2001:db8:ffff:1::1", &["2001:db8::7"], "2001:db8::7"),
            ("2001:db8:fffe::1", &["192.0.2.1"], "2001:db8:fffe::1"),
            ("198.51.100.1", &["192.0.2.1"], "198.51.100.1"),
            ("11.0.0.1", &["192.0.2.1"], "11.0.0.1"),
            (PROXY, &[], PROXY),
            (PROXY, &[""], PROXY),
            (PROXY, &["192.0.2.1:4711"], "192.0.2.1"),
            (PROXY, &["[2001:db8::1]:4711"], "2001:db8::1"),
            (PROXY, &["[2001:db8::1]"], "2001:db8::1"),
            (PROXY, &["2001:db8::1"], "2001:db8::1"),
            (PROXY, &["::ffff:192.0.2.1"], "192.0.2.1"),
            // What cannot be read ends the list.
            (PROXY, &["192.0.2.1, unknown"], PROXY),
            (PROXY, &["192.0.2.1, garbage, 10.0.0.2"], "10.0.0.2"),
            (PROXY, &["192.0.2.1,"], PROXY),
            (PROXY, &["192.0.2.256"], PROXY),
            (PROXY, &["[192.0.2.1]"], PROXY),
            (PROXY, &["192.0.2.1:99999"], PROXY),
            (PROXY, &["2001:db8::1%eth0"], PROXY),
            (PROXY, &["for=192.0.2.1"], PROXY),
        ] {
            assert_eq!(client(ProxyHeader::XForwardedFor, peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn the_standards_header_is_read_where_it_is_the_proxys() {
        for (lines, expected) in [
            (&["for=192.0.2.1"][..], "192.0.2.1"),
            (&["For=\"192.0.2.1:80\";proto=http;by=10.0.0.1"], "192.0.2.1"),
            (&["for=203.0.113.9, for=\"[2001:db8::1]:80\""], "2001:db8::1"),
            (&["for=203.0.113.9", "for=192.0.2.1, for=10.0.0.7"], "192.0.2.1"),
            (&["proto=http;for=192.0.2.1;host=\"a,b;for=1.1.1.1\""], "192.0.2.1"),
            (&["for=unknown"], PROXY),
            (&["for=_hidden"], PROXY),
            (&["proto=http"], PROXY),
            (&["for=192.0.2.1;for=192.0.2.2"], PROXY),
            (&["192.0.2.1"], PROXY),
            // A client that leaves a quote open before the proxy appends its own.
            (&["for=203.0.113.9;x=\", for=192.0.2.1"], PROXY),
            (&["for=203.0.113.9, for=\", for=\"[2001:db8::1]\""], PROXY),
            (&["for=203.0.113.9;x=\"\\, for=\"192.0.2.1\""], PROXY),
        ] {
            assert_eq!(client(ProxyHeader::Forwarded, PROXY, lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn blocks_are_addresses_and_lengths() {
        for good in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "::1", "10.1.2.3/32,::1/128", "10.1.2.3/9"] {
            assert!(TrustedProxies::parse(good, ProxyHeader::default()).is_some(), "{good}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "host", "10.0.0.0/8,", "*"] {
            assert!(TrustedProxies::parse(bad, ProxyHeader::default()).is_none(), "{bad}");
        }
        let all = TrustedProxies::parse("0.0.0.0/0", ProxyHeader::default()).expect("a block");
        assert!(all.trusts("192.0.2.1".parse().expect("an address")));
        assert!(!all.trusts("2001:db8::1".parse().expect("an address")));
        assert!(!TrustedProxies::default().trusts("127.0.0.1".parse().expect("an address")));
    }

    proptest! {
        /// Whatever a client sends, the address that the proxy appends is the one that counts, or the proxy's own.
        #[test]
        fn nobody_passes_for_another_address(sent in "[ -~]{0,40}", forwarded in any::<bool>(), same_line in any::<bool>()) {
            let (header, own) = match forwarded {
                true => (ProxyHeader::Forwarded, "for=\"192.0.2.1:80\";proto=https"),
                false => (ProxyHeader::XForwardedFor, "192.0.2.1"),
            };
            let together = format!("{sent}, {own}");
            let lines: &[&str] = if same_line { &[&together] } else { &[&sent, own] };
            let client = client(header, PROXY, lines);
            prop_assert!(client == "192.0.2.1" || forwarded && same_line && client == PROXY, "{client}");
        }
    }
}
