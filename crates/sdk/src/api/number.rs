//! Values that the platform writes now as numbers, now as text.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
    Truth(bool),
}

/// A text that may come as a number.
pub(super) fn as_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Either::deserialize(from)? {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
        Either::Truth(truth) => truth.to_string(),
    })
}

/// A text that may come as a number or not at all.
pub(super) fn as_optional_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Either>::deserialize(from)? {
        None => None,
        Some(Either::Number(number)) => Some(number.to_string()),
        Some(Either::Text(text)) => Some(text),
        Some(Either::Truth(truth)) => Some(truth.to_string()),
    })
}

/// A truth value that comes as 0 or 1.
pub(super) fn as_truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Either::deserialize(from)? {
        Either::Number(number) => number != 0,
        Either::Text(text) => !matches!(text.as_str(), "" | "0" | "false"),
        Either::Truth(truth) => truth,
    })
}
