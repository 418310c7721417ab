//! Signs a push and, in the encrypted modes, encrypts it: what travels in the address and in the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hongyan_wire::{AesKey, AppId, envelope, signature};

use super::fields::{Fields, Value};
use super::write;
use crate::options::{Format, Mode};

/// The secrets of the account a push is signed with.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) app_id: String,
    pub(crate) token: String,
    pub(crate) key: Option<AesKey>,
    pub(crate) mode: Mode,
    pub(crate) format: Format,
}

/// What is put wrong on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaws {
    pub(crate) bad_signature: bool,
    pub(crate) no_signature: bool,
    pub(crate) wrong_token: bool,
    pub(crate) wrong_app_id: bool,
    pub(crate) wrong_key: bool,
    pub(crate) bad_padding: bool,
    pub(crate) plain_body: bool,
    pub(crate) stale_s: Option<i64>,
    pub(crate) truncate: Option<usize>,
}

impl Flaws {
    /// These and others together.
    pub(crate) fn and(&self, other: &Flaws) -> Flaws {
        Flaws {
            bad_signature: self.bad_signature || other.bad_signature,
            no_signature: self.no_signature || other.no_signature,
            wrong_token: self.wrong_token || other.wrong_token,
            wrong_app_id: self.wrong_app_id || other.wrong_app_id,
            wrong_key: self.wrong_key || other.wrong_key,
            bad_padding: self.bad_padding || other.bad_padding,
            plain_body: self.plain_body || other.plain_body,
            stale_s: self.stale_s.or(other.stale_s),
            truncate: self.truncate.or(other.truncate),
        }
    }
}

/// What differs from try to try.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) timestamp: i64,
    pub(crate) nonce: String,
    pub(crate) random: [u8; 16],
}

/// One delivery, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// The two parts of a message that a push may show: the original id alone, and everything.
pub(crate) enum Text<'a> {
    Fields(&'a Fields),
    /// A body given as it is to be sent.
    Raw {
        original_id: &'a str,
        body: &'a str,
    },
}

impl Text<'_> {
    fn plain(&self, format: Format) -> String {
        match (self, format) {
            (Text::Fields(fields), Format::Xml) => write::xml(fields),
            (Text::Fields(fields), Format::Json) => write::json(fields).to_string(),
            (Text::Raw { body, .. }, _) => (*body).to_owned(),
        }
    }

    fn original_id(&self) -> &str {
        match self {
            Text::Fields(fields) => fields.get("ToUserName").unwrap_or_default(),
            Text::Raw { original_id, .. } => original_id,
        }
    }
}

/// The query that every call to the callback carries, the handshake's too.
pub(crate) fn signed_query(token: &str, timestamp: &str, nonce: &str) -> Vec<(&'static str, String)> {
    vec![
        ("signature", signature::signature(token, timestamp, nonce).as_str().to_owned()),
        ("timestamp", timestamp.to_owned()),
        ("nonce", nonce.to_owned()),
    ]
}

/// Makes one delivery.
pub(crate) fn seal(signer: &Signer, text: &Text<'_>, openid: &str, stamp: &Stamp, flaws: &Flaws) -> Sealed {
    let token = if flaws.wrong_token { "aDifferentToken" } else { signer.token.as_str() };
    let timestamp = (stamp.timestamp - flaws.stale_s.unwrap_or(0)).to_string();
    let mut query = signed_query(token, &timestamp, &stamp.nonce);
    query.push(("openid", openid.to_owned()));
    let plain = text.plain(signer.format);
    let key = if flaws.wrong_key { AesKey::parse(WRONG_KEY).ok() } else { signer.key.clone() };
    let mut body = plain.clone();
    if let (true, Some(key)) = (signer.mode.encrypts(), key) {
        let app_id = if flaws.wrong_app_id { "wxffffffffffffffff" } else { signer.app_id.as_str() };
        let mut encrypt = envelope::seal(&key, &AppId::new(app_id), stamp.random, plain.as_bytes());
        if flaws.bad_padding {
            encrypt = spoil_padding(&encrypt);
        }
        let msg_signature = signature::msg_signature(token, &timestamp, &stamp.nonce, &encrypt);
        query.push(("encrypt_type", "aes".to_owned()));
        query.push(("msg_signature", msg_signature.as_str().to_owned()));
        if !flaws.plain_body {
            body = envelope_body(signer, text, &plain, &encrypt);
        }
    }
    if flaws.bad_signature {
        spoil_signatures(&mut query);
    }
    if flaws.no_signature {
        query.retain(|(name, _)| !matches!(*name, "signature" | "msg_signature"));
    }
    let mut body = body.into_bytes();
    if let Some(bytes) = flaws.truncate {
        body.truncate(bytes);
    }
    Sealed { query, body }
}

const WRONG_KEY: &str = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba";

fn envelope_body(signer: &Signer, text: &Text<'_>, plain: &str, encrypt: &str) -> String {
    let outer = Fields::default().text("ToUserName", text.original_id()).text("Encrypt", encrypt);
    match (signer.mode, signer.format, text) {
        (Mode::Compatible, Format::Xml, _) => {
            let mut added = String::new();
            write::write_fields(&Fields::default().text("Encrypt", encrypt), &mut added);
            match plain.rfind("</xml>") {
                Some(end) => format!("{}{added}{}", &plain[..end], &plain[end..]),
                None => plain.to_owned(),
            }
        }
        (Mode::Compatible, Format::Json, Text::Fields(fields)) => {
            let mut both = (*fields).clone();
            both.0.push(("Encrypt".to_owned(), Value::Text(encrypt.to_owned())));
            write::json(&both).to_string()
        }
        (_, Format::Json, _) => write::json(&outer).to_string(),
        (_, Format::Xml, _) => write::xml(&outer),
    }
}

/// Turns one hex digit of each signature into another.
fn spoil_signatures(query: &mut [(&'static str, String)]) {
    for (name, value) in query {
        if matches!(*name, "signature" | "msg_signature") {
            let first = if value.starts_with('0') { "1" } else { "0" };
            value.replace_range(0..1, first);
        }
    }
}

/// Changes the block before the last, so that the last one decrypts to an impossible padding.
fn spoil_padding(encrypt: &str) -> String {
    let Ok(mut bytes) = STANDARD.decode(encrypt) else { return encrypt.to_owned() };
    if let Some(at) = bytes.len().checked_sub(17) {
        bytes[at] ^= 0xf0;
    }
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::fields::heading;
    use super::*;

    fn signer(mode: Mode, format: Format) -> Signer {
        Signer {
            app_id: "wx0123456789abcdef".into(),
            token: "emuToken2026".into(),
            key: AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").ok(),
            mode,
            format,
        }
    }

    fn stamp() -> Stamp {
        Stamp { timestamp: 1_732_000_000, nonce: "900913".into(), random: *b"0123456789abcdef" }
    }

    fn message() -> Fields {
        heading("gh_0123456789ab", "oEmuUser0000000000000000001A", 1_732_000_000_000, "text")
            .text("Content", "你好, hello")
            .digits("MsgId", "24000000000000001")
    }

    fn query<'a>(sealed: &'a Sealed, name: &str) -> Option<&'a str> {
        sealed.query.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_secure_push_is_test_vector_a() {
        let sealed = seal(
            &signer(Mode::Secure, Format::Xml),
            &Text::Fields(&message()),
            "oEmuUser0000000000000000001A",
            &stamp(),
            &Flaws::default(),
        );
        assert_eq!(query(&sealed, "signature"), Some("2d5902738bc06d5453e5c2fb603ddba59a058d74"));
        assert_eq!(query(&sealed, "msg_signature"), Some("f0daaea7f4f690cb5d878c9ee707c9c93af899d7"));
        let body = String::from_utf8(sealed.body).unwrap();
        assert!(
            body.starts_with(
                "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[Q3stYC6h"
            ),
            "{body}"
        );
        assert!(!body.contains("Content"), "{body}");
    }

    #[test]
    fn a_compatible_push_holds_both() {
        let xml = seal(
            &signer(Mode::Compatible, Format::Xml),
            &Text::Fields(&message()),
            "o",
            &stamp(),
            &Flaws::default(),
        );
        let body = String::from_utf8(xml.body).unwrap();
        assert!(body.contains("<Content><![CDATA[你好, hello]]></Content>"));
        assert!(body.ends_with("]]></Encrypt></xml>"), "{body}");
        let json = seal(
            &signer(Mode::Compatible, Format::Json),
            &Text::Fields(&message()),
            "o",
            &stamp(),
            &Flaws::default(),
        );
        let body: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
        assert_eq!(body["Content"], "你好, hello");
        assert!(body["Encrypt"].is_string());
    }

    #[test]
    fn each_flaw_spoils_what_it_names() {
        let secure = signer(Mode::Secure, Format::Xml);
        let message = message();
        let sealed = |flaws: &Flaws| seal(&secure, &Text::Fields(&message), "o", &stamp(), flaws);
        let good = sealed(&Flaws::default());
        let bad = sealed(&Flaws { bad_signature: true, ..Flaws::default() });
        assert_ne!(query(&bad, "signature"), query(&good, "signature"));
        assert_ne!(query(&bad, "msg_signature"), query(&good, "msg_signature"));
        let unsigned = sealed(&Flaws { no_signature: true, ..Flaws::default() });
        assert_eq!((query(&unsigned, "signature"), query(&unsigned, "msg_signature")), (None, None));
        let stale = sealed(&Flaws { stale_s: Some(600), ..Flaws::default() });
        assert_eq!(query(&stale, "timestamp"), Some("1731999400"));
        let plain = sealed(&Flaws { plain_body: true, ..Flaws::default() });
        assert!(String::from_utf8(plain.body).unwrap().contains("<Content>"));
        assert_eq!(sealed(&Flaws { truncate: Some(9), ..Flaws::default() }).body.len(), 9);
    }

    #[test]
    fn spoilt_padding_is_refused_as_padding() {
        let secure = signer(Mode::Secure, Format::Json);
        let flaws = Flaws { bad_padding: true, ..Flaws::default() };
        let sealed = seal(&secure, &Text::Fields(&message()), "o", &stamp(), &flaws);
        let body: serde_json::Value = serde_json::from_slice(&sealed.body).unwrap();
        let key = AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();
        let opened =
            envelope::open(&[key], &AppId::new("wx0123456789abcdef"), body["Encrypt"].as_str().unwrap());
        assert!(opened.is_err());
    }
}
