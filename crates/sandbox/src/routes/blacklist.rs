//! The blacklist of an account.

use super::desk::{Answer, Desk, Result};
use super::tag::{followers_in, page};

/// Who is on it, up to 10 000 after a given one.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let followers = &desk.account().followers;
    let openids: Vec<&str> =
        followers.iter().filter(|one| one.blacklisted).map(|one| one.openid.as_str()).collect();
    page(&openids, body["begin_openid"].as_str(), Some(openids.len()))
}

/// Puts up to twenty on it.
pub(crate) fn put(desk: &mut Desk<'_>) -> Result {
    set(desk, true)
}

/// Takes up to twenty from it.
pub(crate) fn take(desk: &mut Desk<'_>) -> Result {
    set(desk, false)
}

fn set(desk: &mut Desk<'_>, blacklisted: bool) -> Result {
    let body = desk.json()?;
    let openids = followers_in(desk, &body["openid_list"], desk.world.settings.blacklisting_max)?;
    let (at, now_ms) = (desk.at, desk.now_ms);
    for openid in &openids {
        if let Some(follower) = desk.account().follower_mut(openid) {
            follower.blacklisted = blacklisted;
        }
        desk.world.tell_user(at, openid, now_ms);
    }
    Ok(Answer::done())
}
