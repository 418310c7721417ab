//! The platform's error numbers: what to do about each, and what it means in words.

mod table;

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::Lang;
pub use table::ALL;

/// The `errcode` of an answer. Zero is success, as is an answer without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct ErrCode(
    /// The number.
    pub i64,
);

/// What helps against an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nothing is wrong.
    Ok,
    /// Fetch a new access token and repeat once.
    Token,
    /// Wait a little and repeat.
    Transient,
    /// An allowance is used up: stop until it is renewed.
    Quota,
    /// A person must act: the operator, an administrator, or the user.
    Permission,
    /// The request is wrong; repeating it will not help.
    Invalid,
    /// What the request names is not there.
    NotFound,
    /// The number is not in the table.
    Unknown,
}

/// One known error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The number.
    pub code: ErrCode,
    /// What helps.
    pub class: Class,
    /// What the platform writes in `errmsg` before the request's id, where that is known.
    pub wire: Option<&'static str>,
    /// What it means, in English.
    pub en: &'static str,
    /// What it means, in Chinese.
    pub zh: &'static str,
}

impl ErrCode {
    /// Success.
    pub const OK: Self = Self(0);

    /// Whether it is success.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// Its row in the table.
    pub fn entry(self) -> Option<&'static Entry> {
        ALL.binary_search_by_key(&self, |entry| entry.code).ok().and_then(|at| ALL.get(at))
    }

    /// What helps against it.
    pub fn class(self) -> Class {
        self.entry().map_or(Class::Unknown, |entry| entry.class)
    }

    /// What it means.
    pub fn meaning(self, lang: Lang) -> Option<&'static str> {
        self.entry().map(|entry| lang.pick(entry.en, entry.zh))
    }

    /// What the platform writes in `errmsg` before ` rid:`.
    pub fn wire_text(self) -> Option<&'static str> {
        self.entry()?.wire
    }
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ErrCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText)
    }
}

/// A few of the platform's interfaces write the number in quotation marks.
struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = ErrCode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ErrCode, E> {
        Ok(ErrCode(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ErrCode, E> {
        i64::try_from(number).map(ErrCode).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ErrCode, E> {
        text.trim().parse().map(ErrCode).map_err(E::custom)
    }
}

impl Class {
    /// The class in words.
    pub fn text(self, lang: Lang) -> &'static str {
        let (en, zh) = match self {
            Self::Ok => ("done", "成功"),
            Self::Token => ("the access token is no longer valid", "access_token 已失效"),
            Self::Transient => ("a passing fault: try again in a moment", "临时故障，请稍后重试"),
            Self::Quota => ("an allowance is used up", "额度已用完"),
            Self::Permission => ("somebody must allow this first", "需要先获得授权或由人处理"),
            Self::Invalid => ("the request is wrong", "请求有误"),
            Self::NotFound => ("what was asked for is not there", "请求的对象不存在"),
            Self::Unknown => ("an error number that is not known here", "未知错误码"),
        };
        lang.pick(en, zh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_row_is_found() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
        for entry in ALL {
            assert_eq!(entry.code.entry(), Some(entry));
            assert!(!entry.en.is_empty() && !entry.zh.is_empty(), "{}", entry.code);
            assert_ne!(entry.class, Class::Unknown, "{}", entry.code);
            assert!(!entry.zh.is_ascii(), "{} has no Chinese", entry.code);
        }
    }

    #[test]
    fn the_codes_programs_decide_by_have_their_classes() {
        let class = |code| ErrCode(code).class();
        assert_eq!(class(0), Class::Ok);
        for code in [40001, 40014, 42001] {
            assert_eq!(class(code), Class::Token);
        }
        assert_eq!(class(-1), Class::Transient);
        assert_eq!(class(45009), Class::Quota);
        assert_eq!(class(45015), Class::Permission);
        assert_eq!(class(40033), Class::Invalid);
        assert_eq!(class(46003), Class::NotFound);
        assert_eq!(class(123), Class::Unknown);
        assert_eq!(ErrCode(123).meaning(Lang::Zh), None);
    }

    #[test]
    fn numbers_are_read_with_and_without_quotation_marks() {
        for (json, code) in [("40001", 40001), ("\"40001\"", 40001), ("-1", -1)] {
            assert_eq!(serde_json::from_str::<ErrCode>(json).unwrap(), ErrCode(code));
        }
        assert!(serde_json::from_str::<ErrCode>("\"ok\"").is_err());
    }

    #[test]
    fn wire_texts_are_the_platforms_own_with_their_misprints() {
        assert_eq!(ErrCode(40006).wire_text(), Some("invalid meida size"));
        assert_eq!(ErrCode(0).wire_text(), Some("ok"));
        assert_eq!(ErrCode(65320).wire_text(), None);
    }
}
