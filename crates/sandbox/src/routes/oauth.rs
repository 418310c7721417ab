//! `/sns/*`: what a back end does with the code of a web login.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::platform::random_hex;
use crate::world::rights::Right;
use crate::world::web::authorize::VIRTUAL;
use crate::world::web::grant::{Grant, Scope};

/// Changes a code into a web token.
pub(crate) fn access_token(desk: &mut Desk<'_>) -> Result {
    let call = desk.call;
    account(desk)?;
    let secret = call.query("secret").ok_or(41004)?;
    if desk.account().secret != secret {
        return Err(desk.world.settings.wrong_secret_code.into());
    }
    let code = call.query("code").ok_or(41008)?;
    if call.query("grant_type") != Some("authorization_code") {
        return Err(40002.into());
    }
    desk.needs(Right::WebLogin, 48001)?;
    let (settings, now_ms) = (desk.settings().web, desk.now_ms);
    let grant = desk.account().web.grants.redeem(code, (fresh(), fresh()), now_ms, &settings)?;
    desk.user = Some(grant.identity.openid.clone());
    let mut answer = token(&grant, settings.token_seconds);
    // The page gives it with this scope only.
    if let (Scope::UserInfo, Some(unionid)) = (grant.scope, unionid(desk, &grant)) {
        answer["unionid"] = Value::from(unionid);
    }
    Ok(Answer::Json(answer))
}

/// Prolongs a web token for as long as its refresh token lives.
pub(crate) fn refresh_token(desk: &mut Desk<'_>) -> Result {
    let call = desk.call;
    account(desk)?;
    if call.query("grant_type") != Some("refresh_token") {
        return Err(40002.into());
    }
    let refresh = call.query("refresh_token").ok_or(41003)?;
    desk.needs(Right::WebLogin, 48001)?;
    let (settings, now_ms) = (desk.settings().web, desk.now_ms);
    let grant = desk.account().web.grants.refresh(refresh, fresh(), now_ms, &settings)?;
    desk.user = Some(grant.identity.openid.clone());
    Ok(Answer::Json(token(&grant, settings.token_seconds)))
}

/// Name and picture of who logged in.
pub(crate) fn user_info(desk: &mut Desk<'_>) -> Result {
    let grant = check(desk)?;
    if grant.scope != Scope::UserInfo {
        return Err(48001.into());
    }
    let person = grant.identity.person;
    let nickname = if grant.identity.snapshot {
        desk.world.settings.web.snapshot_nickname.clone()
    } else {
        desk.world.people.get(person).map(|person| person.nickname.clone()).unwrap_or_default()
    };
    let picture = if grant.identity.snapshot { "0".to_owned() } else { (person + 1).to_string() };
    let mut answer = json!({
        "openid": grant.identity.openid,
        "nickname": nickname,
        // Since October 2021 these are empty for everybody.
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": format!("{}/mmopen/{picture}/132", desk.world.base),
        "privilege": [],
    });
    if let Some(unionid) = unionid(desk, &grant) {
        answer["unionid"] = Value::from(unionid);
    }
    if grant.identity.snapshot {
        answer["is_snapshotuser"] = Value::from(1);
    }
    Ok(Answer::Json(answer))
}

/// Whether a web token works for this person.
pub(crate) fn check_token(desk: &mut Desk<'_>) -> Result {
    check(desk).map(|_| Answer::done())
}

/// Points the desk at the account of the `appid`.
fn account(desk: &mut Desk<'_>) -> std::result::Result<(), Refused> {
    let app_id = desk.call.query("appid").ok_or(41002)?;
    desk.at = desk.world.account_at(Some(app_id)).ok_or(40013)?;
    Ok(())
}

/// The login of a web token that works and belongs to the `openid`.
fn check(desk: &mut Desk<'_>) -> std::result::Result<Grant, Refused> {
    let token = desk.call.query("access_token").ok_or(41001)?;
    let accounts = &desk.world.accounts;
    if let Some(at) = accounts.iter().position(|account| account.web.grants.knows(token)) {
        desk.at = at;
    }
    let (settings, now_ms) = (desk.settings().web, desk.now_ms);
    let grant = desk.account().web.grants.check(token, now_ms, &settings)?.clone();
    desk.needs(Right::WebLogin, 48001)?;
    let openid = desk.call.query("openid").ok_or(41009)?;
    if grant.identity.openid != openid {
        return Err(40003.into());
    }
    desk.user = Some(grant.identity.openid.clone());
    Ok(grant)
}

/// Not from the seed: an old token must not come back to life after a restart.
fn fresh() -> String {
    format!("SBW_{}", random_hex(40))
}

/// Who it is in the eyes of every account of the same owner; a virtual person has a virtual one.
fn unionid(desk: &Desk<'_>, grant: &Grant) -> Option<String> {
    let person = if grant.identity.snapshot { VIRTUAL } else { 0 } + grant.identity.person;
    desk.world.unionid(desk.at, person)
}

fn token(grant: &Grant, seconds: i64) -> Value {
    let mut answer = json!({
        "access_token": grant.access_token,
        "expires_in": seconds,
        "refresh_token": grant.refresh_token,
        "openid": grant.identity.openid,
        "scope": grant.scope.name(),
    });
    if grant.identity.snapshot {
        answer["is_snapshotuser"] = Value::from(1);
    }
    answer
}
