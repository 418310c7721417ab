//! Customer-service messages and the typing state.

use serde_json::Value;

use super::desk::{Answer, Desk, Result};
use super::message_check::{self, Around};
use crate::world::Bubble;
use crate::world::chat::From;
use crate::world::rights::{Right, may};
use crate::world::window::Closed;

/// Sends one message inside a window.
pub(crate) fn send(desk: &mut Desk<'_>) -> Result {
    let body = desk.raw_json()?;
    let openid = desk.openid(&body["touser"])?;
    let kind = body["msgtype"].as_str().unwrap_or_default().to_owned();
    let (settings, now_ms, at) = (desk.settings(), desk.now_ms, desk.at);
    let account = desk.account();
    let msgmenu = may(account.kind, account.verified, Right::MsgMenu);
    let around = Around { settings: &settings, media: &account.media, now_ms, msgmenu };
    let fields = message_check::check(&kind, &body, &around)?;
    let agent = match body["customservice"]["kf_account"].as_str() {
        Some(name) => {
            let agent = account.agents.find(name).ok_or(65401)?;
            Some((agent.account.clone(), agent.nickname.clone()))
        }
        None => None,
    };
    if let Some(follower) = account.follower_mut(&openid) {
        if !follower.known {
            return Err(43004.into());
        }
        if follower.blacklisted {
            return Err(43019.into());
        }
        if follower.following && follower.muted {
            return Err(48002.into());
        }
        // Unfollowing has closed every window, so that it is refused here with 45015.
        follower.ledger.spend(now_ms).map_err(Closed::code)?;
    }
    let mut fields = desk.world.enriched(at, &kind, fields, now_ms);
    if let Some((account, nickname)) = agent {
        fields.insert("kf_account".to_owned(), Value::from(account));
        fields.insert("kf_nick".to_owned(), Value::from(nickname));
    }
    let bubble = Bubble { from: From::Account, kind, fields, exchange: None, passive: false };
    desk.world.show(at, &openid, bubble, now_ms);
    desk.world.tell_user(at, &openid, now_ms);
    Ok(Answer::done())
}

/// Shows or ends "the other side is typing".
pub(crate) fn typing(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let begin = match &body["command"] {
        Value::String(command) if command == "Typing" => true,
        Value::String(command) if command == "CancelTyping" => false,
        _ => return Err(45072.into()),
    };
    let openid = desk.openid(&body["touser"])?;
    let (settings, now_ms, at) = (desk.settings(), desk.now_ms, desk.at);
    if let Some(follower) = desk.account().follower_mut(&openid) {
        if begin {
            let lately = now_ms - settings.typing_after_seconds * 1000;
            if follower.exchanged_at_ms.is_none_or(|exchanged| exchanged < lately) {
                return Err(45080.into());
            }
            if follower.typing_until_ms.is_some_and(|until| until > now_ms) {
                return Err(45081.into());
            }
        }
        follower.typing_until_ms = begin.then(|| now_ms + settings.typing_seconds * 1000);
    }
    desk.world.tell_user(at, &openid, now_ms);
    Ok(Answer::done())
}
