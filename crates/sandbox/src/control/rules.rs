//! The platform's rules as they can be set: settings, profiles, counters, addresses, secrets, templates.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::platform::{Platform, random_hex};
use crate::settings::profile::PROFILES;
use crate::world::address::IpList;
use crate::world::template::Template;

/// `GET settings`
pub(crate) async fn settings(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.with(|world, _| json!(world.settings)))
}

/// `PUT settings {…}`: changes those that are named; `profile` sets all reply windows.
pub(crate) async fn change_settings(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    platform.with(|world, _| {
        let changed = world.settings.changed(&body).map_err(|why| {
            Problem::bad(
                format!("the settings cannot be changed: {why}"),
                "send some of what GET /_sandbox/settings gives, such as {\"profile\": \"legacy-2021\"}",
            )
        })?;
        world.settings = changed;
        Ok(Json(json!(world.settings)))
    })
}

/// `GET profiles`: the tables of reply windows, each with its dates and its source.
pub(crate) async fn profiles() -> Json<Value> {
    let described = PROFILES.iter().map(|profile| {
        let [message, menu, follow, scan, pay] = profile.windows;
        json!({
            "name": profile.name,
            "since": profile.since,
            "until": profile.until,
            "source": profile.source,
            "windows": {"message": message, "menu": menu, "follow": follow, "scan": scan, "pay": pay},
        })
    });
    Json(described.collect())
}

/// `POST users/{openid}/menu/refresh`: the phone fetches the menu now, however young the one it has.
pub(crate) async fn refresh_menu(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Json<Value>, Problem> {
    platform.with(|world, now_ms| {
        world.known(asked.at, asked.openid())?;
        world.fetch_menu(asked.at, asked.openid(), now_ms);
        let menu = world.menu_of(asked.at, asked.openid()).map(|(_, buttons)| buttons).unwrap_or_default();
        let app_id = world.accounts[asked.at].app_id.clone();
        world.tell("menu", json!({"app_id": app_id, "openid": asked.openid()}));
        Ok(Json(json!({ "button": menu })))
    })
}

/// `POST token/replace`: another program fetched a classic token, and the old ones are no longer the latest.
pub(crate) async fn replace_tokens(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    platform.with(|world, now_ms| world.accounts[asked.at].tokens.replace(now_ms));
    Json(json!({"replaced": true}))
}

/// `PUT secret {frozen?, secret?, rotate?}`: freezes or changes the AppSecret; tokens that are out stay good.
pub(crate) async fn secret(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    const EXAMPLE: &str = "send {\"frozen\": true}, {\"rotate\": true} or {\"secret\": \"…\"}";
    let frozen = match &body["frozen"] {
        Value::Null => None,
        given => Some(given.as_bool().ok_or_else(|| Problem::bad("`frozen` is not true or false", EXAMPLE))?),
    };
    let fresh = match (&body["secret"], &body["rotate"]) {
        (Value::String(given), _) if !given.is_empty() => Some(given.clone()),
        (Value::Null, Value::Bool(true)) => Some(random_hex(16)),
        (Value::Null, Value::Null | Value::Bool(false)) => None,
        _ => return Err(Problem::bad("`secret` is empty or not a text, or `rotate` not true", EXAMPLE)),
    };
    if frozen.is_none() && fresh.is_none() {
        return Err(Problem::bad("nothing to change", EXAMPLE));
    }
    Ok(Json(platform.with(|world, _| {
        let account = &mut world.accounts[asked.at];
        account.secret_frozen = frozen.unwrap_or(account.secret_frozen);
        account.secret = fresh.unwrap_or_else(|| account.secret.clone());
        let answer = json!({"secret": account.secret, "frozen": account.secret_frozen});
        world.tell_account(asked.at);
        answer
    })))
}

/// `PUT ip_list {list}`: who may call for the account; null admits every address.
pub(crate) async fn ip_list(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    const EXAMPLE: &str = "send {\"list\": [\"127.0.0.1\", \"10.0.0.0/8\"]}, or {\"list\": null} for none";
    let given = if body.is_array() { body } else { body.get("list").cloned().unwrap_or(json!(0)) };
    let lines: Option<Vec<String>> = serde_json::from_value(given)
        .map_err(|_| Problem::bad("`list` is not a list of texts, nor null", EXAMPLE))?;
    let list = IpList::new(lines)
        .map_err(|line| Problem::bad(format!("{line:?} is neither an address nor a network"), EXAMPLE))?;
    Ok(Json(platform.with(|world, _| {
        world.accounts[asked.at].ip_list = list;
        world.tell_account(asked.at);
        world.accounts[asked.at].to_json()
    })))
}

/// `GET quotas`: what was called today, and how often.
pub(crate) async fn quotas(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, now_ms| {
        let used = world.accounts[asked.at].quota.all_used(now_ms);
        used.into_iter().map(|(path, used)| json!({"path": path, "used": used})).collect()
    }))
}

/// `PUT quotas {path, used}`: says how often a path was called today.
pub(crate) async fn set_quota(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let used = body["used"].as_u64().and_then(|used| u32::try_from(used).ok());
    let (Some(path), Some(used)) = (body["path"].as_str(), used) else {
        return Err(Problem::bad(
            "`path` or `used` is missing",
            "send {\"path\": \"/cgi-bin/menu/create\", \"used\": 1000}",
        ));
    };
    platform.with(|world, now_ms| world.accounts[asked.at].quota.set(path, used, now_ms));
    Ok(Json(json!({"path": path, "used": used})))
}

/// `GET templates`
pub(crate) async fn templates(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, _| world.accounts[asked.at].templates.iter().map(Template::to_json).collect()))
}

/// `POST templates {template_id?, title, content}`: a template of one's own words, as test accounts make them.
pub(crate) async fn add_template(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    if text("content").is_empty() {
        return Err(Problem::bad(
            "`content` is missing",
            "send {\"template_id\": \"…\", \"title\": \"订单\", \"content\": \"单号：{{no.DATA}}\"}",
        ));
    }
    let id = Some(text("template_id")).filter(|id| !id.is_empty());
    platform.with(|world, _| {
        let settings = world.settings.clone();
        let templates = &mut world.accounts[asked.at].templates;
        let added = templates.add(id, text("title"), text("content"), &settings);
        added.map(|template| Json(template.to_json())).map_err(|_| {
            Problem::bad(
                "the account has as many templates as it may",
                "change `templates_max` in the settings",
            )
        })
    })
}

/// `POST qrcodes/expire`: every temporary code of the account ends now.
pub(crate) async fn expire_qrcodes(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    platform.with(|world, now_ms| {
        let account = &mut world.accounts[asked.at];
        account.qrcodes.expire(now_ms);
        let app_id = account.app_id.clone();
        world.tell("qrcode", json!({ "app_id": app_id }));
    });
    Json(json!({"expired": true}))
}

/// `PUT qrcodes/permanent {count}`: how many permanent codes the account is taken to have.
pub(crate) async fn count_permanent(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let count = body["count"].as_u64().and_then(|count| usize::try_from(count).ok());
    let count = count.ok_or_else(|| Problem::bad("`count` is missing", "send {\"count\": 99999}"))?;
    Ok(Json(platform.with(|world, _| {
        let codes = &mut world.accounts[asked.at].qrcodes;
        codes.set_permanent(count);
        json!({"count": codes.permanent()})
    })))
}

/// `POST media/expire`: every temporary file of the account is gone.
pub(crate) async fn expire_media(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    platform.with(|world, _| world.accounts[asked.at].media.expire());
    Json(json!({"expired": true}))
}
