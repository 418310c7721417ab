//! Judges the answer to a push: shown, silent or wrong, and why. A pure function of the exchange.

use hongyan_wire::{AppId, envelope, envelope::OpenError, signature};
use serde_json::Value;

use super::findings::{self, Finding};
use super::read::{self, Frame, Shown};
use super::xml::{self, Broken, Element};
use crate::exchange::Try;
use crate::options::{Format, Mode};
use crate::push::seal::Signer;

/// All that a verdict on a push rests on.
pub(crate) struct Facts<'a> {
    pub(crate) tries: &'a [Try],
    /// How long a try may take.
    pub(crate) limit_ms: u64,
    /// The body of the last answer with status 200.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) signer: &'a Signer,
    pub(crate) frame: &'a Frame<'a>,
}

/// What a push and the answers to it amount to; the last try decides.
pub(crate) fn verdict(facts: &Facts<'_>) -> Verdict {
    let tries: Vec<&Try> = facts.tries.iter().filter(|one| !one.duplicate).collect();
    let Some(last) = tries.last() else { return Verdict::default() };
    let no = tries.len();
    match (last.status, last.error.as_deref()) {
        (Some(200), _) => judge(facts.body.unwrap_or_default(), facts.signer, facts.frame),
        (Some(status), _) => Verdict::only(findings::http_status(no, status)),
        (None, _) if dropped(last) => Verdict::only(findings::dropped(no)),
        (None, Some("timeout")) => Verdict::only(findings::late(no, facts.limit_ms, &tries)),
        (None, why) => Verdict::only(findings::unreachable(no, why.unwrap_or_default())),
    }
}

fn dropped(one: &Try) -> bool {
    one.fault.as_ref().is_some_and(|fault| fault["drop"] == true)
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
    let sealed = root.child("Encrypt").is_some() && root.child("MsgType").is_none();
    if !signer.mode.encrypts() && sealed {
        return Verdict::only(findings::encrypted_in_plain());
    }
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
        Broken::Control { character, byte, line, column } => {
            findings::control_character(format!("line {line}, column {column}"), u32::from(character), byte)
        }
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
