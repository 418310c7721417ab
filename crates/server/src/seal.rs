//! Step 9, seal: the envelope around the answer, where the push came in one.

use bytes::Bytes;
use hongyan_wire::{Format, Random, envelope};

use crate::Account;
use crate::open::Sealing;
use crate::render::Rendered;
use crate::verify::Signed;

/// The body of the answer, and what it is written in: `None` is plain text.
pub(crate) fn seal(
    account: &Account,
    random: &dyn Random,
    sealing: Option<Sealing>,
    signed: Signed<'_>,
    rendered: Rendered,
) -> (Bytes, Option<Format>) {
    let body = match rendered {
        Rendered::Success => return (Rendered::Success.bytes(), None),
        Rendered::Body(body) => body,
    };
    let Some((sealing, key)) = sealing.and_then(|sealing| Some((sealing, account.keys.get(sealing.key)?)))
    else {
        let format = if body.first() == Some(&b'{') { Format::Json } else { Format::Xml };
        return (body, Some(format));
    };
    let encrypt = envelope::seal(key, &account.app_id, random.array16(), &body);
    let Signed { timestamp, nonce } = signed;
    let sealed = match sealing.format {
        Format::Xml => envelope::sealed_reply_xml(&account.token, &encrypt, timestamp, nonce),
        Format::Json => envelope::sealed_reply_json(&account.token, &encrypt, timestamp, nonce),
    };
    (sealed.into(), Some(sealing.format))
}
