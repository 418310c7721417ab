//! Judges the answer to a push: shown, silent or wrong, and why. A pure function of the exchange.

use hongyan_wire::{AppId, envelope, envelope::OpenError, signature};
use serde_json::Value;

use super::findings::{self, Finding};
use super::read::{self, Frame, Shown};
use super::xml::{self, Broken, Element};
use crate::options::{Format, Mode};
use crate::push::seal::Signer;

/// How the last try of a push failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Cut after this many milliseconds.
    Late { took_ms: u64 },
    /// No connection, or none that lasted until an answer.
    Unreachable { why: String },
    /// A status other than 200.
    Status(u16),
}

impl Failure {
    /// The finding, when `tries` tries ended like this.
    pub(crate) fn finding(&self, tries: usize) -> Finding {
        match self {
            Failure::Late { took_ms } => findings::late(tries, *took_ms),
            Failure::Unreachable { why } => findings::unreachable(tries, why),
            Failure::Status(status) => findings::http_status(tries, *status),
        }
    }
}

/// What an answer with status 200 amounts to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    /// The message to show; none when silent or wrong.
    pub(crate) shown: Option<Shown>,
    pub(crate) findings: Vec<Finding>,
    /// The reply after decryption.
    pub(crate) plain: Option<String>,
}

impl Verdict {
    /// True when the platform would show its notice.
    pub(crate) fn wrong(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == findings::Severity::Error)
    }

    fn only(finding: Finding) -> Self {
        Verdict { findings: vec![finding], ..Verdict::default() }
    }
}

/// Judges the body of an answer.
pub(crate) fn judge(body: &[u8], signer: &Signer, frame: &Frame<'_>) -> Verdict {
    if body.is_empty() || body == b"success" {
        return Verdict::default();
    }
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let place = format!("byte {}", error.valid_up_to());
            return Verdict::only(findings::xml_error(place, "not UTF-8 / 不是 UTF-8"));
        }
    };
    let root = match parse(text, signer.format) {
        Ok(root) => root,
        Err(finding) => return Verdict::only(finding),
    };
    if !signer.mode.encrypts() || (signer.mode == Mode::Compatible && root.child("Encrypt").is_none()) {
        let (shown, findings) = read::read(&root, frame);
        return Verdict { shown, findings, plain: None };
    }
    let plain = match open(&root, signer) {
        Ok(plain) => plain,
        Err(finding) => return Verdict::only(finding),
    };
    let (shown, findings) = match parse(&plain, signer.format) {
        Ok(root) => read::read(&root, frame),
        Err(finding) => (None, vec![finding]),
    };
    Verdict { shown, findings, plain: Some(plain) }
}

fn parse(text: &str, format: Format) -> Result<Element, Finding> {
    let start = text.trim_start();
    let is_json = start.starts_with('{') || start.starts_with('[');
    if is_json && format == Format::Json {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            findings::xml_error(format!("line {}, column {}", error.line(), error.column()), "JSON")
        })?;
        return Ok(read::from_json("xml", &value));
    }
    if is_json {
        return Err(findings::json_reply());
    }
    let lower: String = start.chars().take(14).collect::<String>().to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| lower.starts_with(tag)) {
        return Err(findings::html_reply());
    }
    xml::read(text).map_err(|broken| match broken {
        Broken::Control { character, byte, line, column } => findings::control_character(
            format!("line {line}, column {column}"),
            u32::from(character),
            byte,
        ),
        Broken::Syntax { what, line, column } => {
            findings::xml_error(format!("line {line}, column {column}"), what)
        }
    })
}

/// Opens an encrypted reply.
fn open(root: &Element, signer: &Signer) -> Result<String, Finding> {
    let Some(encrypt) = root.text("Encrypt").filter(|text| !text.is_empty()) else {
        return Err(findings::not_encrypted());
    };
    let timestamp = root.text("TimeStamp").unwrap_or_default();
    let nonce = root.text("Nonce").unwrap_or_default();
    let given = root.text("MsgSignature").unwrap_or_default();
    if !signature::msg_signature(&signer.token, timestamp, nonce, encrypt).matches(given) {
        return Err(findings::bad_msg_signature());
    }
    let keys: Vec<_> = signer.key.iter().cloned().collect();
    match envelope::open(&keys, &AppId::new(signer.app_id.as_str()), encrypt) {
        Ok(opened) => String::from_utf8(opened.message)
            .map_err(|_| findings::xml_error("Encrypt".to_owned(), "not UTF-8 / 不是 UTF-8")),
        Err(OpenError::AppId { found }) => Err(findings::wrong_app_id(&found, &signer.app_id)),
        Err(other) => Err(findings::bad_padding(&other.to_string())),
    }
}
