//! What an account may learn about its followers.

use hongyan_wire::Scene;
use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::world::World;
use crate::world::person::Follower;

/// One follower.
pub(crate) fn info(desk: &mut Desk<'_>) -> Result {
    let openid = desk.openid(&Value::from(desk.call.query("openid")))?;
    let lang = desk.call.query("lang").unwrap_or("zh_CN").to_owned();
    let (at, world) = (desk.at, &*desk.world);
    let follower = world.accounts[at].follower(&openid).ok_or(40003)?;
    Ok(Answer::Json(described(world, at, follower, &lang)))
}

/// Up to a hundred followers.
pub(crate) fn batch(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let list = body["user_list"].as_array().ok_or(40097)?;
    if list.is_empty() || list.len() > 100 {
        return Err(40032.into());
    }
    let (at, world) = (desk.at, &*desk.world);
    let infos = list.iter().map(|one| {
        let openid = one["openid"].as_str().unwrap_or_default();
        let follower = world.accounts[at].follower(openid).ok_or(40003)?;
        Ok(described(world, at, follower, one["lang"].as_str().unwrap_or("zh_CN")))
    });
    let infos = infos.collect::<std::result::Result<Vec<Value>, i64>>()?;
    Ok(Answer::Json(json!({ "user_info_list": infos })))
}

fn described(world: &World, at: usize, follower: &Follower, lang: &str) -> Value {
    if !follower.following {
        return json!({"subscribe": 0, "openid": follower.openid});
    }
    let (number, text) = match &follower.arrival.scene {
        Some(Scene::Id(id)) => (*id, ""),
        Some(Scene::Text(text)) => (0, text.as_str()),
        None => (0, ""),
    };
    let mut out = json!({
        "subscribe": 1,
        "openid": follower.openid,
        "language": lang,
        "subscribe_time": follower.arrival.at_ms.div_euclid(1000),
        "remark": follower.remark,
        "groupid": follower.tags.last().copied().unwrap_or(0),
        "tagid_list": follower.tags,
        "subscribe_scene": follower.subscribe_scene(),
        "qr_scene": number,
        "qr_scene_str": text,
    });
    if let Some(unionid) = world.unionid(at, follower.person) {
        out["unionid"] = Value::from(unionid);
    }
    out
}

/// The OpenIDs of followers, up to 10 000 after a given one.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    const PAGE: usize = 10_000;
    let after = desk.call.query("next_openid");
    let followers: Vec<&str> =
        desk.account().followers.iter().filter(|f| f.following).map(|f| f.openid.as_str()).collect();
    let begin = match after {
        None => 0,
        Some(after) => followers.iter().position(|openid| *openid == after).ok_or(40003)? + 1,
    };
    let page = &followers[begin..followers.len().min(begin + PAGE)];
    let mut answer = json!({"total": followers.len(), "count": page.len()});
    if !page.is_empty() {
        answer["data"] = json!({ "openid": page });
    }
    answer["next_openid"] = Value::from(page.last().copied().unwrap_or_default());
    Ok(Answer::Json(answer))
}

/// Sets the account's own name for a follower.
pub(crate) fn remark(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let openid = desk.openid(&body["openid"])?;
    let remark = body["remark"].as_str().filter(|text| text.chars().count() < 30).ok_or(40092)?;
    let follower = desk.account().follower_mut(&openid).ok_or(Refused::from(40003))?;
    if !follower.following {
        return Err(43004.into());
    }
    remark.clone_into(&mut follower.remark);
    let (at, now_ms) = (desk.at, desk.now_ms);
    desk.world.tell_user(at, &openid, now_ms);
    Ok(Answer::done())
}
