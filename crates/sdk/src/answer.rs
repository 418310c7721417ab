//! What came back, and how it becomes a value or an error.

use std::borrow::Cow;

use bytes::Bytes;
use hongyan_wire::ErrCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Cause, Error, Refusal, Said, rid};

/// What a call's answer can be read as: any type that serde reads from JSON, or a [`File`].
pub trait Answer: Sized {
    /// Reads an answer that is not a refusal.
    fn read(received: Received) -> Result<Self, Error>;
}

/// An answer as it came, before it is read.
#[derive(Debug)]
pub struct Received {
    pub(crate) endpoint: Cow<'static, str>,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) file_name: Option<String>,
    pub(crate) bytes: Bytes,
}

/// The answer of calls that only succeed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Done {
    /// All that the answer said, `errcode` and `errmsg` among it.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Bytes with their name and type, such as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name that the platform gives it, where it does.
    pub name: Option<String>,
    /// The content type that the platform names, such as `image/jpeg`.
    pub content_type: Option<String>,
    /// The bytes.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> Answer for T {
    fn read(received: Received) -> Result<Self, Error> {
        decode(&received)
    }
}

impl Answer for File {
    fn read(received: Received) -> Result<Self, Error> {
        let page = received.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
        if page || received.bytes.is_empty() {
            let found = if page {
                Said::new("a web page in place of a file", "得到的是网页，而不是文件")
            } else {
                Said::new("nothing in place of a file", "应答是空的，没有文件")
            };
            return Err(received.undecodable(".", found));
        }
        Ok(Self { name: received.file_name, content_type: received.content_type, bytes: received.bytes })
    }
}

impl Received {
    /// The answer, unless it is a refusal or an HTTP status in place of an answer.
    pub(crate) fn accepted(self) -> Result<Self, Error> {
        if let Some((code, message)) = self.errcode()
            && code != 0
        {
            let rid = rid(&message);
            return Err(Error::Refused(Refusal {
                endpoint: self.endpoint,
                code: ErrCode(code),
                message,
                rid,
            }));
        }
        match self.status {
            200..300 => Ok(self),
            // Something on the way gave up; the platform may have done it all the same.
            500.. => {
                let (status, beginning) = (self.status, self.beginning());
                let zh = format!("HTTP 状态 {status}{beginning}");
                let source = Said::new(format!("HTTP status {status}{beginning}"), zh).into();
                Err(Error::Unsure { endpoint: self.endpoint, source })
            }
            status => Err(Error::Status { status, detail: self.beginning(), endpoint: self.endpoint }),
        }
    }

    /// The error number and text, where the answer is a JSON object that has them.
    fn errcode(&self) -> Option<(i64, String)> {
        #[derive(Deserialize)]
        struct Said {
            errcode: Option<Value>,
            errmsg: Option<Value>,
        }
        if self.json()?.first() != Some(&b'{') {
            return None;
        }
        let said: Said = serde_json::from_slice(self.json()?).ok()?;
        let code = match said.errcode? {
            Value::Number(number) => number.as_i64()?,
            // A few endpoints write it as text.
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        let message = match said.errmsg {
            Some(Value::String(text)) => text,
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        Some((code, message))
    }

    fn json(&self) -> Option<&[u8]> {
        let text = self.bytes.trim_ascii_start();
        Some(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)).filter(|text| !text.is_empty())
    }

    pub(crate) fn undecodable(&self, path: &str, what: impl Into<Cause>) -> Error {
        let source = what.into();
        Error::Undecodable { endpoint: self.endpoint.clone(), path: path.to_owned(), source }
    }

    /// How a body that should not be there begins, to be put behind a status.
    fn beginning(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(400)]);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line: String = words.join(" ").chars().take(80).collect();
        if line.is_empty() { line } else { format!(": {line}") }
    }
}

fn decode<T: DeserializeOwned>(received: &Received) -> Result<T, Error> {
    let Some(json) = received.json() else {
        return Err(received.undecodable(".", Said::new("the answer is empty", "应答是空的")));
    };
    if json.first() == Some(&b'<') {
        let beginning = received.beginning();
        let zh = format!("它不是 JSON{beginning}");
        return Err(received.undecodable(".", Said::new(format!("it is not JSON{beginning}"), zh)));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| received.undecodable(&error.path().to_string(), error.inner().to_string()))?;
    reader.end().map_err(|error| received.undecodable(".", error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(status: u16, body: &'static str) -> Received {
        let bytes = Bytes::from_static(body.as_bytes());
        Received { endpoint: "menu.get".into(), status, content_type: None, file_name: None, bytes }
    }

    fn code(status: u16, body: &'static str) -> Option<i64> {
        received(status, body).accepted().err().and_then(|error| error.code()).map(|code| code.0)
    }

    #[test]
    fn the_error_number_may_be_a_text_and_may_be_missing() {
        assert_eq!(code(200, r#"{"errcode":40003,"errmsg":"invalid openid"}"#), Some(40003));
        assert_eq!(code(200, r#"{"errcode":"40003","errmsg":"invalid openid"}"#), Some(40003));
        assert_eq!(code(500, r#" {"errcode":-1}"#), Some(-1));
        assert!(received(200, r#"{"errcode":0,"errmsg":"ok"}"#).accepted().is_ok());
        assert!(received(200, r#"{"errcode":"0"}"#).accepted().is_ok());
        assert!(received(200, r#"{"menu":{}}"#).accepted().is_ok());
    }

    #[test]
    fn a_status_from_the_way_is_told_from_one_at_the_door() {
        assert!(matches!(received(502, "<html>bad gateway").accepted(), Err(Error::Unsure { .. })));
        assert!(matches!(received(404, "").accepted(), Err(Error::Status { status: 404, .. })));
        let error = received(301, "moved\n  away").accepted().unwrap_err().to_string();
        assert!(error.ends_with("HTTP status 301: moved away"), "{error}");
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        #[derive(Debug, Deserialize)]
        struct Menu {
            #[expect(dead_code, reason = "only its decoding is looked at")]
            button: Vec<Button>,
        }
        #[derive(Debug, Deserialize)]
        struct Button {
            #[expect(dead_code, reason = "only its decoding is looked at")]
            name: String,
        }
        let error = Menu::read(received(200, r#"{"button":[{"name":"a"},{"name":7}]}"#)).unwrap_err();
        let Error::Undecodable { path, source, .. } = error else { panic!("{error:?}") };
        assert_eq!(path, "button[1].name");
        assert!(source.to_string().contains("expected a string"), "{source}");
    }

    #[test]
    fn pages_and_emptiness_are_no_files() {
        let mut page = received(200, "<html>");
        page.content_type = Some("text/html; charset=utf-8".into());
        assert!(matches!(File::read(page), Err(Error::Undecodable { .. })));
        assert!(File::read(received(200, "")).is_err());
        assert_eq!(File::read(received(200, "{\"not\":\"an error\"}")).unwrap().bytes.len(), 18);
    }
}
