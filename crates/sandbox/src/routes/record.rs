//! Writes calls and answers into the record, without secrets and without the bytes of files.

use serde_json::{Map, Value, json};

use super::desk::{Answer, Call};

const SECRET: [&str; 5] = ["access_token", "secret", "appsecret", "refresh_token", "ticket_secret"];
const REDACTED: &str = "[redacted]";

/// The call.
pub(crate) fn request(call: &Call) -> Value {
    let query: Map<String, Value> = call
        .query
        .iter()
        .map(|(name, value)| {
            let hidden = SECRET.contains(&name.as_str());
            (name.clone(), Value::from(if hidden { REDACTED } else { value.as_str() }))
        })
        .collect();
    json!({
        "method": call.method.as_str(),
        "path": call.path,
        "query": query,
        "content_type": call.content_type,
        "body": body(call),
    })
}

fn body(call: &Call) -> Value {
    if call.body.is_empty() {
        return Value::Null;
    }
    if !call.files.is_empty() {
        let files = call.files.iter().map(|file| {
            json!({"field": file.field, "file_name": file.name, "bytes": file.bytes.len()})
        });
        return files.collect();
    }
    match serde_json::from_slice::<Value>(&call.body) {
        Ok(body) => without_secrets(body),
        // A body that cannot be read may hold a secret all the same, so only its beginning's shape is kept.
        Err(_) if SECRET.iter().any(|name| contains(&call.body, name)) => Value::from(REDACTED),
        Err(_) => Value::from(String::from_utf8_lossy(&call.body)),
    }
}

fn contains(body: &[u8], name: &str) -> bool {
    body.windows(name.len()).any(|window| window == name.as_bytes())
}

/// The answer.
pub(crate) fn reply(answer: &Answer) -> Value {
    match answer {
        Answer::Json(body) => {
            json!({"status": 200, "content_type": super::JSON, "body": without_secrets(body.clone())})
        }
        Answer::File { content_type, name, bytes } => {
            json!({"status": 200, "content_type": content_type, "file_name": name, "bytes": bytes.len()})
        }
        Answer::Picture(bytes) => json!({"status": 200, "content_type": "image/jpg", "bytes": bytes.len()}),
        Answer::Status(code) => json!({ "status": code }),
    }
}

fn without_secrets(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        for (name, value) in fields {
            if SECRET.contains(&name.as_str()) {
                *value = Value::from(REDACTED);
            }
        }
    }
    body
}
