//! Subscription messages and their templates.

use serde_json::{Map, Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::push::events;
use crate::world::chat::From;
use crate::world::subscription::{KEYWORDS, Notice};
use crate::world::{Bubble, Outgoing, template};

/// Sends one to who has agreed to it; how it ended is pushed afterwards.
pub(crate) fn send(desk: &mut Desk<'_>) -> Result {
    let body = desk.raw_json()?;
    let openid = desk.openid(&body["touser"])?;
    let id = body["template_id"].as_str().filter(|id| !id.is_empty()).ok_or(40037)?;
    let notice = desk.account().notices.find(id).cloned().ok_or(40037)?;
    let data = template::data(&body["data"])
        .map_err(|why| Refused { code: 47003, text: Some(format!("argument invalid! {why}")) })?;
    if let Some(missing) =
        template::places(&notice.content).into_iter().find(|name| !data.contains_key(*name))
    {
        let text = Some(format!("argument invalid! data.{missing}.value is empty"));
        return Err(Refused { code: 47003, text });
    }
    let follower = desk.account().follower_mut(&openid).ok_or(40003)?;
    if !notice.long_term {
        let left = follower.agreed.get_mut(id).filter(|left| **left > 0).ok_or(43101)?;
        *left -= 1;
    } else if !follower.agreed.contains_key(id) {
        return Err(43101.into());
    }
    let (at, now_ms) = (desk.at, desk.now_ms);
    desk.world.show(at, &openid, shown(&notice.title, notice.filled(&data), data, &body), now_ms);
    desk.world.tell_user(at, &openid, now_ms);
    let number = desk.account().notices.number();
    let own = events::subscription_sent(id, number);
    let planned = desk.world.plan_news(at, &openid, "event", own, now_ms);
    desk.world.outgoing.push(Outgoing { at, openid, planned });
    Ok(Answer::done())
}

/// What the phone shows: the same card as a template message.
fn shown(title: &str, content: String, data: Map<String, Value>, body: &Value) -> Bubble {
    let mut fields =
        json!({"template_id": body["template_id"], "title": title, "content": content, "data": data});
    for (from, to) in [("page", "url"), ("miniprogram", "miniprogram")] {
        if !body[from].is_null() {
            fields[to] = body[from].clone();
        }
    }
    Bubble::new(From::Account, "template", fields)
}

/// All templates of the account.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    let list: Vec<Value> = desk.account().notices.iter().map(Notice::to_json).collect();
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "data": list})))
}

/// A refusal in words: these codes are on no page of the common ones.
fn told(code: i64) -> Refused {
    let text = match code {
        200_012 => "template number exceeds the limit",
        200_014 => "tid or template is invalid",
        200_019 => "the number of keywords is invalid, 2 to 5 are needed",
        200_020 => "a keyword is invalid",
        _ => "sceneDesc is invalid, at most 15 characters",
    };
    Refused { code, text: Some(text.to_owned()) }
}

/// The title in the platform's library that templates are made from here.
const TITLE: (u64, &str) = (1, "到货通知");

/// Adds one, made of the keywords of a title.
pub(crate) fn add(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    if number(&body["tid"]) != Some(TITLE.0) {
        return Err(told(200_014));
    }
    let keywords: Option<Vec<u64>> =
        body["kidList"].as_array().and_then(|list| list.iter().map(number).collect());
    let keywords = keywords.filter(|list| (2..=5).contains(&list.len())).ok_or_else(|| told(200_019))?;
    if body["sceneDesc"].as_str().is_some_and(|text| text.chars().count() > 15) {
        return Err(told(200_021));
    }
    let most = desk.world.settings.templates_max;
    let id = desk.account().notices.add(TITLE.1, &keywords, most).map_err(told)?;
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "priTmplId": id})))
}

/// Removes one.
pub(crate) fn remove(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    desk.account().notices.remove(body["priTmplId"].as_str().unwrap_or_default()).map_err(told)?;
    Ok(Answer::done())
}

/// The trades of the account.
pub(crate) fn categories(_: &mut Desk<'_>) -> Result {
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "data": [{"id": 307, "name": "软件服务提供商"}]})))
}

/// The titles of the library: one, as a sample.
pub(crate) fn titles(_: &mut Desk<'_>) -> Result {
    let data = json!([{"tid": TITLE.0, "title": TITLE.1, "type": 2, "categoryId": "307"}]);
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "count": 1, "data": data})))
}

/// The keywords of a title.
pub(crate) fn keywords(desk: &mut Desk<'_>) -> Result {
    if desk.call.query("tid").and_then(|tid| tid.parse().ok()) != Some(TITLE.0) {
        return Err(told(200_014));
    }
    let data: Vec<Value> = KEYWORDS
        .iter()
        .map(|(kid, name, key)| json!({"kid": kid, "name": name, "example": name, "rule": key.trim_end_matches(char::is_numeric)}))
        .collect();
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "count": data.len(), "data": data})))
}
