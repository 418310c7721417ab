//! What a platform endpoint sees: the call, the account it concerns, and the world.

use std::net::IpAddr;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::world::World;
use crate::world::account::Account;
use crate::world::address;
use crate::world::rights::{Right, may};

/// A file from a multipart body.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) field: String,
    pub(crate) name: Option<String>,
    pub(crate) bytes: Bytes,
}

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// The query as it came.
    pub(crate) raw_query: Option<String>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) files: Vec<File>,
    pub(crate) content_type: String,
    /// Who calls.
    pub(crate) client: IpAddr,
}

impl Call {
    /// A value of the query; an empty one counts as missing.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// A good answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Json(Value),
    /// A file; with a name it is offered as an attachment.
    File {
        content_type: &'static str,
        name: Option<String>,
        bytes: Bytes,
    },
    /// A QR picture, which may be cached.
    Picture(Bytes),
    /// A bare status.
    Status(u16),
}

impl Answer {
    /// `{"errcode":0,"errmsg":"ok"}`.
    pub(crate) fn done() -> Self {
        Answer::Json(json!({"errcode": 0, "errmsg": "ok"}))
    }
}

/// A refusal by code; `text` replaces the code's usual text.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) text: Option<String>,
}

impl From<i64> for Refused {
    fn from(code: i64) -> Self {
        Refused { code, text: None }
    }
}

/// What every endpoint gives.
pub(crate) type Result = std::result::Result<Answer, Refused>;

/// The table an endpoint works at.
pub(crate) struct Desk<'a> {
    pub(crate) world: &'a mut World,
    /// The account the token belongs to; the first one for calls without a token.
    pub(crate) at: usize,
    pub(crate) call: &'a Call,
    pub(crate) now_ms: i64,
    /// The person the call turned out to concern.
    pub(crate) user: Option<String>,
}

impl Desk<'_> {
    pub(crate) fn account(&mut self) -> &mut Account {
        &mut self.world.accounts[self.at]
    }

    pub(crate) fn settings(&self) -> Settings {
        self.world.settings.clone()
    }

    /// Fails when the account's kind does not allow it.
    pub(crate) fn needs(&self, right: Right, code: i64) -> std::result::Result<(), Refused> {
        let account = &self.world.accounts[self.at];
        if may(account.kind, account.verified, right) { Ok(()) } else { Err(code.into()) }
    }

    /// Fails when the account may not be called from the caller's address.
    pub(crate) fn admitted(&self) -> std::result::Result<(), Refused> {
        let client = self.call.client;
        if self.world.accounts[self.at].ip_list.admits(client) {
            return Ok(());
        }
        Err(Refused { code: 40164, text: Some(address::refusal(client)) })
    }

    /// Points the desk at the account with this AppID and secret, when it may be called from here.
    pub(crate) fn by_secret(&mut self, app_id: &str, secret: &str) -> std::result::Result<(), Refused> {
        self.at = self.world.account_at(Some(app_id)).ok_or(40013)?;
        if self.account().secret != secret {
            return Err(self.world.settings.wrong_secret_code.into());
        }
        if self.account().secret_frozen {
            return Err(40243.into());
        }
        self.admitted()
    }

    /// Counts a call against the minute and the day; fails when either is used up.
    pub(crate) fn count(&mut self, path: &str, daily: u32) -> std::result::Result<(), Refused> {
        let (per_minute, now_ms) = (self.world.settings.per_minute.get(path).copied(), self.now_ms);
        let quota = &mut self.account().quota;
        if per_minute.is_some_and(|limit| !quota.count_minute(path, limit, now_ms)) {
            return Err(45011.into());
        }
        if quota.count(path, daily, now_ms) { Ok(()) } else { Err(45009.into()) }
    }

    /// The body as a JSON object.
    pub(crate) fn json(&self) -> std::result::Result<Value, Refused> {
        if self.call.body.is_empty() {
            return Err(44002.into());
        }
        match serde_json::from_slice::<Value>(&self.call.body) {
            Ok(body @ Value::Object(_)) => Ok(body),
            _ => Err(47001.into()),
        }
    }

    /// The body as a JSON object whose text must not be escaped.
    pub(crate) fn raw_json(&self) -> std::result::Result<Value, Refused> {
        if has_escapes(&self.call.body) {
            return Err(40033.into());
        }
        self.json()
    }

    /// Fails when nobody of this account has the OpenID; notes it for the record.
    pub(crate) fn openid(&mut self, value: &Value) -> std::result::Result<String, Refused> {
        let openid = value.as_str().unwrap_or_default().to_owned();
        if self.account().follower(&openid).is_none() {
            return Err(40003.into());
        }
        self.user = Some(openid.clone());
        Ok(openid)
    }
}

/// True when the JSON text holds a `\uXXXX` escape for a character that can stand for itself.
fn has_escapes(body: &[u8]) -> bool {
    let mut at = 0;
    while at + 1 < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        if body[at + 1] == b'u' {
            let digits = body.get(at + 2..at + 6).and_then(|digits| std::str::from_utf8(digits).ok());
            let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            // A control character cannot be written any other way.
            if code.is_none_or(|code| code >= 0x20) {
                return true;
            }
        }
        at += 2;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_escapes;

    #[test]
    fn escapes_of_printable_characters_are_found() {
        assert!(has_escapes(br#"{"a":"\u4f60"}"#));
        assert!(has_escapes(br#"{"a":"\\\u0026"}"#));
        assert!(!has_escapes("{\"a\":\"你\"}".as_bytes()));
        assert!(!has_escapes(br#"{"a":"\\u4f60"}"#));
        assert!(!has_escapes(br#"{"a":"\u0008 \n"}"#));
    }
}
