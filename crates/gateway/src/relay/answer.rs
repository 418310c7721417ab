//! What the platform answered: JSON is looked through for tokens, anything else passes through.

use axum::body::Body;
use axum::http::response::Builder;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use hongyan::{Class, ErrCode, Secret};
use serde::Deserialize;
use serde_json::Value;

use super::{Shown, Trouble};

/// JSON larger than this is not looked through, so it is not passed on either.
const JSON: usize = 16 << 20;
/// More than any file that the platform gives.
const LARGEST: u64 = 256 << 20;

/// The headers of an answer that say something about its body.
const KEPT: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::CACHE_CONTROL,
    header::LAST_MODIFIED,
    header::ETAG,
    header::RETRY_AFTER,
];

/// An answer whose beginning has been seen.
pub(super) struct Answer {
    head: Builder,
    body: Seen,
}

enum Seen {
    Json(Bytes),
    File { first: Option<Bytes>, rest: reqwest::Response },
}

impl Answer {
    /// Reads as far as it takes to know what it is; JSON is read to its end.
    pub(super) async fn read(mut response: reqwest::Response) -> Result<Self, Trouble> {
        let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut head = Response::builder().status(status);
        for name in KEPT {
            for value in response.headers().get_all(&name) {
                head = head.header(&name, value.as_bytes());
            }
        }
        let is_json = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.to_ascii_lowercase().contains("json")));
        // Asked for later, it would be the length of what is still to come.
        let length = response.content_length();
        let mut first = None;
        while let Some(piece) = response.chunk().await.map_err(|error| Trouble::unsure(&error))? {
            if !piece.is_empty() {
                first = Some(piece);
                break;
            }
        }
        if !is_json && !first.as_ref().is_some_and(|piece| begins_json(piece)) {
            match length {
                Some(length) if length > LARGEST => return Err(Trouble::AnswerTooLarge),
                Some(length) => head = head.header(header::CONTENT_LENGTH, length),
                None => {}
            }
            return Ok(Self { head, body: Seen::File { first, rest: response } });
        }
        let mut whole = BytesMut::from(first.unwrap_or_default().as_ref());
        while let Some(piece) = response.chunk().await.map_err(|error| Trouble::unsure(&error))? {
            if whole.len() + piece.len() > JSON {
                return Err(Trouble::AnswerTooLarge);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Self { head, body: Seen::Json(whole.freeze()) })
    }

    /// Whether the platform refused the token.
    pub(super) fn refuses_the_token(&self) -> bool {
        #[derive(Deserialize)]
        struct Said {
            errcode: i64,
        }
        let Seen::Json(bytes) = &self.body else { return false };
        // A refusal is short; what is long need not be read for it.
        bytes.len() < 4096
            && serde_json::from_slice::<Said>(bytes)
                .is_ok_and(|said| ErrCode(said.errcode).class() == Class::Token)
    }

    /// The answer for the caller, who never sees the real token.
    pub(super) fn pass(self, token: Option<&Secret>, shown: &Shown<'_>) -> Response {
        let body = match self.body {
            Seen::Json(bytes) => Body::from(cleaned(bytes, token, shown)),
            Seen::File { first, rest } => {
                let first = stream::iter(first.map(Ok));
                let mut left = LARGEST;
                let bounded = first.chain(rest.bytes_stream().map_err(|_| "the platform's answer broke off"));
                Body::from_stream(bounded.map(move |piece| {
                    let piece = piece?;
                    left =
                        left.checked_sub(piece.len() as u64).ok_or("the platform's answer is too large")?;
                    Ok::<_, &'static str>(piece)
                }))
            }
        };
        self.head.body(body).unwrap_or_else(|_| Response::new(Body::empty()))
    }
}

/// JSON, by its first character.
fn begins_json(piece: &[u8]) -> bool {
    let piece = piece.strip_prefix(b"\xef\xbb\xbf").unwrap_or(piece);
    matches!(piece.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// The answer without the real token. What holds none stays as it is, to the byte.
fn cleaned(bytes: Bytes, token: Option<&Secret>, shown: &Shown<'_>) -> Bytes {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let token = token.map(Secret::expose).filter(|token| token.len() >= 4 && text.contains(token));
    let named = matches!(shown, Shown::Nothing) && text.contains("access_token");
    if token.is_none() && !named {
        return bytes;
    }
    let mut text = text.to_owned();
    if let Some(token) = token {
        text = text.replace(token, shown.in_its_place());
    }
    if named && let Ok(mut value) = serde_json::from_str::<Value>(&text) {
        strip(&mut value);
        text = value.to_string();
    }
    text.into()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| name != "access_token");
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &'static str, shown: &Shown<'_>) -> String {
        let token = Secret::new("REAL-TOKEN");
        String::from_utf8(cleaned(Bytes::from_static(text.as_bytes()), Some(&token), shown).to_vec()).unwrap()
    }

    #[test]
    fn the_real_token_is_in_no_answer() {
        let url = r#"{"request":{"request_url":"/x?access_token=REAL-TOKEN&a=1"}}"#;
        assert_eq!(
            clean(url, &Shown::Nothing),
            r#"{"request":{"request_url":"/x?access_token=[redacted]&a=1"}}"#
        );
        assert_eq!(
            clean(url, &Shown::Instead("HY_opaque")),
            r#"{"request":{"request_url":"/x?access_token=HY_opaque&a=1"}}"#
        );
        let nested = r#"{"a":[{"access_token":"other","b":1}],"access_token":{"x":1}}"#;
        assert_eq!(clean(nested, &Shown::Nothing), r#"{"a":[{"b":1}]}"#);
    }

    #[test]
    fn an_answer_without_a_token_is_not_touched() {
        for text in ["{ \"b\" : 1,\n \"a\":\"\\u4f60\" }", "[1,  2]", "not JSON"] {
            assert_eq!(clean(text, &Shown::Nothing), text);
        }
        assert!(begins_json(b"\xef\xbb\xbf {") && begins_json(b"\n[") && !begins_json(b"\x89PNG"));
    }
}
