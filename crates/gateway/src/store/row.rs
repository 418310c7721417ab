//! Reads columns out of a row.

use serde_json::Value;

use crate::db::Row;

/// A column as a number; what is missing or null is 0.
pub(crate) fn integer(row: &Row, column: &str) -> i64 {
    maybe_integer(row, column).unwrap_or(0)
}

/// A column as a number, if it holds one.
pub(crate) fn maybe_integer(row: &Row, column: &str) -> Option<i64> {
    match row.get(column)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A column as text; what is missing or null is empty.
pub(crate) fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    maybe_text(row, column).unwrap_or("")
}

/// A column as text, if it holds some.
pub(crate) fn maybe_text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_str()
}
