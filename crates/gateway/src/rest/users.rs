//! The people of an account: who acted lately, who follows, one person with profile, reply window and touches.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use hongyan::{Call, Error};
use hongyan_wire::{ErrCode, OpenId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ask::{object, openid_in_path};
use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::account::Account;
use crate::outbox::lanes::LaneKey;
use crate::window::{Action, Closed, View};

/// How many recent users are given at most.
const USERS: usize = 1000;
/// The platform does not know the OpenID.
const UNKNOWN_OPENID: ErrCode = ErrCode(40003);
/// What the platform does not push, and another program knows.
const UNPUSHED: [Action; 1] = [Action::Pay];

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/users", users)
        .get("/users/{openid}", user)
        .get("/users/{openid}/window", window)
        .post("/users/{openid}/window", acted)
        .put("/users/{openid}/tags", tags)
        .put("/users/{openid}/remark", remark)
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    /// The platform's list of followers in place of who acted lately.
    #[serde(default)]
    followers: bool,
    next_openid: Option<String>,
}

async fn users(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    if page.followers {
        let after = page.next_openid.filter(|openid| !openid.is_empty()).map(OpenId::new);
        let followers = account.client().user().list(after.as_ref()).await?;
        let next = followers.next_openid.filter(|next| !next.is_empty() && followers.count > 0);
        let users: Vec<Value> = followers.data.openid.iter().map(|id| json!({"openid": id})).collect();
        let answer = json!({"users": users, "total": followers.total, "next_openid": next});
        return Ok(Json(answer).into_response());
    }
    api.shared.behind.recent.flush().await?;
    let limit = page.limit.unwrap_or(100).clamp(1, USERS);
    let users = api.shared.store.recent_users(account.name(), limit).await?;
    let users: Vec<Value> = users
        .iter()
        .map(|user| {
            json!({"openid": user.openid, "last_at_ms": user.last_at.millis(), "last_action": user.last_action})
        })
        .collect();
    Ok(Json(json!({"users": users})).into_response())
}

async fn user(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let openid = openid_in_path(&openid)?;
    let scans = &api.shared.behind.scans;
    let mut answer = json!({"openid": openid});
    match account.client().user().info(&openid, None).await {
        Ok(profile) => {
            answer["following"] = profile.subscribe.into();
            answer["tags"] = named_tags(&account, &profile.tagid_list).await.into();
            answer["profile"] = serde_json::to_value(&profile).unwrap_or_default();
        }
        Err(Error::Refused(refusal)) if refusal.code == UNKNOWN_OPENID => {
            return Err(Problem::not_found("the platform knows nobody with this OpenID in this account"));
        }
        // What we know ourselves is worth having without the platform.
        Err(error) => {
            answer["profile"] = Value::Null;
            answer["profile_error"] = error.to_string().into();
        }
    }
    answer["window"] = window_of(&account, &openid).await;
    answer["first_touch"] = scans.touch(account.name(), openid.as_str(), true).await?.into();
    answer["last_touch"] = scans.touch(account.name(), openid.as_str(), false).await?.into();
    Ok(Json(answer).into_response())
}

async fn window(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let openid = openid_in_path(&openid)?;
    Ok(Json(window_of(&account, &openid).await).into_response())
}

async fn acted(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let openid = openid_in_path(&openid)?;
    let body = object(&body)?;
    let word = body.get("action").and_then(Value::as_str).unwrap_or_default();
    let action = Action::parse(word).filter(|action| UNPUSHED.contains(action)).ok_or_else(|| {
        let known: Vec<String> = UNPUSHED.iter().map(|action| format!("\"{}\"", action.as_str())).collect();
        Problem::bad_request(format!(
            "`action` must be what the platform does not push by itself; known: {}",
            known.join(", ")
        ))
    })?;
    let now = account.now();
    account.windows().with(&openid, |ledger| ledger.acted(&openid, action, now));
    api.shared.outbox.acted(LaneKey { account: account.name().clone(), openid: openid.clone() });
    Ok(Json(window_of(&account, &openid).await).into_response())
}

/// What is known of the reply window, in words.
async fn window_of(account: &Account, openid: &OpenId) -> Value {
    let now = account.now();
    let windows = account.windows();
    let view = windows.view(openid, now).await;
    let allowances: Vec<Value> = windows
        .with(openid, |ledger| ledger.grants(openid, now))
        .iter()
        .map(|grant| {
            let (action, until) = (grant.action.as_str(), grant.ends_at.millis());
            json!({"action": action, "left": grant.left, "ends_at_ms": until})
        })
        .collect();
    let mut answer = match view {
        View::Open { left, ends_at } => {
            json!({"state": "open", "left": left, "ends_at_ms": ends_at.millis()})
        }
        View::Closed(closed) => {
            let reason = match closed {
                Closed::Lapsed => "lapsed",
                Closed::Empty => "empty",
                Closed::Unfollowed => "unfollowed",
            };
            json!({"state": "closed", "reason": reason})
        }
        View::Unknown => json!({"state": "unknown"}),
    };
    answer["allowances"] = allowances.into();
    answer
}

/// Tags with their names; without names where the platform does not tell them.
async fn named_tags(account: &Account, ids: &[i64]) -> Vec<Value> {
    if ids.is_empty() {
        return Vec::new();
    }
    let known = account.client().send::<Value>(Call::get("/cgi-bin/tags/get").safe()).await;
    let known = known.unwrap_or_default();
    let list = known["tags"].as_array().map_or(&[][..], Vec::as_slice);
    ids.iter()
        .map(|id| match list.iter().find(|tag| tag["id"].as_i64() == Some(*id)) {
            Some(tag) => json!({"id": id, "name": tag["name"]}),
            None => json!({"id": id}),
        })
        .collect()
}

/// `{tags: [2, 3]}`: the person has these tags and no others.
async fn tags(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let openid = openid_in_path(&openid)?;
    let wanted = ids(&object(&body)?)?;
    let client = account.client();
    let profile = client.user().info(&openid, None).await?;
    let had: BTreeSet<i64> = profile.tagid_list.into_iter().collect();
    for (path, change) in [
        ("/cgi-bin/tags/members/batchuntagging", had.difference(&wanted)),
        ("/cgi-bin/tags/members/batchtagging", wanted.difference(&had)),
    ] {
        for tag in change {
            let call = Call::post(path).field("openid_list", [&openid]).field("tagid", tag).safe();
            client.send::<Value>(call).await?;
        }
    }
    let wanted: Vec<i64> = wanted.into_iter().collect();
    Ok(Json(json!({"tags": named_tags(&account, &wanted).await})).into_response())
}

fn ids(body: &Map<String, Value>) -> Result<BTreeSet<i64>, Problem> {
    let list = body.get("tags").and_then(Value::as_array);
    let ids: Option<BTreeSet<i64>> = list.and_then(|list| list.iter().map(Value::as_i64).collect());
    ids.filter(|ids| ids.len() <= 20)
        .ok_or_else(|| Problem::bad_request("`tags` must be a list of at most 20 tag numbers"))
}

/// `{remark: "…"}`: the account's own name for the person.
async fn remark(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let openid = openid_in_path(&openid)?;
    let body = object(&body)?;
    let remark = body.get("remark").and_then(Value::as_str);
    let remark = remark.ok_or_else(|| Problem::bad_request("`remark` must be a text"))?;
    account.client().user().update_remark(&openid, remark).await?;
    Ok(Json(json!({"remark": remark})).into_response())
}
