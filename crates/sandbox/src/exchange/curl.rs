//! An exchange as a curl command that repeats it from a shell.

use serde_json::Value;

use super::secret;

/// The command. A call's token is asked of the shell, since the record has only its beginning.
pub(crate) fn command(exchange: &Value, base: &str) -> String {
    let request = &exchange["request"];
    let is_push = exchange["direction"] == "push";
    let mut lines = vec![format!("curl -sS -X {}", request["method"].as_str().unwrap_or("POST"))];
    let content_type = request["headers"]["content-type"].as_str().or(request["content_type"].as_str());
    if let Some(value) = content_type.filter(|value| !value.is_empty() && !value.starts_with("multipart/")) {
        lines.push(format!("-H {}", quoted(&format!("Content-Type: {value}"))));
    }
    let body =
        if is_push { request["body"].as_str() } else { request["raw"].as_str().or(request["body"].as_str()) };
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        lines.push(format!("--data-binary {}", quoted(body)));
    }
    for file in request["body"].as_array().into_iter().flatten() {
        if let Some(name) = file["file_name"].as_str() {
            let field = file["field"].as_str().unwrap_or("media");
            lines.push(format!("-F {}", quoted(&format!("{field}=@{name}"))));
        }
    }
    let url = request["url"].as_str().unwrap_or_default();
    lines.push(if is_push { quoted(url) } else { call_address(base, url) });
    lines.join(" \\\n  ") + "\n"
}

/// The address of a call: in single quotes, but for the variables that stand for secrets.
fn call_address(base: &str, url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return quoted(&format!("{base}{url}")) };
    let parts: Vec<String> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((name, _)) if secret::is_secret(name) => format!("{name}='\"${}\"'", name.to_uppercase()),
            _ => part.replace('\'', "%27"),
        })
        .collect();
    format!("'{base}{path}?{}'", parts.join("&"))
}

/// In single quotes, as every shell reads it back.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_push_is_repeated_as_it_was() {
        let exchange = json!({"direction": "push", "request": {
            "method": "POST", "url": "http://127.0.0.1:8080/callback/main?signature=ab&nonce=1",
            "headers": {"content-type": "text/xml;charset=UTF-8"}, "body": "<xml>it's</xml>",
        }});
        assert_eq!(
            command(&exchange, "http://127.0.0.1:7070"),
            "curl -sS -X POST \\\n  -H 'Content-Type: text/xml;charset=UTF-8' \\\n  --data-binary '<xml>it'\\''s</xml>' \\\n  'http://127.0.0.1:8080/callback/main?signature=ab&nonce=1'\n"
        );
    }

    #[test]
    fn a_call_asks_the_shell_for_its_token() {
        let exchange = json!({"direction": "api", "request": {
            "method": "POST", "url": "/cgi-bin/user/info?access_token=0123456…&a=b", "content_type": "", "raw": "{ }",
        }});
        let line = command(&exchange, "http://h");
        assert!(
            line.ends_with("'http://h/cgi-bin/user/info?access_token='\"$ACCESS_TOKEN\"'&a=b'\n"),
            "{line}"
        );
        assert!(line.contains("--data-binary '{ }'"));
    }

    #[test]
    fn files_are_named() {
        let exchange = json!({"direction": "api", "request": {
            "method": "POST", "url": "/cgi-bin/media/upload", "content_type": "multipart/form-data; boundary=x",
            "body": [{"field": "media", "file_name": "图.png", "bytes": 3}],
        }});
        let line = command(&exchange, "http://h");
        assert!(line.contains("-F 'media=@图.png'") && !line.contains("boundary"), "{line}");
    }
}
