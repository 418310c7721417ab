//! Which of the platform's paths a request means, and whether it may be passed on at all.

use hongyan::{Host, endpoint};

/// The longest path and query that are passed on.
const LONGEST: usize = 8 * 1024;

/// A path of the platform with the query that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Such as `/cgi-bin/menu/get`.
    pub(crate) path: String,
    /// The query as it came, without `access_token`.
    pub(crate) query: String,
    /// The `access_token` that it had.
    pub(crate) token: Option<String>,
    /// The host that answers.
    pub(crate) host: Host,
    /// What it is about.
    pub(crate) kind: Kind,
}

/// What a path is about, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Fetches the account's token.
    Token,
    /// Clears the counters of calls.
    ClearQuota,
    /// A step of a web login, which has tokens of its own.
    Login,
    /// Takes no token.
    Open,
    /// Takes the account's token.
    Call,
}

/// Why a path is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsafe(pub(crate) &'static str);

const TOKEN: [&str; 2] = ["/cgi-bin/token", "/cgi-bin/stable_token"];
const CLEAR_QUOTA: [&str; 3] =
    ["/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/clear"];

impl Target {
    /// Reads a path and a query as they came, percent-encoding and all.
    pub(crate) fn read(path: &str, query: Option<&str>) -> Result<Self, Unsafe> {
        let query = query.unwrap_or_default();
        check(path)?;
        if path.len() + query.len() > LONGEST {
            return Err(Unsafe("path and query are too long"));
        }
        let mut token = None;
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .filter(|pair| {
                let (name, value) = decoded(pair);
                let is_token = name.eq_ignore_ascii_case("access_token");
                if is_token {
                    token = Some(value);
                }
                !is_token
            })
            .collect();
        let known = endpoint(path);
        let host = known.map_or(Host::Api, |endpoint| endpoint.host);
        let kind = match path.trim_end_matches('/').to_ascii_lowercase().as_str() {
            lower if TOKEN.contains(&lower) => Kind::Token,
            lower if CLEAR_QUOTA.contains(&lower) => Kind::ClearQuota,
            lower if lower.starts_with("/sns/") => Kind::Login,
            _ if known.is_some_and(|endpoint| !endpoint.token) => Kind::Open,
            _ => Kind::Call,
        };
        Ok(Self { path: path.to_owned(), query: kept.join("&"), token, host, kind })
    }

    /// A value of the query.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let found = url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    }

    /// The same with another value in the query.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for (key, old) in url::form_urlencoded::parse(self.query.as_bytes()) {
            if key != name {
                pairs.append_pair(&key, &old);
            }
        }
        pairs.append_pair(name, value);
        self.query = pairs.finish();
        self
    }
}

/// The platform's paths are made of letters, digits and a few signs. Anything else is somebody's attempt to be read
/// differently by us and by the platform: `..`, an encoded slash, an encoding of an encoding, another host.
fn check(path: &str) -> Result<(), Unsafe> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(Unsafe("the path begins with a slash"));
    };
    if path.contains('%') {
        return Err(Unsafe("no path of the platform holds an encoded character"));
    }
    let mut segments = rest.strip_suffix('/').unwrap_or(rest).split('/');
    if segments.clone().any(|segment| matches!(segment, "." | "..")) {
        return Err(Unsafe("the path climbs"));
    }
    if segments.any(str::is_empty) {
        return Err(Unsafe("the path has an empty part"));
    }
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-.".contains(&byte)) {
        return Err(Unsafe("the path holds a character that no path of the platform has"));
    }
    Ok(())
}

fn decoded(pair: &str) -> (String, String) {
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(name, value)| (name.into_owned(), value.into_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_would_be_read_in_two_ways_are_refused() {
        for path in [
            "",
            "cgi-bin/menu/get",
            "/",
            "//cgi-bin/menu/get",
            "/cgi-bin//menu",
            "/cgi-bin/../cgi-bin/token",
            "/cgi-bin/./token",
            "/cgi-bin/..",
            "/cgi-bin%2ftoken",
            "/cgi-bin/%2e%2e/token",
            "/cgi-bin/%74oken",
            "/cgi-bin/%252e%252e/token",
            "/http://evil.example/x",
            "/https:/evil.example/x",
            "/@evil.example/x",
            "/cgi-bin\\token",
            "/cgi-bin/menu;x=1",
            "/cgi-bin/菜单",
        ] {
            assert!(Target::read(path, None).is_err(), "{path}");
        }
    }

    #[test]
    fn what_ends_tokens_or_counters_is_known_in_every_spelling() {
        for (path, kind) in [
            ("/cgi-bin/token", Kind::Token),
            ("/cgi-bin/token/", Kind::Token),
            ("/CGI-BIN/Stable_Token", Kind::Token),
            ("/cgi-bin/clear_quota", Kind::ClearQuota),
            ("/cgi-bin/clear_quota/v2", Kind::ClearQuota),
            ("/cgi-bin/openapi/quota/clear", Kind::ClearQuota),
            ("/sns/userinfo", Kind::Login),
            ("/cgi-bin/showqrcode", Kind::Open),
            ("/cgi-bin/menu/get", Kind::Call),
            ("/cgi-bin/something/new", Kind::Call),
        ] {
            assert_eq!(Target::read(path, None).map(|target| target.kind), Ok(kind), "{path}");
        }
        assert_eq!(Target::read("/cgi-bin/showqrcode", None).unwrap().host, Host::Mp);
    }

    #[test]
    fn the_token_goes_and_the_rest_of_the_query_stays_as_it_was() {
        let target = Target::read(
            "/cgi-bin/user/info",
            Some("openid=o%2D1&access_token=x&lang=zh_CN&access%5Ftoken=y&ACCESS_TOKEN=z&flag"),
        )
        .unwrap();
        assert_eq!(target.query, "openid=o%2D1&lang=zh_CN&flag");
        assert_eq!(target.token.as_deref(), Some("z"));
        assert_eq!(target.value("openid").as_deref(), Some("o-1"));
        assert_eq!(target.with("openid", "b&c").query, "lang=zh_CN&flag=&openid=b%26c");
    }
}
