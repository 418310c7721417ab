//! A message as JSON under the headers of Standard Webhooks, and the program's answer to it.
//!
//! [Standard Webhooks](https://www.standardwebhooks.com/) is a signature that libraries in most languages check.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::letter::Letter;
use crate::config::SigningKey;
use crate::message::Message;

/// The most messages in one answer.
const MESSAGES: usize = 20;

/// The body: who says what to which account.
pub(crate) fn body(letter: &Letter) -> Vec<u8> {
    let body = json!({
        "id": letter.id,
        "account": *letter.account,
        "message": letter.message.to_json(),
    });
    body.to_string().into_bytes()
}

/// The headers that go with a body.
pub(crate) fn headers(key: &SigningKey, id: &str, seconds: i64, body: &[u8]) -> [(&'static str, String); 4] {
    [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature(key, id, seconds, body)),
    ]
}

fn signature(key: &SigningKey, id: &str, seconds: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.bytes()));
    context.update(format!("{id}.{seconds}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

/// The messages of an answer: none in an empty body, else one in customer-service JSON or a list of them.
pub(crate) fn answer(body: &[u8]) -> Result<Vec<Message>, String> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("the answer is not JSON: {error}"))?;
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        one => vec![one],
    };
    if list.len() > MESSAGES {
        return Err(format!("the answer has {} messages; at most {MESSAGES} are taken", list.len()));
    }
    list.iter().enumerate().map(|(index, one)| message(one, index)).collect()
}

fn message(value: &Value, index: usize) -> Result<Message, String> {
    let place = || format!("message {} of the answer", index + 1);
    let message = Message::from_json(value).map_err(|error| format!("{}: {error}", place()))?;
    // A program does not read this machine's files, or reach its network, through us.
    if message.needs_upload() {
        return Err(format!("{}: media must be uploaded first: give its media id", place()));
    }
    if message.kind() == "transfer" && index > 0 {
        return Err(format!("{}: `transfer` can only be the first", place()));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_others_compute() {
        // Computed with Python's hmac and base64 modules.
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let made = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn one_message_a_list_and_nothing_are_answers() {
        let kinds = |body: &str| {
            let messages = answer(body.as_bytes()).unwrap();
            messages.iter().map(|message| message.kind().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(""), Vec::<String>::new());
        assert_eq!(kinds(" \n"), Vec::<String>::new());
        assert_eq!(kinds("null"), Vec::<String>::new());
        assert_eq!(kinds("[]"), Vec::<String>::new());
        assert_eq!(kinds(r#"{"msgtype":"text","text":{"content":"a"}}"#), ["text"]);
        assert_eq!(kinds(r#"[{"text":"a"},{"image":"M"}]"#), ["text", "image"]);
    }

    #[test]
    fn what_is_not_an_answer_is_named() {
        for (body, word) in [
            ("hello", "not JSON"),
            (r#"{"txet":"a"}"#, "message 1"),
            (r#"[{"text":"a"},{"image":"file:/etc/passwd"}]"#, "message 2"),
            (r#"{"image":"https://10.0.0.1/x"}"#, "uploaded first"),
            (r#"[{"text":"a"},{"transfer":"a@b"}]"#, "only be the first"),
        ] {
            let error = answer(body.as_bytes()).expect_err(body);
            assert!(error.contains(word), "{body}: {error}");
        }
        assert!(answer(json!(vec![json!({"text": "a"}); 21]).to_string().as_bytes()).is_err());
    }
}
