//! The list of addresses an account may be called from.

use std::net::IpAddr;

/// One line of the list: an address, or a network in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (base, bits) = match text.trim().split_once('/') {
            Some((base, bits)) => (base.parse().ok()?, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim().parse().ok()?, None),
        };
        let base: IpAddr = base;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Network { base, bits })
    }

    fn holds(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(base.to_bits().into(), address.to_bits().into(), u32::from(self.bits) + 96)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same(base.to_bits(), address.to_bits(), u32::from(self.bits))
            }
            _ => false,
        }
    }
}

/// True when the first `bits` of 128 agree.
fn same(one: u128, other: u128, bits: u32) -> bool {
    (one ^ other).leading_zeros() >= bits
}

/// Who may call; without a list everybody may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IpList {
    lines: Option<(Vec<String>, Vec<Network>)>,
}

impl IpList {
    /// A list of these lines; the first wrong one is given back.
    pub(crate) fn new(lines: Option<Vec<String>>) -> Result<Self, String> {
        let Some(lines) = lines else { return Ok(IpList::default()) };
        let networks = lines.iter().map(|line| Network::parse(line).ok_or_else(|| line.clone()));
        let networks = networks.collect::<Result<Vec<_>, _>>()?;
        Ok(IpList { lines: Some((lines, networks)) })
    }

    pub(crate) fn lines(&self) -> Option<&[String]> {
        self.lines.as_ref().map(|(lines, _)| lines.as_slice())
    }

    /// Whether this address may call.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.lines.as_ref().is_none_or(|(_, networks)| networks.iter().any(|network| network.holds(address)))
    }
}

/// What the platform says to an address that is not listed.
pub(crate) fn refusal(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("invalid ip {v4} ipv6 ::ffff:{v4}, not in whitelist"),
        IpAddr::V6(v6) => format!("invalid ip {v6} ipv6 {v6}, not in whitelist"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> IpList {
        IpList::new(Some(lines.iter().map(|line| (*line).to_owned()).collect())).unwrap()
    }

    fn admits(list: &IpList, address: &str) -> bool {
        list.admits(address.parse().unwrap())
    }

    #[test]
    fn addresses_and_networks_are_held_to_the_bit() {
        let list = list(&["1.2.3.4", "10.0.0.0/9", "2001:db8::/32", "0.0.0.1/32"]);
        for good in ["1.2.3.4", "10.127.255.255", "::ffff:1.2.3.4", "2001:db8:1::1"] {
            assert!(admits(&list, good), "{good}");
        }
        for bad in ["1.2.3.5", "10.128.0.0", "2001:db9::1", "127.0.0.1", "::1"] {
            assert!(!admits(&list, bad), "{bad}");
        }
        assert!(admits(&self::list(&["0.0.0.0/0"]), "8.8.8.8"));
    }

    #[test]
    fn no_list_admits_everybody_and_an_empty_one_nobody() {
        assert!(admits(&IpList::default(), "8.8.8.8"));
        assert!(!admits(&list(&[]), "127.0.0.1"));
    }

    #[test]
    fn wildcards_and_long_masks_are_wrong_lines() {
        for bad in ["1.2.3.*", "1.2.3.4/33", "::/129", "host", "1.2.3.4/-1", ""] {
            assert_eq!(IpList::new(Some(vec![bad.to_owned()])), Err(bad.to_owned()));
        }
    }

    #[test]
    fn the_refusal_names_the_caller_twice() {
        assert_eq!(
            refusal("::ffff:1.2.3.4".parse().unwrap()),
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist"
        );
    }
}
