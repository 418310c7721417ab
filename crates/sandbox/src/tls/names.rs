//! The platform's host names, and the refusal of every other.

use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

/// The names that programs have in them for the platform.
pub(crate) const HOSTS: [&str; 4] =
    ["api.weixin.qq.com", "mp.weixin.qq.com", "open.weixin.qq.com", "file.api.weixin.qq.com"];

/// True for one of the platform's names, without a port.
pub(crate) fn is_platform(host: &str) -> bool {
    HOSTS.iter().any(|known| known.eq_ignore_ascii_case(host))
}

/// Which names a listener answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// The platform's only: the proxy is no way to anything else.
    Platform,
    /// The platform's, and this machine's own.
    PlatformAndLoopback,
}

impl Names {
    /// Puts the check in front of an application.
    pub(crate) fn guard(self, app: Router) -> Router {
        app.layer(middleware::from_fn(move |request, next| check(self, request, next)))
    }

    fn knows(self, host: &str) -> bool {
        is_platform(host) || (self == Self::PlatformAndLoopback && is_loopback(host))
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A host without its port and without brackets.
pub(crate) fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

/// What a refused program, and whoever reads its log, is told.
pub(crate) fn refusal(host: &str) -> String {
    format!(
        "The Hongyan sandbox stands in for {hosts} only; it refuses {host:?}.\n\
         Requests to this machine and to other services must not go through it: set NO_PROXY=127.0.0.1,localhost, and list other hosts there.\n\
         鸿雁沙箱只代替 {hosts}，拒绝访问 {host:?}。\n\
         发给本机和其他服务的请求不应经过这里：请设置 NO_PROXY=127.0.0.1,localhost，并把其他域名也加进去。\n",
        hosts = HOSTS.join(", "),
    )
}

/// The address line and the `Host` header both name the server; neither may name another one.
async fn check(names: Names, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).map(|value| value.to_str().unwrap_or("?"));
    let stranger = match (request.uri().host(), header.map(without_port)) {
        (None, None) => Some("a request without a host name"),
        (line, header) => [line, header].into_iter().flatten().find(|host| !names.knows(host)),
    };
    match stranger.map(refusal) {
        None => next.run(request).await,
        Some(text) => (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_count() {
        for good in ["api.weixin.qq.com", "API.weixin.qq.com", "file.api.weixin.qq.com"] {
            assert!(Names::Platform.knows(good), "{good}");
        }
        for bad in ["weixin.qq.com", "xapi.weixin.qq.com", "api.weixin.qq.com.evil.example", "127.0.0.1", ""]
        {
            assert!(!Names::Platform.knows(bad), "{bad}");
        }
        for good in ["localhost", "127.0.0.1", "::1", "mp.weixin.qq.com"] {
            assert!(Names::PlatformAndLoopback.knows(good), "{good}");
        }
        assert!(!Names::PlatformAndLoopback.knows("10.0.0.1"));
    }

    #[test]
    fn the_port_is_left_out() {
        for (given, bare) in
            [("a.b:443", "a.b"), ("a.b", "a.b"), ("[::1]:7443", "::1"), ("127.0.0.1:1", "127.0.0.1")]
        {
            assert_eq!(without_port(given), bare);
        }
    }
}
