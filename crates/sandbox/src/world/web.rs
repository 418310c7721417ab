//! What one account knows of the web: its domains, codes, web tokens and tickets.

pub(crate) mod authorize;
pub(crate) mod grant;
pub(crate) mod ticket;
pub(crate) mod signature;

use serde::{Deserialize, Serialize};

use grant::Grants;
use ticket::Tickets;

/// Web login and JS-SDK of one account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Web {
    pub(crate) domains: Domains,
    pub(crate) grants: Grants,
    pub(crate) tickets: Tickets,
}

/// The domains an operator enters; none takes any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Domains {
    /// 网页授权域名
    pub(crate) oauth: Option<String>,
    /// JS 接口安全域名
    pub(crate) js: Option<String>,
}

/// True when an address is on the domain; a port counts when the domain names one, subdomains do not count.
pub(crate) fn on_domain(url: &url::Url, domain: Option<&str>) -> bool {
    let (Some(host), Some(domain)) = (url.host_str(), domain) else { return url.has_host() };
    let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
    host.eq_ignore_ascii_case(domain) || with_port.is_some_and(|both| both.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_one_host_and_a_port_counts_when_it_is_named() {
        let on = |url: &str, domain| on_domain(&url::Url::parse(url).unwrap(), domain);
        assert!(on("https://anything.example/", None));
        assert!(on("https://shop.example/a?b", Some("shop.example")));
        assert!(on("http://Shop.example:3000/", Some("shop.example")));
        assert!(on("http://127.0.0.1:3000/", Some("127.0.0.1:3000")));
        assert!(on("https://shop.example/", Some("shop.example:443")));
        assert!(!on("http://127.0.0.1:3001/", Some("127.0.0.1:3000")));
        assert!(!on("https://www.shop.example/", Some("shop.example")));
        assert!(!on("https://shop.example.evil.example/", Some("shop.example")));
    }
}
