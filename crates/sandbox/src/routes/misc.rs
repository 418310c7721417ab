//! Addresses, the callback check, and the counters.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use super::table;

/// The platform's addresses; here it is this machine's.
pub(crate) fn addresses(_: &mut Desk<'_>) -> Result {
    Ok(Answer::Json(json!({"ip_list": ["127.0.0.1"]})))
}

/// Whether the callback can be reached from the platform's networks.
pub(crate) fn callback_check(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let action = body["action"].as_str().filter(|a| ["dns", "ping", "all"].contains(a)).ok_or(40202)?;
    let operators = ["CHINANET", "UNICOM", "CAP", "DEFAULT"];
    let operator = body["check_operator"].as_str().filter(|o| operators.contains(o)).ok_or(40203)?;
    let callback = desk.account().callback.clone();
    let host = callback.and_then(|url| url::Url::parse(&url).ok()?.host_str().map(str::to_owned));
    let host = host.ok_or(40201)?;
    let dns = json!([{"ip": host, "real_operator": operator}]);
    let ping = json!([{"ip": host, "from_operator": operator, "package_loss": "0%", "time": "0.100ms"}]);
    Ok(Answer::Json(match action {
        "dns" => json!({ "dns": dns }),
        "ping" => json!({ "ping": ping }),
        _ => json!({"dns": dns, "ping": ping}),
    }))
}

/// Sets the daily counters to zero.
pub(crate) fn clear_quota(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    if body["appid"].as_str() != Some(desk.account().app_id.as_str()) {
        return Err(40013.into());
    }
    clear(desk)
}

/// The same by AppSecret, without a token.
pub(crate) fn clear_quota_by_secret(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let app_id = body["appid"].as_str().ok_or(41002)?;
    desk.at = desk.world.account_at(Some(app_id)).ok_or(40013)?;
    if body["appsecret"].as_str() != Some(desk.account().secret.as_str()) {
        return Err(desk.world.settings.wrong_secret_code.into());
    }
    clear(desk)
}

fn clear(desk: &mut Desk<'_>) -> Result {
    let (per_month, now_ms) = (desk.world.settings.clear_quota_per_month, desk.now_ms);
    if desk.account().quota.clear(per_month, now_ms) {
        Ok(Answer::done())
    } else {
        Err(48006.into())
    }
}

/// How much of a day's calls is left.
pub(crate) fn quota(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let path = body["cgi_path"].as_str().unwrap_or_default().to_owned();
    let unknown = || Refused { code: 76021, text: Some("cgi_path not found, please check".to_owned()) };
    let route = table::find(&path).ok_or_else(unknown)?;
    let (kind, now_ms) = (desk.account().kind, desk.now_ms);
    let limit = if route.token { table::daily_limit(route, kind) } else { table::token_limit(&path, kind) };
    let used = desk.account().quota.used(&path, now_ms);
    let remain = limit.saturating_sub(used);
    Ok(Answer::Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": remain},
        "rate_limit": Value::Object(serde_json::Map::new()),
        "component_rate_limit": Value::Object(serde_json::Map::new()),
    })))
}
