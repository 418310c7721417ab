//! Any push at all, right or wrong, with the back end's answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::exchange::Direction;
use crate::platform::Platform;
use crate::push::fields::{self, Fields};
use crate::push::handshake;
use crate::push::machine::Pace;
use crate::push::seal::Flaws;
use crate::push::shell::{self, Payload, Push};
use crate::reply::xml;

/// `POST push {openid?, xml | fields, faults?, tries?}`: one try unless told otherwise, and no notice.
pub(crate) async fn push(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let at = asked.at;
    handshake::wait(&platform, at).await;
    if !platform.with(|world, _| world.can_push(at)) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "the account has no callback that answered the handshake",
            "set one with PUT /_sandbox/accounts/{app_id}/callback {\"url\": …}, and start the back end",
        ));
    }
    let flaws = flaws(&body["faults"])?;
    let (payload, kind, from) = payload(&platform, at, &body)?;
    let openid = body["openid"].as_str().map(str::to_owned).or(from).unwrap_or_default();
    let tries = body["tries"].as_u64().unwrap_or(1).clamp(1, 3) as u32;
    let exchange = platform.with(|world, now_ms| {
        let mut exchange = world.begin(at, Direction::Push, kind, now_ms);
        exchange.user = Some(openid.clone()).filter(|openid| !openid.is_empty());
        exchange
    });
    let pace = Pace { tries, ..platform.pace() };
    let push = Push { at, openid, payload, exchange, flaws, pace, notice: false };
    let exchange = tokio::spawn(shell::deliver(platform, push)).await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the push broke off", "look at the sandbox's log")
    })?;
    Ok(Json(exchange.to_json()))
}

fn payload(
    platform: &Platform,
    at: usize,
    body: &Value,
) -> Result<(Payload, String, Option<String>), Problem> {
    if let Some(text) = body["xml"].as_str() {
        let (kind, from) = named(text);
        return Ok((Payload::Raw(text.to_owned()), kind, from));
    }
    let Value::Object(_) = &body["fields"] else {
        return Err(Problem::bad(
            "neither `xml` nor `fields`",
            "send {\"xml\": \"<xml>…</xml>\"} or {\"fields\": {\"MsgType\": \"event\", \"Event\": \"…\"}}",
        ));
    };
    let own = from_json(&body["fields"]);
    let (original_id, msg_id, now_ms) = platform
        .with(|world, now_ms| (world.accounts[at].original_id.clone(), world.ids.message(now_ms), now_ms));
    let kind = own.get("MsgType").unwrap_or("event").to_owned();
    let mut heading =
        fields::heading(&original_id, body["openid"].as_str().unwrap_or_default(), now_ms, &kind);
    heading.0.retain(|(name, _)| !own.0.iter().any(|(given, _)| given == name));
    let mut whole = heading.and(own);
    if kind != "event" && whole.get("MsgId").is_none() {
        whole = whole.digits("MsgId", &msg_id);
    }
    let (kind, from) = (whole.kind(), whole.get("FromUserName").map(str::to_owned));
    Ok((Payload::Fields(whole), kind, from))
}

/// The kind of a push given as XML, and who it is from.
pub(crate) fn named(text: &str) -> (String, Option<String>) {
    let root = xml::read(text).unwrap_or_default();
    let named = |name| Fields::default().text(name, root.text(name).unwrap_or_default());
    let event = root.text("Event").map(|_| named("Event")).unwrap_or_default();
    let kind = match root.text("MsgType") {
        Some(_) => named("MsgType").and(event).kind(),
        None => "message.raw".to_owned(),
    };
    (kind, root.text("FromUserName").map(str::to_owned))
}

/// JSON members as fields: texts, numbers, trees, and a list as a repeated name.
fn from_json(object: &Value) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in object.as_object().into_iter().flatten() {
        let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for value in list {
            fields = match value {
                Value::String(text) => fields.text(name, text),
                Value::Object(_) => fields.tree(name, from_json(value)),
                other => fields.number(name, other),
            };
        }
    }
    fields
}

/// Reads `"bad_signature"`, `["bad_signature", {"truncate": 20}]` and the like.
fn flaws(value: &Value) -> Result<Flaws, Problem> {
    let list = match value {
        Value::Null => &[],
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut flaws = Flaws::default();
    for item in list {
        let (name, number) = match item {
            Value::String(name) => (name.as_str(), None),
            Value::Object(one) => match one.iter().next() {
                Some((name, value)) => (name.as_str(), value.as_i64()),
                None => ("", None),
            },
            _ => ("", None),
        };
        match name {
            "bad_signature" => flaws.bad_signature = true,
            "no_signature" => flaws.no_signature = true,
            "wrong_token" => flaws.wrong_token = true,
            "wrong_app_id" => flaws.wrong_app_id = true,
            "wrong_key" => flaws.wrong_key = true,
            "bad_padding" => flaws.bad_padding = true,
            "plain_body" => flaws.plain_body = true,
            "stale_s" => flaws.stale_s = Some(number.unwrap_or(3600)),
            "truncate" => flaws.truncate = Some(number.unwrap_or(40).max(0) as usize),
            other => {
                return Err(Problem::bad(
                    format!("there is no fault {other:?} for a single push"),
                    "use bad_signature, no_signature, wrong_token, wrong_app_id, wrong_key, bad_padding, plain_body, stale_s or truncate",
                ));
            }
        }
    }
    Ok(flaws)
}
