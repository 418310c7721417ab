//! Writes a scenario file: words as they are where YAML lets them, in quotes otherwise.

use serde_json::Value;

/// A text that YAML reads back as it is.
pub(crate) fn text(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { Value::from(text).to_string() }
}

/// Letters of any script, digits and a few signs, nothing that could be a number, a word of YAML, or a name.
fn is_plain(text: &str) -> bool {
    let inner = |letter: char| {
        letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '/' | '.' | '，' | '。' | '！' | '？')
    };
    text.starts_with(|letter: char| letter.is_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(inner)
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str())
}

/// A text as an expectation, where slashes would make an expression.
pub(crate) fn pattern(wanted: &str) -> String {
    if wanted.len() > 2 && wanted.starts_with('/') && wanted.ends_with('/') {
        return format!("{{is: {}}}", Value::from(wanted));
    }
    text(wanted)
}

/// Any value on one line; JSON is YAML.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, one)| format!("{}: {}", text(name), self::value(one))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(self::value).collect::<Vec<_>>().join(", "))
        }
        Value::String(one) => text(one),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::tree;

    #[test]
    fn what_is_written_is_read_back() {
        for one in [
            "欢迎",
            "say: hi",
            "0010",
            "1.5",
            "true",
            "a #b",
            "- x",
            "",
            " a",
            "a ",
            "{x}",
            "\"q\"",
            "多行\n第二行",
            "/x/",
            "~",
            "a, b",
            "[x]",
            "'",
            "\\",
            "\u{7}",
            "@x",
            "x:y",
            "&a",
            "*a",
            "!t",
            "%d",
            "?",
            "|",
            ">",
            "No",
        ] {
            let file = format!("a: {{b: {}}}\n", text(one));
            let root = tree::read("a", &file).unwrap_or_else(|error| panic!("{one:?}: {error}"));
            assert_eq!(root.to_json(), json!({"a": {"b": one}}), "{file}");
        }
        let all = json!({"on": {"event": "text"}, "n": [1, 2.5, true, null, "x: y"]});
        assert_eq!(tree::read("a", &value(&all)).unwrap().to_json(), all);
    }
}
