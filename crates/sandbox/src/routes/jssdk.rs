//! `/cgi-bin/ticket/getticket`: what web pages are signed with.

use serde_json::json;

use super::desk::{Answer, Desk, Result};
use crate::platform::random_hex;
use crate::world::web::ticket::Use;

/// A ticket of type `jsapi` or `wx_card`.
pub(crate) fn ticket(desk: &mut Desk<'_>) -> Result {
    let for_ = match desk.call.query("type") {
        Some("jsapi") => Use::JsApi,
        Some("wx_card") => Use::Card,
        _ => return Err(40097.into()),
    };
    let (settings, now_ms) = (desk.settings().web, desk.now_ms);
    let fresh = format!("SBT_{}", random_hex(41));
    let (ticket, seconds) = desk.account().web.tickets.get(for_, fresh, now_ms, &settings);
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": seconds})))
}
