//! Step 3, open: from the body to the message that is believed.

use bytes::Bytes;
use hongyan_wire::inbound::{self, Fields};
use hongyan_wire::{Format, envelope};

use crate::receive::Query;
use crate::verify::{self, Signed};
use crate::{Account, Mode, Refusal};

/// The message, and how the answer to it must be written.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) message: Bytes,
    /// How to seal the answer; `None` where bodies are plain.
    pub(crate) sealing: Option<Sealing>,
}

/// The envelope the push came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealing {
    /// Which of the account's keys opened it.
    pub(crate) key: usize,
    /// What the envelope was written in.
    pub(crate) format: Format,
}

/// Takes the message out of the body, as the account's mode says and never as the request does.
///
/// In compatible mode the body holds the message in plain as well. Nobody has signed that half, so it is not looked at.
pub(crate) fn open(
    account: &Account,
    query: &Query<'_>,
    signed: Signed<'_>,
    body: Bytes,
) -> Result<Opened, Refusal> {
    if account.mode == Mode::Plain {
        return Ok(Opened { message: body, sealing: None });
    }
    let (format, fields) = inbound::parse_fields(&body).map_err(Refusal::Body)?;
    let encrypt = fields.text("Encrypt").ok_or(Refusal::Plain)?;
    verify::message(account, query, signed, encrypt)?;
    let opened = envelope::open(&account.keys, &account.app_id, encrypt)?;
    Ok(Opened { message: opened.message.into(), sealing: Some(Sealing { key: opened.key, format }) })
}

/// Whether a body is nothing but an envelope.
pub(crate) fn is_sealed(fields: &Fields) -> bool {
    fields.get("Encrypt").is_some() && fields.get("MsgType").is_none()
}
