//! Where the platform is: one base address for each of its hosts.

use url::Url;

use crate::error::Error;

/// Which of the platform's hosts answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// The API, `https://api.weixin.qq.com`.
    Api,
    /// Pictures of QR codes, `https://mp.weixin.qq.com`.
    Mp,
    /// Login pages, `https://open.weixin.qq.com`.
    Open,
}

/// The base addresses of one client.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    api: String,
    mp: String,
    open: String,
}

impl Bases {
    /// Takes the addresses that were set and finds the others.
    ///
    /// A regional API host serves the API alone, so pictures and login pages stay where they are; any other
    /// address is a stand-in that serves everything.
    pub(crate) fn new(api: Option<&str>, mp: Option<&str>, open: Option<&str>) -> Result<Self, Error> {
        let api = api.map(base).transpose()?;
        let stand_in = api.as_ref().filter(|url| !is_platform(url));
        let other = |given: Option<&str>, real: &str| match (given, stand_in) {
            (Some(given), _) => base(given).map(|url| text(&url)),
            (None, Some(stand_in)) => Ok(text(stand_in)),
            (None, None) => Ok(real.to_owned()),
        };
        Ok(Self {
            mp: other(mp, "https://mp.weixin.qq.com")?,
            open: other(open, "https://open.weixin.qq.com")?,
            api: api.as_ref().map_or_else(|| "https://api.weixin.qq.com".to_owned(), text),
        })
    }

    /// The base address of a host, without a slash at its end.
    pub(crate) fn of(&self, host: Host) -> &str {
        match host {
            Host::Api => &self.api,
            Host::Mp => &self.mp,
            Host::Open => &self.open,
        }
    }
}

fn base(given: &str) -> Result<Url, Error> {
    let limit = "an http or https address such as http://127.0.0.1:7070";
    // The address is not repeated: it may hold a password.
    let invalid = |what: String, zh: &str| {
        Error::invalid(what, limit, format!("{zh}：应为 http 或 https 地址，例如 http://127.0.0.1:7070"))
    };
    let url = Url::parse(given)
        .map_err(|error| invalid(format!("the base address is none ({error})"), "平台地址不是合法的网址"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        let zh = format!("平台地址以 {}: 开头", url.scheme());
        return Err(invalid(format!("the base address begins with {}:", url.scheme()), &zh));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let what = "the base address has a query or a fragment".to_owned();
        return Err(invalid(what, "平台地址带有查询串或片段"));
    }
    Ok(url)
}

fn text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn is_platform(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host.ends_with(".weixin.qq.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(api: Option<&str>, mp: Option<&str>) -> [String; 3] {
        let bases = Bases::new(api, mp, None).unwrap();
        [Host::Api, Host::Mp, Host::Open].map(|host| bases.of(host).to_owned())
    }

    #[test]
    fn without_a_setting_the_hosts_are_the_platforms() {
        assert_eq!(
            all(None, None),
            ["https://api.weixin.qq.com", "https://mp.weixin.qq.com", "https://open.weixin.qq.com"]
        );
    }

    #[test]
    fn a_stand_in_serves_every_host_unless_told_otherwise() {
        assert_eq!(all(Some("http://127.0.0.1:7070/"), None), ["http://127.0.0.1:7070"; 3]);
        assert_eq!(all(Some("http://[::1]:7070/platform/a"), None), ["http://[::1]:7070/platform/a"; 3]);
        assert_eq!(all(Some("http://127.0.0.1:1"), Some("http://127.0.0.1:2"))[1], "http://127.0.0.1:2");
    }

    #[test]
    fn a_regional_host_leaves_the_others_alone() {
        let [api, mp, open] = all(Some("https://sh.api.weixin.qq.com"), None);
        assert_eq!(api, "https://sh.api.weixin.qq.com");
        assert_eq!((mp.as_str(), open.as_str()), ("https://mp.weixin.qq.com", "https://open.weixin.qq.com"));
    }

    #[test]
    fn other_schemes_and_queries_are_refused_without_repeating_them() {
        for bad in ["ftp://u:hunter2@h", "http://h/?k=hunter2", "hunter2", "file:///hunter2"] {
            let error = Bases::new(Some(bad), None, None).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
