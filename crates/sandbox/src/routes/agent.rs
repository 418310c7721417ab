//! The accounts of agents.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Result};
use crate::world::agent::Agent;
use crate::world::media::{self, MediaKind};

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

/// Adds one.
pub(crate) fn add(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let settings = desk.settings();
    desk.account().agents.add(text(&body, "kf_account"), text(&body, "nickname"), &settings)?;
    Ok(Answer::done())
}

/// Gives one another nickname.
pub(crate) fn update(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    desk.account().agents.rename(text(&body, "kf_account"), text(&body, "nickname"))?;
    Ok(Answer::done())
}

/// Removes one, named in the body or, as older pages have it, in the query.
pub(crate) fn remove(desk: &mut Desk<'_>) -> Result {
    let account = match desk.call.query("kf_account") {
        Some(account) => account.to_owned(),
        None => text(&desk.json()?, "kf_account").to_owned(),
    };
    desk.account().agents.remove(&account)?;
    Ok(Answer::done())
}

/// Asks somebody to sit behind one.
pub(crate) fn invite(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    desk.account().agents.invite(text(&body, "kf_account"), text(&body, "invite_wx"))?;
    Ok(Answer::done())
}

/// Sets the picture of one.
pub(crate) fn picture(desk: &mut Desk<'_>) -> Result {
    let account = desk.call.query("kf_account").unwrap_or_default().to_owned();
    let file = desk.call.files.iter().find(|file| file.field == "media").ok_or(41005)?;
    let bytes = file.bytes.clone();
    if bytes.len() > 5 * 1024 * 1024 {
        return Err(40009.into());
    }
    media::check(MediaKind::Thumb, &bytes[..bytes.len().min(1024)]).map_err(|_| 40005)?;
    if desk.account().agents.find(&account).is_none() {
        return Err(65401.into());
    }
    let (id, now_ms, settings) = (desk.world.ids.media(), desk.now_ms, desk.settings());
    let address = format!("{}{}", desk.world.base, media::path(&id));
    desk.account().media.add(id, MediaKind::Image, bytes, now_ms, &settings);
    desk.account().agents.picture(&account, address)?;
    Ok(Answer::done())
}

/// All of them.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    let list: Vec<Value> = desk.account().agents.iter().map(Agent::to_json).collect();
    Ok(Answer::Json(json!({ "kf_list": list })))
}

/// Those at work.
pub(crate) fn online(desk: &mut Desk<'_>) -> Result {
    let list = desk.account().agents.online();
    Ok(Answer::Json(json!({ "kf_online_list": list })))
}
