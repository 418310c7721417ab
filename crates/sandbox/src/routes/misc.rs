//! Addresses, the callback check, and the web site's automatic replies.

use serde_json::json;

use super::desk::{Answer, Desk, Result};

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

/// The automatic replies made on the platform's web site, of which there are none here.
pub(crate) fn automatic_replies(_: &mut Desk<'_>) -> Result {
    Ok(Answer::Json(json!({"is_add_friend_reply_open": 0, "is_autoreply_open": 0})))
}
