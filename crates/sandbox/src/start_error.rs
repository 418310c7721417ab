//! Why a sandbox did not start, and what to change, in both languages.

use hongyan_wire::{AesKey, BadAesKey, Lang};

use crate::options::{AccountOptions, Options};
use crate::start::is_http;
use crate::world::address::IpList;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An account needs an AES key and has none that can be used.
    #[error("account {app_id} is in {mode} mode and needs an aes_key of 43 letters and digits")]
    AesKey {
        /// The account.
        app_id: String,
        /// Its mode.
        mode: &'static str,
    },
    /// A key was given that is none, whatever the mode.
    #[error("the aes_key of account {app_id} is wrong: {why}; it is 43 letters and digits")]
    BadAesKey {
        /// The account.
        app_id: String,
        /// What is wrong with it, without the key.
        why: BadAesKey,
    },
    /// An AppID is empty, or holds what no AppID holds.
    #[error("the app id {0:?} is wrong: it is letters and digits, such as wx0123456789abcdef")]
    AppId(String),
    /// An AppSecret is empty.
    #[error("account {0} has an empty secret: give it any text, such as 32 hex digits")]
    Secret(String),
    /// A token is not one the platform takes.
    #[error("the token of account {0} is wrong: it is 3 to 32 letters and digits")]
    Token(String),
    /// A callback's address cannot be used.
    #[error(
        "the callback address {url:?} of account {app_id} is wrong: it must begin with http:// or https://"
    )]
    Callback {
        /// The account.
        app_id: String,
        /// What was given.
        url: String,
    },
    /// A line of an account's list of addresses is neither an address nor a network.
    #[error(
        "the ip_list of account {app_id} has {line:?}: write an address, or a network such as 10.0.0.0/8"
    )]
    IpList {
        /// The account.
        app_id: String,
        /// What was given.
        line: String,
    },
    /// Two accounts have the same AppID.
    #[error("two accounts have the app id {0}: give each its own")]
    SameAppId(String),
    /// The certificates that callbacks may have cannot be read.
    #[error("the certificates for callbacks cannot be used: {0}")]
    CallbackRoots(String),
    /// The address cannot be listened on.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

impl StartError {
    /// The message in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            StartError::AesKey { app_id, mode } => {
                format!("账号 {app_id} 是 {mode} 模式，需要 aes_key：43 位字母和数字")
            }
            StartError::BadAesKey { app_id, why } => {
                let why = why.text(lang);
                format!("账号 {app_id} 的 aes_key 不对（{why}）：应为 43 位字母和数字")
            }
            StartError::AppId(app_id) => {
                format!("AppID {app_id:?} 不对：只含字母和数字，如 wx0123456789abcdef")
            }
            StartError::Secret(app_id) => {
                format!("账号 {app_id} 的 AppSecret 是空的：请填任意文字，如 32 位十六进制")
            }
            StartError::Token(app_id) => format!("账号 {app_id} 的 Token 不对：应为 3 到 32 位字母和数字"),
            StartError::Callback { app_id, url } => {
                format!("账号 {app_id} 的回调地址 {url:?} 不对：必须以 http:// 或 https:// 开头")
            }
            StartError::IpList { app_id, line } => {
                format!("账号 {app_id} 的 ip_list 里有 {line:?}：请写地址，或 10.0.0.0/8 这样的网段")
            }
            StartError::SameAppId(app_id) => format!("两个账号的 AppID 都是 {app_id}：请改成不同的"),
            StartError::CallbackRoots(why) => format!("回调所用的证书无法读取：{why}"),
            StartError::Listen(error) => format!("无法监听：{error}"),
        }
    }
}

/// Looks at every account before anything runs.
pub(crate) fn check(options: &Options) -> Result<(), StartError> {
    let mut seen = Vec::new();
    for account in options.accounts() {
        check_account(&account)?;
        if seen.contains(&account.app_id) {
            return Err(StartError::SameAppId(account.app_id));
        }
        seen.push(account.app_id);
    }
    Ok(())
}

fn check_account(account: &AccountOptions) -> Result<(), StartError> {
    let app_id = account.app_id.clone();
    if app_id.is_empty() || !app_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    {
        return Err(StartError::AppId(app_id));
    }
    if account.secret.is_empty() {
        return Err(StartError::Secret(app_id));
    }
    let token = account.token.as_bytes();
    if !(3..=32).contains(&token.len()) || !token.iter().all(u8::is_ascii_alphanumeric) {
        return Err(StartError::Token(app_id));
    }
    match AesKey::parse(&account.aes_key) {
        Err(_) if account.aes_key.is_empty() && account.mode.encrypts() => {
            return Err(StartError::AesKey { app_id, mode: account.mode.name() });
        }
        Err(why) if !account.aes_key.is_empty() => {
            return Err(StartError::BadAesKey { app_id, why });
        }
        _ => {}
    }
    if let Some(url) = account.callback.clone().filter(|url| !is_http(url)) {
        return Err(StartError::Callback { app_id, url });
    }
    IpList::new(account.ip_list.clone()).map(|_| ()).map_err(|line| StartError::IpList { app_id, line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Mode;

    fn refused(options: Options) -> StartError {
        check(&options).unwrap_err()
    }

    #[test]
    fn each_mistake_is_named_in_both_languages() {
        let own = Options::default;
        let cases = [
            (Options { app_id: String::new(), ..own() }, "app id", "AppID"),
            (Options { app_id: "wx 1".into(), ..own() }, "wx 1", "wx 1"),
            (Options { secret: String::new(), ..own() }, "secret", "AppSecret"),
            (Options { token: "!!".into(), ..own() }, "3 to 32", "3 到 32"),
            (Options { token: "a".repeat(33), ..own() }, "3 to 32", "3 到 32"),
            (Options { aes_key: "short".into(), ..own() }, "43", "43"),
            (Options { aes_key: String::new(), mode: Mode::Secure, ..own() }, "secure", "secure"),
            (Options { callback: Some("localhost".into()), ..own() }, "http://", "http://"),
            (Options { ip_list: Some(vec!["here".into()]), ..own() }, "here", "here"),
            (Options { more_accounts: vec![AccountOptions::default()], ..own() }, "two accounts", "两个账号"),
        ];
        for (options, english, chinese) in cases {
            let error = refused(options);
            assert!(error.text(Lang::En).contains(english), "{error}");
            assert!(error.text(Lang::Zh).contains(chinese), "{error}");
        }
        assert!(check(&Options { aes_key: String::new(), ..own() }).is_ok());
    }
}
