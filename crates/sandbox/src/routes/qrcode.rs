//! QR codes with a scene: the ticket and the picture.

use bytes::Bytes;
use serde_json::json;

use super::desk::{Answer, Desk, Result};
use crate::picture::draw;
use crate::world::qrcode;

/// Makes a code and gives its ticket.
pub(crate) fn create(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let (settings, now_ms) = (desk.settings(), desk.now_ms);
    let wanted = qrcode::check(&body, &settings)?;
    let seconds = wanted.seconds;
    let fresh = desk.world.ids.ticket();
    let code = desk.account().qrcodes.create(wanted, now_ms, &settings, fresh)?;
    let app_id = desk.account().app_id.clone();
    desk.world.tell("qrcode", json!({"app_id": app_id, "ticket": code.ticket, "url": code.url}));
    Ok(Answer::Json(match seconds {
        Some(seconds) => json!({"ticket": code.ticket, "expire_seconds": seconds, "url": code.url}),
        None => json!({"ticket": code.ticket, "url": code.url}),
    }))
}

/// The picture of a ticket, for whoever has it.
pub(crate) fn show(desk: &mut Desk<'_>) -> Result {
    let ticket = desk.call.query("ticket").unwrap_or_default();
    let now_ms = desk.now_ms;
    let found = desk.world.accounts.iter().enumerate().find_map(|(at, account)| {
        let code = account.qrcodes.find(ticket).filter(|code| code.ticket == ticket)?;
        (!code.expired(now_ms)).then(|| (at, code.url.clone()))
    });
    let Some((at, url)) = found else { return Ok(Answer::Status(404)) };
    desk.at = at;
    Ok(draw::qrcode(&url).map_or(Answer::Status(404), |picture| Answer::Picture(Bytes::from(picture))))
}
