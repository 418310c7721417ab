//! What can go wrong with a call, by what the caller can do about it.

use std::borrow::Cow;
use std::fmt;

use hongyan_wire::{Class, ErrCode, Lang};

use crate::advice;
use crate::token::StoreError;

/// Why a call did not give an answer.
///
/// No variant holds a token, a secret or the address of a call: any of them may be shown and logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The platform understood the call and refused it.
    #[error("{0}")]
    Refused(Refusal),
    /// Nothing left this machine: the call may be repeated.
    #[error("{endpoint} was not sent: {source}")]
    NotSent {
        /// The call, such as `menu.create`.
        endpoint: Cow<'static, str>,
        /// What stopped it.
        source: Cause,
    },
    /// The call left, and whether it took effect is not known. It is repeated only where that is harmless.
    #[error("{endpoint} was sent, but its answer was lost: {source}")]
    Unsure {
        /// The call, such as `menu.create`.
        endpoint: Cow<'static, str>,
        /// What happened to the answer.
        source: Cause,
    },
    /// The call breaks a limit of the platform, and was not sent.
    #[error("{what}: {limit}")]
    Invalid {
        /// What is wrong, with its name and size.
        what: String,
        /// The limit it breaks.
        limit: String,
        /// Both in Chinese.
        zh: String,
    },
    /// An HTTP status in place of the platform's answer: a wrong base address, a proxy in between, or a
    /// picture that does not exist.
    #[error("{endpoint} was answered with HTTP status {status}{detail}")]
    Status {
        /// The call, such as `qrcode.picture`.
        endpoint: Cow<'static, str>,
        /// The HTTP status, 300 to 499.
        status: u16,
        /// How the body begins, after a colon; empty when there is none.
        detail: String,
    },
    /// The answer came, and is not what the platform documents.
    #[error("the answer of {endpoint} cannot be read at {path}: {source}")]
    Undecodable {
        /// The call, such as `menu.get`.
        endpoint: Cow<'static, str>,
        /// Where in the JSON, such as `menu.button[0].name`; `.` is the whole.
        path: String,
        /// What is wrong there.
        source: Cause,
    },
    /// The store that keeps tokens failed.
    #[error("the token store failed: {0}")]
    Store(#[from] StoreError),
}

/// The underlying error, already stripped of addresses.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A cause that is known in both languages; others are shown as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) en: String,
    pub(crate) zh: String,
}

impl Said {
    pub(crate) fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The same cause with each text passed through `change`; one that is known in one language stays so.
    pub(crate) fn map(cause: &Cause, change: impl Fn(String) -> String) -> Cause {
        match cause.downcast_ref::<Self>() {
            Some(said) => Self::new(change(said.en.clone()), change(said.zh.clone())).into(),
            None => change(cause.to_string()).into(),
        }
    }

    fn chinese(cause: &Cause) -> String {
        cause.downcast_ref::<Self>().map_or_else(|| cause.to_string(), |said| said.zh.clone())
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for Said {}

/// The platform's refusal of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The call, such as `menu.create`.
    pub endpoint: Cow<'static, str>,
    /// The platform's error number.
    pub code: ErrCode,
    /// The platform's text, whole.
    pub message: String,
    /// The number by which the platform can look this request up, taken from the text.
    pub rid: Option<String>,
}

impl Refusal {
    /// What kind of remedy the number asks for.
    pub fn class(&self) -> Class {
        self.code.class()
    }

    /// What the number means, where it is known.
    pub fn meaning(&self, lang: Lang) -> Option<&'static str> {
        if self.is_token_call() && self.code == ErrCode(40001) {
            return Some(lang.pick(
                "the AppSecret is wrong or belongs to another account",
                "AppSecret 不对，或属于另一个公众号",
            ));
        }
        self.code.meaning(lang)
    }

    /// The address that the platform saw this machine call from, when the refusal is about it.
    pub fn caller_address(&self) -> Option<&str> {
        if self.code != ErrCode(40164) {
            return None;
        }
        let rest = self.message.split_once("invalid ip ")?.1;
        rest.split([' ', ',']).next().filter(|address| !address.is_empty())
    }

    /// Whether the call that was refused asked for a token.
    pub(crate) fn is_token_call(&self) -> bool {
        self.endpoint.starts_with("token.")
            || matches!(&*self.endpoint, "/cgi-bin/token" | "/cgi-bin/stable_token")
    }

    /// Whether the token that was used is no longer good.
    pub(crate) fn is_token(&self) -> bool {
        matches!(self.code.0, 40001 | 40014 | 42001)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused with {}", self.endpoint, self.code.0)?;
        if let Some(meaning) = self.meaning(Lang::En) {
            write!(f, ", {meaning}")?;
        }
        if !self.message.is_empty() {
            write!(f, " ({})", self.message)?;
        }
        Ok(())
    }
}

impl Error {
    pub(crate) fn invalid(what: impl Into<String>, limit: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), limit: limit.into(), zh: zh.into() }
    }

    /// A token source gives no token: what it is and what happened, in English and Chinese, without the token.
    pub fn no_token(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::NotSent { endpoint: TOKEN_SOURCE.into(), source: Said::new(en, zh).into() }
    }

    /// The same error for another caller who waited for the same thing.
    pub(crate) fn copy(&self) -> Self {
        let again = |source: &Cause| Said::map(source, |text| text);
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::NotSent { endpoint, source } => {
                Self::NotSent { endpoint: endpoint.clone(), source: again(source) }
            }
            Self::Unsure { endpoint, source } => {
                Self::Unsure { endpoint: endpoint.clone(), source: again(source) }
            }
            Self::Invalid { what, limit, zh } => {
                Self::Invalid { what: what.clone(), limit: limit.clone(), zh: zh.clone() }
            }
            Self::Status { endpoint, status, detail } => {
                Self::Status { endpoint: endpoint.clone(), status: *status, detail: detail.clone() }
            }
            Self::Undecodable { endpoint, path, source } => {
                Self::Undecodable { endpoint: endpoint.clone(), path: path.clone(), source: again(source) }
            }
            Self::Store(error) => Self::Store(error.clone()),
        }
    }

    /// The platform's error number, when this is a refusal.
    pub fn code(&self) -> Option<ErrCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Whether the call certainly had no effect and may succeed later as it is.
    pub fn may_repeat(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::Store(_) => true,
            Self::Refused(refusal) => refusal.class() == Class::Transient,
            _ => false,
        }
    }

    /// The error in words for a person, with what to do next.
    pub fn text(&self, lang: Lang) -> String {
        let said = self.said(lang);
        match (self.advice(lang), lang) {
            (Some(advice), Lang::En) => format!("{said}. {advice}"),
            (Some(advice), Lang::Zh) => format!("{said}。{advice}"),
            (None, _) => said,
        }
    }

    /// What happened, in words, without what to do next.
    pub fn said(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => self.chinese(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Refused(refusal) => {
                let Refusal { endpoint, code, message, .. } = refusal;
                let meaning = refusal.meaning(Lang::Zh).map(|text| format!("，{text}")).unwrap_or_default();
                let message = if message.is_empty() { String::new() } else { format!("（{message}）") };
                format!("{endpoint} 被平台拒绝，错误码 {}{meaning}{message}", code.0)
            }
            Self::NotSent { endpoint, source } => format!("{endpoint} 没有发出：{}", Said::chinese(source)),
            Self::Unsure { endpoint, source } => {
                format!("{endpoint} 已发出，但没有收到完整的应答：{}", Said::chinese(source))
            }
            Self::Invalid { zh, .. } => zh.clone(),
            Self::Status { endpoint, status, detail } => {
                format!("{endpoint} 得到的是 HTTP 状态 {status}{detail}")
            }
            Self::Undecodable { endpoint, path, source } => {
                format!("{endpoint} 的应答在 {path} 处无法读取：{}", Said::chinese(source))
            }
            Self::Store(error) => format!("access_token 存储出错：{}", error.chinese()),
        }
    }

    /// What to do next, where something can be said.
    pub fn advice(&self, lang: Lang) -> Option<String> {
        advice::of(self, lang)
    }
}

/// What errors call a token source, as the gateway's configuration does.
pub(crate) const TOKEN_SOURCE: &str = "token_from";

/// The number after `rid:` in a refusal's text.
pub(crate) fn rid(message: &str) -> Option<String> {
    let rest = message.rsplit_once("rid:")?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(endpoint: &'static str, code: i64, message: &str) -> Refusal {
        Refusal { endpoint: endpoint.into(), code: ErrCode(code), message: message.into(), rid: rid(message) }
    }

    #[test]
    fn the_rid_is_found_with_or_without_a_space_and_what_follows() {
        for message in [
            "invalid credential rid: 5f3ded7d-22929d02-4ba1f5f6",
            "invalid credential rid:5f3ded7d-22929d02-4ba1f5f6",
            "invalid ip 1.2.3.4, rid: 5f3ded7d-22929d02-4ba1f5f6, see the page",
        ] {
            assert_eq!(rid(message).as_deref(), Some("5f3ded7d-22929d02-4ba1f5f6"), "{message}");
        }
        assert_eq!(rid("system error hint: [aB3dE0123ab4]"), None);
        assert_eq!(rid("cut off rid: "), None);
    }

    #[test]
    fn an_address_that_is_not_listed_is_named_in_the_advice() {
        let refusal = refusal(
            "token.stable",
            40164,
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: a-b-c",
        );
        assert_eq!(refusal.caller_address(), Some("1.2.3.4"));
        let error = Error::Refused(refusal);
        assert!(error.text(Lang::En).contains("Add 1.2.3.4"), "{}", error.text(Lang::En));
        assert!(error.text(Lang::Zh).contains("1.2.3.4 加入"), "{}", error.text(Lang::Zh));
    }

    #[test]
    fn a_refused_secret_is_not_called_a_refused_token() {
        let text = Error::Refused(refusal("token.stable", 40001, "invalid credential")).text(Lang::En);
        assert!(text.contains("AppSecret is wrong"), "{text}");
    }

    #[test]
    fn causes_that_are_known_in_chinese_are_shown_in_chinese() {
        let source = Said::new("cannot reach http://h: refused", "无法连接 http://h：连接被拒绝").into();
        let error = Error::NotSent { endpoint: "menu.get".into(), source };
        for error in [error.copy(), error] {
            assert!(error.to_string().contains("cannot reach"), "{error}");
            let chinese = error.text(Lang::Zh);
            assert!(
                chinese.contains("无法连接 http://h：连接被拒绝") && !chinese.contains("reach"),
                "{chinese}"
            );
        }
    }

    #[test]
    fn only_what_had_no_effect_may_be_repeated() {
        assert!(Error::Refused(refusal("menu.create", -1, "system error")).may_repeat());
        assert!(!Error::Refused(refusal("menu.create", 48001, "api unauthorized")).may_repeat());
        assert!(!Error::Unsure { endpoint: "menu.create".into(), source: "timed out".into() }.may_repeat());
        assert!(Error::NotSent { endpoint: "menu.create".into(), source: "refused".into() }.may_repeat());
    }
}
