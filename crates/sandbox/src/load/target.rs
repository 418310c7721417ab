//! Where the load goes, and why it does not go there.

use hongyan_wire::Lang;

use crate::options::{AccountOptions, Mode};

/// What is put under load.
#[derive(Clone, Debug)]
pub enum Target {
    /// A back end, straight: the pushes are signed as this account's, its callback is where they go.
    Callback(Box<AccountOptions>),
    /// The back end of a running sandbox, whose people act; its address.
    Sandbox(String),
}

impl Target {
    /// The address under load.
    pub fn url(&self) -> &str {
        match self {
            Target::Callback(account) => account.callback.as_deref().unwrap_or_default(),
            Target::Sandbox(url) => url,
        }
    }

    /// `plain`, `compatible` or `secure`; a running sandbox decides itself.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self {
            Target::Callback(account) => Some(account.mode),
            Target::Sandbox(_) => None,
        }
    }

    /// Fails for an address that is none, or that is not this machine's.
    pub(crate) fn check(&self, allow_remote: bool) -> Result<(), LoadError> {
        let bad = || LoadError::Address(self.url().to_owned());
        let url = url::Url::parse(self.url()).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        let loopback = match url.host().ok_or_else(bad)? {
            url::Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
            url::Host::Ipv4(ip) => ip.is_loopback(),
            url::Host::Ipv6(ip) => ip.is_loopback(),
        };
        if loopback || allow_remote { Ok(()) } else { Err(LoadError::Remote(self.url().to_owned())) }
    }
}

/// Why there was no load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Not an address.
    #[error("{0:?} is not an address: it must begin with http:// or https://")]
    Address(String),
    /// Another machine.
    #[error(
        "{0} is not on this machine: load goes to loopback addresses only, unless --allow-remote is given"
    )]
    Remote(String),
    /// The mode needs a key.
    #[error("{0} mode needs --aes-key, the EncodingAESKey of 43 letters and digits")]
    AesKey(&'static str),
    /// A number that makes no sense.
    #[error("{0}")]
    Number(&'static str),
    /// The sandbox does not do what it must.
    #[error("the sandbox at {url} cannot be used: {why}")]
    Sandbox {
        /// Its address.
        url: String,
        /// What it said.
        why: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client: {0}")]
    Client(String),
}

impl LoadError {
    /// The message in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            LoadError::Address(url) => format!("{url:?} 不是地址：必须以 http:// 或 https:// 开头"),
            LoadError::Remote(url) => format!("{url} 不在本机：压力只发往回环地址，除非加上 --allow-remote"),
            LoadError::AesKey(mode) => format!("{mode} 模式需要 --aes-key（43 位的 EncodingAESKey）"),
            LoadError::Number(why) => format!("参数不对：{why}"),
            LoadError::Sandbox { url, why } => format!("无法使用 {url} 上的沙箱：{why}"),
            LoadError::Client(why) => format!("无法建立 HTTP 客户端：{why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_put_under_load() {
        let check = |url: &str, remote| Target::Sandbox(url.to_owned()).check(remote);
        for good in
            ["http://127.0.0.1:7070", "http://localhost:1/x", "https://[::1]:7070", "http://127.9.9.9"]
        {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        for remote in [
            "http://10.0.0.1/",
            "https://example.com/callback",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
        ] {
            assert_eq!(check(remote, false), Err(LoadError::Remote(remote.into())));
            assert_eq!(check(remote, true), Ok(()));
        }
        for bad in ["127.0.0.1:7070", "ftp://127.0.0.1/", ""] {
            assert_eq!(check(bad, true), Err(LoadError::Address(bad.into())));
        }
    }
}
