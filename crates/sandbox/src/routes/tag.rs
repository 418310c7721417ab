//! Tags: names for groups of followers.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::world::person::Follower;
use crate::world::tag;

/// Makes a tag.
pub(crate) fn create(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let settings = desk.settings();
    let tag = desk.account().tags.create(body["tag"]["name"].as_str().unwrap_or_default(), &settings)?;
    Ok(Answer::Json(json!({"tag": {"id": tag.id, "name": tag.name}})))
}

/// All tags, each with how many have it.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    let account = desk.account();
    let tags: Vec<Value> = account
        .tags
        .iter()
        .map(|tag| json!({"id": tag.id, "name": tag.name, "count": having(&account.followers, tag.id).count()}))
        .collect();
    Ok(Answer::Json(json!({ "tags": tags })))
}

fn having(followers: &[Follower], id: u64) -> impl Iterator<Item = &Follower> {
    followers.iter().filter(move |follower| follower.following && follower.tags.contains(&id))
}

/// Renames a tag.
pub(crate) fn update(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let settings = desk.settings();
    let name = body["tag"]["name"].as_str().unwrap_or_default();
    desk.account().tags.rename(number(&body["tag"]["id"])?, name, &settings)?;
    Ok(Answer::done())
}

/// Removes a tag, also from those who have it.
pub(crate) fn delete(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let (settings, id) = (desk.settings(), number(&body["tag"]["id"])?);
    let account = desk.account();
    let count = having(&account.followers, id).count();
    account.tags.delete(id, count, &settings)?;
    for follower in &mut account.followers {
        follower.tags.retain(|tag| *tag != id);
    }
    Ok(Answer::done())
}

/// Tags up to fifty followers: all of them or none.
pub(crate) fn put(desk: &mut Desk<'_>) -> Result {
    let (openids, id) = named(desk)?;
    let settings = desk.settings();
    let account = desk.account();
    for openid in &openids {
        let mut tags = account.follower(openid).map(|follower| follower.tags.clone()).unwrap_or_default();
        tag::put(&mut tags, id, &settings)?;
    }
    change(desk, &openids, |tags| tag::put(tags, id, &settings).is_ok());
    Ok(Answer::done())
}

/// Takes a tag from up to fifty followers.
pub(crate) fn take(desk: &mut Desk<'_>) -> Result {
    let (openids, id) = named(desk)?;
    change(desk, &openids, |tags| {
        tags.retain(|tag| *tag != id);
        true
    });
    Ok(Answer::done())
}

/// The followers and the tag that a tagging call names.
fn named(desk: &mut Desk<'_>) -> std::result::Result<(Vec<String>, u64), Refused> {
    let body = desk.json()?;
    let id = number(&body["tagid"])?;
    desk.account().tags.known(id)?;
    let openids = followers_in(desk, &body["openid_list"], desk.world.settings.tagging_max)?;
    Ok((openids, id))
}

fn change(desk: &mut Desk<'_>, openids: &[String], mut f: impl FnMut(&mut Vec<u64>) -> bool) {
    let (at, now_ms) = (desk.at, desk.now_ms);
    for openid in openids {
        if desk.account().follower_mut(openid).is_some_and(|follower| f(&mut follower.tags)) {
            desk.world.tell_user(at, openid, now_ms);
        }
    }
}

/// A list of followers of this account, 1 to `most` of them.
pub(crate) fn followers_in(
    desk: &mut Desk<'_>,
    list: &Value,
    most: usize,
) -> std::result::Result<Vec<String>, Refused> {
    let list = list.as_array().ok_or(40031)?;
    if !(1..=most).contains(&list.len()) {
        return Err(40032.into());
    }
    let openids: Vec<String> =
        list.iter().map(|openid| openid.as_str().unwrap_or_default().to_owned()).collect();
    for openid in &openids {
        match desk.account().follower(openid).map(|follower| follower.known) {
            Some(true) => {}
            None if desk.world.accounts.iter().any(|account| account.follower(openid).is_some()) => {
                return Err(49003.into());
            }
            _ => return Err(40003.into()),
        }
    }
    Ok(openids)
}

/// The tags of one follower.
pub(crate) fn of_follower(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let openid = desk.openid(&body["openid"])?;
    let tags = desk.account().follower(&openid).map(|follower| follower.tags.clone()).unwrap_or_default();
    Ok(Answer::Json(json!({ "tagid_list": tags })))
}

/// The followers that have a tag, up to 10 000 after a given one.
pub(crate) fn followers(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let id = number(&body["tagid"])?;
    let account = desk.account();
    account.tags.known(id)?;
    let openids: Vec<&str> =
        having(&account.followers, id).map(|follower| follower.openid.as_str()).collect();
    page(&openids, body["next_openid"].as_str(), None)
}

/// One page of a list of OpenIDs.
pub(crate) fn page(openids: &[&str], after: Option<&str>, total: Option<usize>) -> Result {
    const PAGE: usize = 10_000;
    let begin = match after.filter(|after| !after.is_empty()) {
        None => 0,
        Some(after) => openids.iter().position(|openid| *openid == after).ok_or(40003)? + 1,
    };
    let page = &openids[begin..openids.len().min(begin + PAGE)];
    let mut answer = json!({});
    if let Some(total) = total {
        answer["total"] = Value::from(total);
    }
    answer["count"] = Value::from(page.len());
    if let Some(last) = page.last() {
        answer["data"] = json!({ "openid": page });
        answer["next_openid"] = Value::from(*last);
    }
    Ok(Answer::Json(answer))
}

/// A tag's number, which may be written as text.
fn number(value: &Value) -> std::result::Result<u64, Refused> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_u64().or(text).ok_or_else(|| 45159.into())
}
