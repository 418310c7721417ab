//! A push as the platform would send it to a back end, signed and sealed with that back end's own token and key.

use hongyan_wire::inbound::parse_fields;
use hongyan_wire::signature::{msg_signature, signature};
use hongyan_wire::{Format, Secret, envelope};
use serde_json::{Map, Value, json};

use super::letter::Letter;
use super::reply::reply;
use crate::config::Sealing;
use crate::message::Message;

/// What is sent.
pub(crate) struct Request {
    /// What is added to the address.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// What differs from one try to the next.
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    pub(crate) nonce: String,
    pub(crate) random: [u8; 16],
}

/// Writes the push as the platform does.
pub(crate) fn request(letter: &Letter, token: &Secret, sealing: &Sealing, moment: &Moment) -> Request {
    let timestamp = moment.seconds.to_string();
    let nonce = &moment.nonce;
    let mut query = vec![
        ("signature", signature(token.expose(), &timestamp, nonce).to_string()),
        ("timestamp", timestamp.clone()),
        ("nonce", nonce.clone()),
        ("openid", letter.message.from.as_str().to_owned()),
    ];
    let format = letter.message.format;
    let body = match sealing {
        Sealing::Plain => letter.body.to_vec(),
        Sealing::Compatible(key) | Sealing::Secure(key) => {
            let sealed = envelope::seal(key, &letter.app_id, moment.random, &letter.body);
            query.push(("encrypt_type", "aes".to_owned()));
            query.push((
                "msg_signature",
                msg_signature(token.expose(), &timestamp, nonce, &sealed).to_string(),
            ));
            let beside = matches!(sealing, Sealing::Compatible(_)).then_some(&letter.body[..]);
            match format {
                Format::Xml => sealed_xml(beside, letter.message.to.as_str(), &sealed),
                Format::Json => sealed_json(beside, letter.message.to.as_str(), &sealed),
            }
        }
    };
    let content_type = match format {
        Format::Xml => "text/xml",
        Format::Json => "application/json",
    };
    Request { query, content_type, body }
}

fn sealed_xml(beside: Option<&[u8]>, to: &str, sealed: &str) -> Vec<u8> {
    let element = format!("<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>");
    let open = beside.and_then(|plain| {
        let text = std::str::from_utf8(plain).ok()?.trim_end();
        text.strip_suffix("</xml>")
    });
    match open {
        Some(open) => format!("{open}{element}").into_bytes(),
        // An original id is made of letters, digits and `_`.
        None => format!("<xml><ToUserName><![CDATA[{to}]]></ToUserName>{element}").into_bytes(),
    }
}

fn sealed_json(beside: Option<&[u8]>, to: &str, sealed: &str) -> Vec<u8> {
    let plain = beside.and_then(|plain| serde_json::from_slice::<Map<String, Value>>(plain).ok());
    let mut object = plain.unwrap_or_else(|| Map::from_iter([("ToUserName".to_owned(), json!(to))]));
    object.insert("Encrypt".to_owned(), json!(sealed));
    Value::Object(object).to_string().into_bytes()
}

/// The reply in a back end's answer; `None` when it says nothing.
pub(crate) fn answer(
    letter: &Letter,
    token: &Secret,
    sealing: &Sealing,
    body: &[u8],
) -> Result<Option<Message>, String> {
    let Some(fields) = fields(body)? else { return Ok(None) };
    let Some(sealed) = fields.text("Encrypt") else {
        return reply(&letter.message, &fields);
    };
    let key = match sealing {
        Sealing::Plain => return Err("the answer is encrypted, but mode is \"plain\"".to_owned()),
        Sealing::Compatible(key) | Sealing::Secure(key) => key,
    };
    let text = |name: &str| fields.text(name).unwrap_or_default();
    let expected = msg_signature(token.expose(), text("TimeStamp"), text("Nonce"), sealed);
    if !expected.matches(text("MsgSignature")) {
        return Err("the answer's MsgSignature is wrong: most likely its Token is another one".to_owned());
    }
    let opened = envelope::open(std::slice::from_ref(key), &letter.app_id, sealed)
        .map_err(|error| format!("the answer cannot be opened: {error}"))?;
    match self::fields(&opened.message)? {
        Some(fields) => reply(&letter.message, &fields),
        None => Ok(None),
    }
}

/// The fields of an answer; `None` for `success` and for nothing.
fn fields(body: &[u8]) -> Result<Option<hongyan_wire::inbound::Fields>, String> {
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() || trimmed == b"success" {
        return Ok(None);
    }
    if !trimmed.starts_with(b"<") && !trimmed.starts_with(b"{") {
        return Err("the answer is neither XML nor `success`".to_owned());
    }
    let (_, fields) = parse_fields(trimmed).map_err(|error| format!("the answer cannot be read: {error}"))?;
    Ok(Some(fields))
}
