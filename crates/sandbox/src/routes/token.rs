//! `/cgi-bin/token` and `/cgi-bin/stable_token`.

use serde_json::{Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use super::limits;
use crate::platform::random_hex;
use crate::world::token::Grant;

/// Each call gives a new token.
pub(crate) fn classic(desk: &mut Desk<'_>) -> Result {
    let call = desk.call;
    authenticate(desk, call.query("grant_type"), call.query("appid"), call.query("secret"))?;
    let (settings, now_ms) = (desk.settings(), desk.now_ms);
    Ok(answer(&desk.account().tokens.classic(now_ms, fresh(), &settings)))
}

/// The same token while it is good.
pub(crate) fn stable(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let text = |name: &str| body[name].as_str().filter(|value| !value.is_empty());
    authenticate(desk, text("grant_type"), text("appid"), text("secret"))?;
    let (settings, now_ms) = (desk.settings(), desk.now_ms);
    let force = body["force_refresh"] == Value::Bool(true);
    match desk.account().tokens.stable(now_ms, force, fresh(), &settings) {
        Some(grant) => Ok(answer(&grant)),
        None => Err(45009.into()),
    }
}

/// Checks who asks, points the desk at their account and counts the call.
fn authenticate(
    desk: &mut Desk<'_>,
    grant_type: Option<&str>,
    app_id: Option<&str>,
    secret: Option<&str>,
) -> std::result::Result<(), Refused> {
    if grant_type != Some("client_credential") {
        return Err(40002.into());
    }
    let app_id = app_id.ok_or(41002)?;
    let secret = secret.ok_or(41004)?;
    desk.by_secret(app_id, secret)?;
    let limit = limits::of_token(&desk.call.path, desk.account().kind);
    desk.count(&desk.call.path, limit)
}

/// Not from the seed: an old token must not come back to life after a restart.
fn fresh() -> String {
    format!("SB_{}", random_hex(64))
}

fn answer(grant: &Grant) -> Answer {
    Answer::Json(json!({"access_token": grant.token, "expires_in": grant.expires_in}))
}
