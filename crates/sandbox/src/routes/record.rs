//! Writes calls and answers into the record, without secrets and without the bytes of files.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::desk::{Answer, Call};
use crate::exchange::{recorded, secret};
use crate::faults::Do;
use crate::reply::findings::{self, Finding};
use crate::world::rid::Recorded;

/// The call.
pub(crate) fn request(call: &Call, kept: usize) -> Value {
    let query: Map<String, Value> = call
        .query
        .iter()
        .map(|(name, value)| {
            let shown = if secret::is_secret(name) { secret::shortened(value) } else { value.clone() };
            (name.clone(), Value::from(shown))
        })
        .collect();
    let headers: Map<String, Value> = call
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(secret::header(name, value))))
        .collect();
    let mut out = json!({
        "method": call.method.as_str(),
        "url": url(call),
        "path": call.path,
        "query": query,
        "headers": headers,
        "content_type": call.content_type,
    });
    let (body, raw) = body(call, kept);
    out["body"] = body;
    if let Some(raw) = raw {
        out["raw"] = raw;
    }
    out
}

fn url(call: &Call) -> String {
    match call.raw_query.as_deref() {
        Some(query) => format!("{}?{}", call.path, secret::query(query)),
        None => call.path.clone(),
    }
}

/// The body as JSON or text, and the text of JSON as it came.
fn body(call: &Call, kept: usize) -> (Value, Option<Value>) {
    if call.body.is_empty() {
        return (Value::Null, None);
    }
    if !call.files.is_empty() {
        let files = call
            .files
            .iter()
            .map(|file| json!({"field": file.field, "file_name": file.name, "bytes": file.bytes.len()}));
        return (files.collect(), None);
    }
    match serde_json::from_slice::<Value>(&call.body) {
        Ok(mut body) if call.body.len() <= kept => {
            let raw = secret::text(&String::from_utf8_lossy(&call.body), &body);
            secret::json(&mut body);
            (body, Some(Value::from(raw)))
        }
        // A body that cannot be read may hold a secret all the same.
        _ if secret::may_hold(&call.body) => (Value::from(HIDDEN), None),
        _ => (recorded(&call.body, kept), None),
    }
}

const HIDDEN: &str = "[not shown: may hold a secret]";

/// The answer.
pub(crate) fn reply(answer: &Answer) -> Value {
    match answer {
        Answer::Json(body) => {
            let mut body = body.clone();
            secret::json(&mut body);
            json!({"status": 200, "content_type": super::JSON, "body": body})
        }
        Answer::File { content_type, name, bytes } => {
            json!({"status": 200, "content_type": content_type, "file_name": name, "bytes": bytes.len()})
        }
        Answer::Picture(bytes) => json!({"status": 200, "content_type": "image/jpg", "bytes": bytes.len()}),
        Answer::Status(code) => json!({ "status": code }),
    }
}

/// The headers of an answer, as far as they are known before it is sent.
pub(crate) fn headers(response: &Response) -> Value {
    let text = |value: &http::HeaderValue| Value::from(String::from_utf8_lossy(value.as_bytes()));
    response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// What the caller sees of the answer after a fault; with the finding when that is a failure.
pub(crate) fn spoilt(deed: &Do, reply: &mut Value) -> Option<Finding> {
    if let Some(status) = deed.status {
        reply["status"] = json!(status);
        reply["body"] = Value::from(format!("status {status}\n"));
        let (zh, en) =
            (format!("回答了 HTTP 状态 {status}"), format!("it answered with HTTP status {status}"));
        return Some(findings::spoilt("http_status", &zh, &en));
    }
    if deed.html {
        reply["content_type"] = json!("text/html");
        reply["body"] = json!(super::spoil::PAGE);
        let (zh, en) = ("回答了 HTML 页面而不是 JSON", "it answered with an HTML page instead of JSON");
        return Some(findings::spoilt("html_reply", zh, en));
    }
    let (zh, en) = match (deed.hang, deed.reset, deed.truncate) {
        (true, _, _) => ("收下请求后一直不回答", "it took the call and never answered"),
        (_, true, _) => ("没有回答就断开了连接", "it closed the connection without an answer"),
        (_, _, Some(_)) => {
            ("回答发到一半就断开了连接", "it closed the connection in the middle of the answer")
        }
        _ => return None,
    };
    if deed.truncate.is_none() {
        reply["status"] = Value::Null;
    }
    Some(findings::spoilt("unreachable", zh, en))
}

/// The person a call names, before it has run.
pub(crate) fn person(call: &Call) -> Option<String> {
    if let Some(openid) = call.query("openid") {
        return Some(openid.to_owned());
    }
    if call.body.first() != Some(&b'{') {
        return None;
    }
    let body: Value = serde_json::from_slice(&call.body).ok()?;
    let named = [&body["touser"], &body["openid"], &body["openid_list"][0]];
    named.iter().find_map(|value| value.as_str()).map(str::to_owned)
}

/// A refused call as it can be looked up by its request id.
pub(crate) fn refused(call: &Call, rid: String, response: &Value, now_ms: i64) -> Recorded {
    let query: Vec<String> = call
        .query
        .iter()
        .filter(|(name, _)| !secret::is_secret(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let body = match body(call, 64 * 1024).0 {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    Recorded {
        rid,
        at_ms: now_ms,
        url: format!("{}{mark}{}", call.path, query.join("&")),
        request: body,
        response: response.to_string(),
        client: call.client.to_canonical().to_string(),
    }
}
