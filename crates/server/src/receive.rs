//! Step 1, receive: the query, and the body within its bounds.

use std::borrow::Cow;
use std::pin::pin;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::FutureExt;
use http_body::Body;
use http_body_util::BodyExt;

use crate::{Limits, Refusal};

/// What the platform puts in the query, decoded. The first of several equal names counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query<'q> {
    pub(crate) signature: Option<Cow<'q, str>>,
    pub(crate) timestamp: Option<Cow<'q, str>>,
    pub(crate) nonce: Option<Cow<'q, str>>,
    pub(crate) msg_signature: Option<Cow<'q, str>>,
    pub(crate) echostr: Option<Cow<'q, str>>,
}

impl<'q> Query<'q> {
    pub(crate) fn parse(text: &'q str) -> Self {
        let mut query = Self::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "signature" => &mut query.signature,
                "timestamp" => &mut query.timestamp,
                "nonce" => &mut query.nonce,
                "msg_signature" => &mut query.msg_signature,
                "echostr" => &mut query.echostr,
                _ => continue,
            };
            if place.is_none() {
                *place = Some(decode(value));
            }
        }
        query
    }
}

/// Undoes percent-encoding; a `%` that starts nothing stays as it is.
fn decode(value: &str) -> Cow<'_, str> {
    if !value.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                out.push(b' ');
                at += 1;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Reads the whole body, which usually is one piece that has arrived already.
pub(crate) async fn body<B: Body>(body: B, limits: &Limits) -> Result<Bytes, Refusal> {
    let mut collect = pin!(collect(body, limits.max_body));
    // A timer is only set for a body that has to be waited for.
    if let Some(done) = collect.as_mut().now_or_never() {
        return done;
    }
    tokio::time::timeout(limits.body_time, collect).await.unwrap_or(Err(Refusal::Unfinished))
}

async fn collect<B: Body>(body: B, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::TooLarge { limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Unfinished)?;
        let Ok(mut data) = frame.into_data() else { continue };
        let so_far = if joined.is_empty() { first.len() } else { joined.len() };
        if so_far + data.remaining() > limit {
            return Err(too_large());
        }
        if first.is_empty() {
            first = data.copy_to_bytes(data.remaining());
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&first);
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            joined.extend_from_slice(chunk);
            let length = chunk.len();
            data.advance(length);
        }
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_the_first_counts() {
        let query = Query::parse("signature=ab&nonce=1%2B2&nonce=9&echostr=a+b%zz&x&timestamp=");
        assert_eq!(query.signature.as_deref(), Some("ab"));
        assert_eq!(query.nonce.as_deref(), Some("1+2"));
        assert_eq!(query.echostr.as_deref(), Some("a b%zz"));
        assert_eq!(query.timestamp.as_deref(), Some(""));
        assert_eq!(query.msg_signature, None);
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_read_without_a_panic(text in "\\PC*") {
            let _ = Query::parse(&text);
            let _ = decode(&text);
        }
    }
}
