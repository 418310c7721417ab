//! What a QR code carries: a number or a short text of the account's choice.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Lang;

/// The prefix that a scan by somebody who did not follow yet puts before the value.
const PREFIX: &str = "qrscene_";
/// The greatest number that a permanent code may carry.
const MAX_PERMANENT_ID: u32 = 100_000;
/// The most characters that a scene text may have.
const MAX_TEXT_CHARS: usize = 64;

/// A QR code's value.
///
/// A push does not tell the number 42 from the text "42", so a value read from one is a number whenever it looks
/// like one. Compare with [`Scene::is`] when the other side may be either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scene {
    /// A number: 1 to 4294967295, or 1 to 100000 for a permanent code.
    Id(u32),
    /// A text of 1 to 64 characters.
    Text(String),
}

/// Why a scene cannot be put in a QR code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SceneError {
    /// The number zero.
    #[error("the scene number 0 is not allowed: use 1 or more")]
    Zero,
    /// A number above what a permanent code may carry.
    #[error(
        "the scene number {id} is too large for a permanent code: {MAX_PERMANENT_ID} at most, or use a text"
    )]
    TooLarge {
        /// The number.
        id: u32,
    },
    /// No text.
    #[error("the scene text is empty: 1 to {MAX_TEXT_CHARS} characters")]
    Empty,
    /// Too much text.
    #[error("the scene text has {chars} characters: {MAX_TEXT_CHARS} at most")]
    TooLong {
        /// How many characters it has.
        chars: usize,
    },
}

impl SceneError {
    /// The sentence in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Zero => "场景值不能是数字 0：请用 1 或更大的数".to_owned(),
            Self::TooLarge { id } => {
                format!("场景值 {id} 对永久二维码来说太大：最大 {MAX_PERMANENT_ID}，或改用文本")
            }
            Self::Empty => format!("场景值的文本是空的：应为 1 到 {MAX_TEXT_CHARS} 个字符"),
            Self::TooLong { chars } => format!("场景值的文本有 {chars} 个字符：最多 {MAX_TEXT_CHARS} 个"),
        }
    }
}

impl Scene {
    /// Reads the `EventKey` of a scan, which is bare, or of a follow (`subscribed`), which must have the prefix.
    ///
    /// A follow's key without the prefix is not a scene: the platform puts other things there, such as the number
    /// of the payment after which the person followed.
    pub fn from_event_key(key: &str, subscribed: bool) -> Option<Self> {
        let value = match (key.strip_prefix(PREFIX), subscribed) {
            (Some(value), true) => value,
            (None, true) => return None,
            (_, false) => key,
        };
        (!value.is_empty()).then(|| Self::parse_user(value))
    }

    /// Reads what a person typed: a number where it can be one and be written back the same, otherwise a text.
    pub fn parse_user(value: &str) -> Self {
        let decimal = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
        match value.parse() {
            Ok(id) if decimal => Self::Id(id),
            _ => Self::Text(value.to_owned()),
        }
    }

    /// Whether a code with this value can be made; `permanent` codes carry smaller numbers.
    pub fn check(&self, permanent: bool) -> Result<(), SceneError> {
        match self {
            Self::Id(0) => Err(SceneError::Zero),
            Self::Id(id) if permanent && *id > MAX_PERMANENT_ID => Err(SceneError::TooLarge { id: *id }),
            Self::Id(_) => Ok(()),
            Self::Text(text) => match text.chars().count() {
                0 => Err(SceneError::Empty),
                1..=MAX_TEXT_CHARS => Ok(()),
                chars => Err(SceneError::TooLong { chars }),
            },
        }
    }

    /// Whether a push with this scene means `value`, be it a number or a text.
    pub fn is(&self, value: &str) -> bool {
        match self {
            Self::Id(id) => value.parse() == Ok(*id) && !value.starts_with(['0', '+']),
            Self::Text(text) => text == value,
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Text(text) => f.pad(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_keys_of_follows_need_the_prefix_and_those_of_scans_have_none() {
        assert_eq!(Scene::from_event_key("qrscene_shelf-7", true), Some(Scene::Text("shelf-7".into())));
        assert_eq!(Scene::from_event_key("qrscene_42", true), Some(Scene::Id(42)));
        assert_eq!(Scene::from_event_key("last_trade_no_1", true), None);
        assert_eq!(Scene::from_event_key("", true), None);
        assert_eq!(Scene::from_event_key("qrscene_", true), None);
        assert_eq!(Scene::from_event_key("42", false), Some(Scene::Id(42)));
        // Somebody's own scene text may begin like the prefix.
        assert_eq!(Scene::from_event_key("qrscene_x", false), Some(Scene::Text("qrscene_x".into())));
        assert_eq!(Scene::from_event_key("", false), None);
    }

    #[test]
    fn only_what_is_written_back_the_same_is_a_number() {
        for (typed, scene) in [("42", Scene::Id(42)), ("4294967295", Scene::Id(u32::MAX))] {
            assert_eq!(Scene::parse_user(typed), scene);
        }
        for typed in ["007", "0", "+5", "-1", "4294967296", "poster-7", ""] {
            assert_eq!(Scene::parse_user(typed), Scene::Text(typed.into()));
        }
    }

    #[test]
    fn limits_are_those_of_the_platform() {
        assert_eq!(Scene::Id(0).check(false), Err(SceneError::Zero));
        assert_eq!(Scene::Id(100_001).check(false), Ok(()));
        assert_eq!(Scene::Id(100_001).check(true), Err(SceneError::TooLarge { id: 100_001 }));
        assert_eq!(Scene::Text("二".repeat(64)).check(true), Ok(()));
        assert_eq!(Scene::Text("二".repeat(65)).check(true), Err(SceneError::TooLong { chars: 65 }));
        assert_eq!(Scene::Text(String::new()).check(true), Err(SceneError::Empty));
    }

    #[test]
    fn every_error_has_a_chinese_sentence() {
        for error in [
            SceneError::Zero,
            SceneError::TooLarge { id: 7 },
            SceneError::Empty,
            SceneError::TooLong { chars: 65 },
        ] {
            assert!(error.text(Lang::Zh).starts_with("场景值"), "{error}");
            assert_eq!(error.text(Lang::En), error.to_string());
        }
    }

    #[test]
    fn json_is_a_number_or_a_string() {
        assert_eq!(serde_json::to_string(&Scene::Id(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Scene>("\"7\"").unwrap(), Scene::Text("7".into()));
        assert_eq!(serde_json::from_str::<Scene>("7").unwrap(), Scene::Id(7));
        assert!(Scene::Id(7).is("7") && Scene::Text("7".into()).is("7") && !Scene::Id(7).is("07"));
    }
}
