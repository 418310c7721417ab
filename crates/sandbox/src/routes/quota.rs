//! The counters of calls, and what a request id stands for.

use serde_json::{Map, Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use super::limits;
use super::table::{self, Route};
use crate::world::rid;
use crate::world::rights::Right;

/// Sets every counter of the account to zero.
pub(crate) fn clear_all(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    if body["appid"].as_str() != Some(desk.account().app_id.as_str()) {
        return Err(40013.into());
    }
    clear(desk, None)
}

/// The same by AppSecret, without a token.
pub(crate) fn clear_by_secret(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let app_id = body["appid"].as_str().ok_or(41002)?;
    let secret = body["appsecret"].as_str().ok_or(41004)?;
    desk.by_secret(app_id, secret)?;
    desk.needs(Right::ClearQuota, 48001)?;
    clear(desk, None)
}

/// Sets the counter of one path to zero.
pub(crate) fn clear_one(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let path = known(&body)?.path;
    clear(desk, Some(path))
}

fn clear(desk: &mut Desk<'_>, path: Option<&str>) -> Result {
    let (per_month, now_ms) = (desk.world.settings.clear_quota_per_month, desk.now_ms);
    if desk.account().quota.clear(path, per_month, now_ms) { Ok(Answer::done()) } else { Err(48006.into()) }
}

fn known(body: &Value) -> std::result::Result<&'static Route, Refused> {
    let path = body["cgi_path"].as_str().unwrap_or_default();
    table::find(path).ok_or_else(|| told(76021, "cgi_path not found, please check"))
}

fn told(code: i64, text: &str) -> Refused {
    Refused { code, text: Some(text.to_owned()) }
}

/// How much of a day's calls of one path is left.
pub(crate) fn get(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let route = known(&body)?;
    let (kind, now_ms) = (desk.account().kind, desk.now_ms);
    let limit = if route.token { limits::of(route, kind) } else { limits::of_token(route.path, kind) };
    let used = desk.account().quota.used(route.path, now_ms);
    let rate = desk.world.settings.per_minute.get(route.path);
    Ok(Answer::Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)},
        "rate_limit": rate.map_or(json!({}), |calls| json!({"call_count": calls, "refresh_second": 60})),
        "component_rate_limit": Value::Object(Map::new()),
    })))
}

/// The refused call behind a request id, for seven days.
pub(crate) fn rid(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let rid = body["rid"].as_str().unwrap_or_default().to_owned();
    if !rid::is_rid(&rid) {
        return Err(told(76003, "rid is invalid"));
    }
    let (at, now_ms) = (desk.at, desk.now_ms);
    let whose = desk.world.accounts.iter().position(|account| account.rids.find(&rid, now_ms).is_some());
    match whose {
        None => return Err(told(76001, "rid not found")),
        Some(other) if other != at => return Err(told(76002, "rid does not belong to this account")),
        Some(_) => {}
    }
    let recorded = desk.account().rids.find(&rid, now_ms).ok_or(76001)?;
    Ok(Answer::Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "request": {
            "invoke_time": recorded.at_ms.div_euclid(1000),
            "cost_in_ms": 1,
            "request_url": recorded.url,
            "request_body": recorded.request,
            "response_body": recorded.response,
            "client_ip": recorded.client,
        },
    })))
}
