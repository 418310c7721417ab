//! Keeps secrets out of the record: enough of each is left to tell two apart.

use serde_json::Value;

/// The names whose values are secrets, in queries and in JSON.
const NAMES: [&str; 6] =
    ["access_token", "secret", "appsecret", "refresh_token", "authorizer_refresh_token", "component_secret"];

/// Headers whose values are secrets.
const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// True for a name whose value is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The first characters of a long value, nothing of a short one.
pub(crate) fn shortened(value: &str) -> String {
    let shown = if value.chars().count() >= 16 { 6 } else { 0 };
    value.chars().take(shown).chain(['…']).collect()
}

/// A header's value as it is recorded.
pub(crate) fn header(name: &str, value: &str) -> String {
    if HEADERS.contains(&name) { shortened(value) } else { value.to_owned() }
}

/// An address's query with its secrets shortened, everything else byte for byte.
pub(crate) fn query(query: &str) -> String {
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) if is_secret(name) => format!("{name}={}", shortened(value)),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("&")
}

/// JSON with its secrets shortened, at every depth.
pub(crate) fn json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::String(text) if is_secret(name) => *inner = Value::from(shortened(text)),
                    other => json(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(json),
        _ => {}
    }
}

/// The same text with each secret that the JSON holds shortened.
pub(crate) fn text(raw: &str, body: &Value) -> String {
    let mut found = Vec::new();
    collect(body, &mut found);
    found.into_iter().fold(raw.to_owned(), |text, secret| text.replace(secret, &shortened(secret)))
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::String(text) if is_secret(name) && !text.is_empty() => found.push(text),
                    other => collect(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, found)),
        _ => {}
    }
}

/// True when an unreadable body may hold a secret.
pub(crate) fn may_hold(body: &[u8]) -> bool {
    NAMES.iter().any(|name| body.windows(name.len()).any(|window| window == name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn little_is_left_of_a_secret() {
        assert_eq!(shortened("0123456789abcdef0123"), "012345…");
        assert_eq!(shortened("hunter2"), "…");
        assert_eq!(query("access_token=0123456789abcdef0123&a=1&b"), "access_token=012345…&a=1&b");
        assert_eq!(header("authorization", "Bearer 0123456789abcdef"), "Bearer…");
        assert_eq!(header("accept", "Bearer 0123456789abcdef"), "Bearer 0123456789abcdef");
    }

    #[test]
    fn json_is_cleaned_at_every_depth_and_so_is_its_text() {
        let body = json!({"secret": "0123456789abcdef", "list": [{"access_token": "x"}], "n": 1});
        let mut clean = body.clone();
        json(&mut clean);
        assert_eq!(clean, json!({"secret": "012345…", "list": [{"access_token": "…"}], "n": 1}));
        let raw = "{ \"secret\":\"0123456789abcdef\" }";
        assert_eq!(text(raw, &body), "{ \"secret\":\"012345…\" }");
    }
}
