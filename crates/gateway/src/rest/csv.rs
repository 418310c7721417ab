//! Tables as CSV, for spreadsheets.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Whether the caller wants CSV: by `?format=csv` or by `Accept: text/csv`.
pub(super) fn wanted(headers: &HeaderMap, format: Option<&str>) -> bool {
    let accepts = || {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        accept.split(',').any(|one| one.trim().split(';').next() == Some("text/csv"))
    };
    format.map_or_else(accepts, |format| format == "csv")
}

/// The rows' fields of these names, one line each, below a line of the names.
pub(super) fn answer(name: &str, columns: &[&str], rows: &[Value]) -> Response {
    let mut out = columns.join(",");
    out.push_str("\r\n");
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|column| cell(&row[*column])).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, out).into_response()
}

/// A value as a cell. A spreadsheet takes what begins with `=` and the like for a formula, and a scene may be anything
/// that somebody chose to write: such a text gets an apostrophe in front.
pub(crate) fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text,
        other => return other.to_string(),
    };
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.clone() };
    if text.contains([',', '"', '\r', '\n', ';', '\t']) || formula {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_be_a_formula_is_a_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1"] {
            assert!(cell(&json!(text)).starts_with("\"'"), "{text}");
        }
        assert_eq!(cell(&json!("=HYPERLINK(\"x\",\"y\")")), r#""'=HYPERLINK(""x"",""y"")""#);
        assert_eq!(cell(&json!("shelf-7")), "shelf-7");
        assert_eq!(cell(&json!("a,b")), "\"a,b\"");
        assert_eq!(cell(&json!(-7)), "-7");
        assert_eq!(cell(&json!(null)), "");
    }
}
