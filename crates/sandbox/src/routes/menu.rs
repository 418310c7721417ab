//! The seven menu calls.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::world::chat::id_text;
use crate::world::menu_check::{self, Around};
use crate::world::rights::Right;

/// Replaces the default menu.
pub(crate) fn create(desk: &mut Desk<'_>) -> Result {
    let body = desk.raw_json()?;
    let buttons = checked(desk, &body)?;
    let id = desk.world.ids.menu();
    desk.account().menus.set(id, buttons);
    Ok(changed(desk))
}

/// The menus made by API.
pub(crate) fn get(desk: &mut Desk<'_>) -> Result {
    desk.account().menus.get().map(Answer::Json).ok_or_else(|| 46003.into())
}

/// Removes every menu.
pub(crate) fn delete(desk: &mut Desk<'_>) -> Result {
    desk.account().menus.delete();
    Ok(changed(desk))
}

/// The menu in the form that also covers menus made on the web site.
pub(crate) fn self_info(desk: &mut Desk<'_>) -> Result {
    Ok(Answer::Json(desk.account().menus.self_info()))
}

/// Adds a menu for some followers.
pub(crate) fn add_conditional(desk: &mut Desk<'_>) -> Result {
    desk.needs(Right::ConditionalMenu, 65306)?;
    let body = desk.raw_json()?;
    let rule = desk.account().menus.check_rule(&body["matchrule"])?;
    if body["button"].as_array().is_none_or(Vec::is_empty) {
        return Err(65307.into());
    }
    let buttons = checked(desk, &body)?;
    let id = desk.world.ids.menu();
    desk.account().menus.add(id, buttons, rule)?;
    changed(desk);
    Ok(Answer::Json(json!({"menuid": id.to_string()})))
}

/// Removes one of these.
pub(crate) fn delete_conditional(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    desk.account().menus.remove(&id_text(&body["menuid"]))?;
    Ok(changed(desk))
}

/// The menu a follower sees.
pub(crate) fn try_match(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let openid = body["user_id"].as_str().unwrap_or_default().to_owned();
    let following = desk.account().follower(&openid).map(|follower| follower.following);
    match following {
        None => return Err(65302.into()),
        Some(false) => return Err(65315.into()),
        Some(true) => {}
    }
    let (_, buttons) = desk.world.menu_of(desk.at, &openid).ok_or(46003)?;
    desk.user = Some(openid);
    Ok(Answer::Json(json!({ "button": buttons })))
}

fn checked(desk: &mut Desk<'_>, body: &Value) -> std::result::Result<Vec<Value>, Refused> {
    let (settings, now_ms) = (desk.settings(), desk.now_ms);
    let around = Around { settings: &settings, media: &desk.account().media, now_ms };
    Ok(menu_check::check(body, &around)?)
}

/// Tells the phones and answers ok.
fn changed(desk: &mut Desk<'_>) -> Answer {
    let app_id = desk.account().app_id.clone();
    desk.world.tell("menu", json!({ "app_id": app_id }));
    Answer::done()
}
