//! Exchanges: every push with its answer and every API call, and all that is told about them.

pub(crate) mod secret;
pub(crate) mod state;
pub(crate) mod log;
pub(crate) mod curl;
pub(crate) mod step;

use serde::Serialize;
use serde_json::Value;

pub(crate) use log::Log;

use crate::reply::findings::Finding;

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// The platform called the back end.
    Push,
    /// The back end called the platform.
    Api,
}

impl Direction {
    /// The direction of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "push" => Some(Direction::Push),
            "api" => Some(Direction::Api),
            _ => None,
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// A message was shown, or a call succeeded.
    Replied,
    /// Answered with nothing to show.
    Silent,
    /// The person saw a notice, or a call was refused.
    Failed,
    /// Nothing was pushed.
    None,
}

impl Outcome {
    /// The outcome of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "replied" => Some(Outcome::Replied),
            "silent" => Some(Outcome::Silent),
            "failed" => Some(Outcome::Failed),
            "none" => Some(Outcome::None),
            _ => None,
        }
    }
}

/// One delivery of a push, or the one run of a call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Try {
    /// When it began, by the sandbox's clock.
    pub(crate) at_ms: i64,
    pub(crate) took_ms: u64,
    /// The HTTP status; none without an answer.
    pub(crate) status: Option<u16>,
    /// Why there was no status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Until the connection stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connect_ms: Option<u64>,
    /// Until the answer's first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_byte_ms: Option<u64>,
    /// How long after the cut the back end answered all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late_by_ms: Option<u64>,
    /// The address of this delivery, signed afresh each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// What a fault did to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<Value>,
    /// An extra delivery that a fault asked for; its answer is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) duplicate: bool,
    /// The answer to an extra delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<Value>,
}

/// A push and its answer, or a call and its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Exchange {
    pub(crate) id: u64,
    pub(crate) app_id: String,
    pub(crate) direction: Direction,
    pub(crate) user: Option<String>,
    pub(crate) kind: String,
    pub(crate) outcome: Outcome,
    pub(crate) at_ms: i64,
    pub(crate) tries: Vec<Try>,
    pub(crate) request: Value,
    pub(crate) reply: Value,
    pub(crate) findings: Vec<Finding>,
    /// What changed: `{before: {…}, after: {…}}` with the changed parts only; null when nothing did.
    pub(crate) state: Value,
    /// The limit a try has, in milliseconds; pushes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_ms: Option<u64>,
    /// The exchange this one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resend_of: Option<u64>,
    /// Pushes that the same action brought after this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) then: Vec<u64>,
}

impl Exchange {
    pub(crate) fn new(id: u64, app_id: &str, direction: Direction, kind: String, at_ms: i64) -> Self {
        Exchange {
            id,
            app_id: app_id.to_owned(),
            direction,
            user: None,
            kind,
            outcome: Outcome::None,
            at_ms,
            tries: Vec::new(),
            request: Value::Null,
            reply: Value::Null,
            findings: Vec::new(),
            state: Value::Null,
            limit_ms: None,
            resend_of: None,
            then: Vec::new(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// The code the platform answered with; zero for a call that succeeded, none for a push.
    pub(crate) fn errcode(&self) -> Option<i64> {
        match self.direction {
            Direction::Push => None,
            Direction::Api => {
                Some(self.reply.pointer("/body/errcode").and_then(Value::as_i64).unwrap_or_default())
            }
        }
    }
}

/// Text of a body for the record, at most this many bytes of it; what is left out is counted.
pub(crate) fn recorded(bytes: &[u8], limit: usize) -> Value {
    let text = String::from_utf8_lossy(bytes);
    if text.len() <= limit {
        return Value::from(text);
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Value::from(format!("{}… [+{} bytes]", &text[..end], text.len() - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters_and_says_so() {
        assert_eq!(recorded("你好".as_bytes(), 6), "你好");
        assert_eq!(recorded("你好".as_bytes(), 5), "你… [+3 bytes]");
        assert_eq!(recorded(b"a\xffb", 10), "a\u{fffd}b");
    }

    #[test]
    fn only_calls_have_an_errcode() {
        let mut call = Exchange::new(1, "wx1", Direction::Api, "/a".into(), 0);
        assert_eq!(call.errcode(), Some(0));
        call.reply = serde_json::json!({"body": {"errcode": 45009}});
        assert_eq!(call.errcode(), Some(45009));
        assert_eq!(Exchange::new(1, "wx1", Direction::Push, "a".into(), 0).errcode(), None);
    }
}
