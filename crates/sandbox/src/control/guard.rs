//! Keeps web pages from elsewhere out of the control API and the sandbox's own pages, by the names they call with.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::problem::Problem;

/// The names this sandbox answers to.
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    pub(crate) fn new(address: SocketAddr, allowed: &[String]) -> Self {
        let mut names = allowed.to_vec();
        if !address.ip().is_unspecified() {
            names.push(address.ip().to_string());
        }
        Hosts(names)
    }

    /// True for a host with or without a port.
    fn knows(&self, host: &str) -> bool {
        let bare = match host.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let loopback = bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        loopback
            || bare.eq_ignore_ascii_case("localhost")
            || self.0.iter().any(|name| name == bare || name == host)
    }

    /// True for an origin whose host is known.
    fn knows_origin(&self, origin: &str) -> bool {
        url::Url::parse(origin).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|h| self.knows(h))
        })
    }
}

/// Refuses requests whose `Host` or `Origin` is not one of the sandbox's names.
pub(crate) async fn check(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    match refused(&hosts, &request) {
        None => next.run(request).await,
        Some(what) => Problem::new(
            StatusCode::FORBIDDEN,
            format!("the control API and the pages of the sandbox do not take {what}"),
            "call it by 127.0.0.1 or localhost, or allow the name when starting the sandbox",
        )
        .into_response(),
    }
}

/// What about the request is not known.
fn refused(hosts: &Hosts, request: &Request) -> Option<String> {
    let text = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).or_else(|| request.uri().host());
    match (host, text(header::ORIGIN)) {
        (Some(host), _) if !hosts.knows(host) => Some(format!("the host name {host:?}")),
        (None, _) => Some("a request without a host name".to_owned()),
        (_, Some(origin)) if !hosts.knows_origin(origin) => Some(format!("the origin {origin:?}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_and_allowed_ones_are_known() {
        let hosts = Hosts::new(([0, 0, 0, 0], 7070).into(), &["box.lan".to_owned()]);
        for good in ["127.0.0.1:7070", "localhost", "LOCALHOST:1", "[::1]:7070", "127.1.2.3", "box.lan:80"] {
            assert!(hosts.knows(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example", "0.0.0.0:7070", "10.0.0.1:7070", ""] {
            assert!(!hosts.knows(bad), "{bad}");
        }
        assert!(hosts.knows_origin("http://localhost:7070"));
        assert!(!hosts.knows_origin("null") && !hosts.knows_origin("http://evil.example"));
    }
}
