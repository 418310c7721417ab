//! People and their chats.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::platform::Platform;

/// `GET users`
pub(crate) async fn list(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, _| {
        let account = &world.accounts[asked.at];
        let described = account.followers.iter().map(|follower| {
            json!({
                "openid": follower.openid,
                "nickname": world.people[follower.person].nickname,
                "following": follower.following,
            })
        });
        described.collect()
    }))
}

/// The most people that are made at once, and that there are at all.
const MOST_AT_ONCE: u64 = 10_000;
const MOST: usize = 100_000;

/// `POST users {nickname?, platform?, following?}` makes one; with `count` many, and answers their OpenIDs.
pub(crate) async fn create(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let platform_code = match &body["platform"] {
        Value::Null => 2,
        given => given.as_u64().filter(|code| (1..=3).contains(code)).ok_or_else(|| {
            Problem::bad("`platform` is a number from 1 to 3", "1 is iOS, 2 Android, 3 anything else")
        })?,
    };
    let count = match &body["count"] {
        Value::Null => None,
        given => Some(given.as_u64().filter(|count| (1..=MOST_AT_ONCE).contains(count)).ok_or_else(|| {
            Problem::bad(
                format!("`count` is not a number from 1 to {MOST_AT_ONCE}"),
                "send {\"count\": 500, \"nickname\": \"顾客\", \"following\": true}, more than once for more",
            )
        })?),
    };
    let following = body["following"] == true;
    let name = body["nickname"].as_str();
    platform.with(|world, now_ms| {
        if world.people.len() + count.unwrap_or(1) as usize > MOST {
            return Err(Problem::bad(
                format!("the sandbox holds at most {MOST} people"),
                "begin anew with POST /_sandbox/reset",
            ));
        }
        let mut make = |named: Option<String>| {
            let nickname = named.unwrap_or_else(|| format!("user{}", world.people.len() + 1));
            let person = world.add_person(nickname.clone(), platform_code as u8);
            let openid = world.accounts[asked.at].followers[person].openid.clone();
            if following {
                world.already_follows(asked.at, &openid, now_ms);
            }
            world.tell_user(asked.at, &openid, now_ms);
            let openids: Map<String, Value> = world
                .accounts
                .iter()
                .map(|account| {
                    (account.app_id.clone(), Value::from(account.followers[person].openid.as_str()))
                })
                .collect();
            json!({"openid": openid, "nickname": nickname, "following": following, "openids": openids})
        };
        Ok(Json(match count {
            None => make(name.map(str::to_owned)),
            Some(count) => (1..=count)
                .map(|number| make(name.map(|name| format!("{name}{number}")))["openid"].take())
                .collect(),
        }))
    })
}

/// `GET users/{openid}`
pub(crate) async fn show(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Json<Value>, Problem> {
    platform.with(|world, now_ms| {
        world.known(asked.at, asked.openid())?;
        Ok(Json(world.user_json(asked.at, asked.openid(), now_ms)))
    })
}

/// `GET users/{openid}/menu`
pub(crate) async fn menu(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Json<Value>, Problem> {
    platform.with(|world, now_ms| {
        world.known(asked.at, asked.openid())?;
        let seen = world.menu_seen(asked.at, asked.openid(), now_ms);
        let buttons = seen.map(|(_, buttons)| buttons).unwrap_or_default();
        Ok(Json(json!({ "button": buttons })))
    })
}

/// The longest a request may wait for a message.
const MAX_WAIT_MS: u64 = 120_000;

/// `GET users/{openid}/chat?after=ID&wait_ms=N&format=text`
pub(crate) async fn chat(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    platform.with(|world, _| world.known(asked.at, asked.openid()))?;
    let number = |name: &str| match query.get(name).map(String::as_str) {
        None | Some("") => Ok(0),
        Some(text) => text.parse::<u64>().map_err(|_| {
            Problem::bad(
                format!("`{name}` is not a number: {text:?}"),
                "use the id of a message, or milliseconds",
            )
        }),
    };
    let (after, wait_ms) = (number("after")?, number("wait_ms")?.min(MAX_WAIT_MS));
    wait_for_message(&platform, &asked, after, wait_ms).await;
    let as_text = query.get("format").is_some_and(|format| format == "text");
    Ok(platform.with(|world, _| {
        let account = &world.accounts[asked.at];
        let follower = account.follower(asked.openid());
        let messages = follower.map(|follower| follower.chat.after(after)).unwrap_or_default();
        if !as_text {
            let messages: Vec<Value> = messages.iter().map(crate::world::chat::Message::to_json).collect();
            return Json(json!({ "messages": messages })).into_response();
        }
        let person = follower.map(|follower| world.people[follower.person].nickname.as_str());
        let lines: Vec<String> = messages
            .iter()
            .map(|message| message.to_line(&account.name, person.unwrap_or_default()) + "\n")
            .collect();
        lines.concat().into_response()
    }))
}

async fn wait_for_message(platform: &Platform, asked: &Asked, after: u64, wait_ms: u64) {
    let until = Instant::now() + Duration::from_millis(wait_ms);
    let mut changed = platform.changed();
    let mut closing = platform.closing();
    loop {
        changed.borrow_and_update();
        let there = platform.with(|world, _| {
            let follower = world.accounts[asked.at].follower(asked.openid());
            follower.is_none_or(|follower| !follower.chat.after(after).is_empty())
        });
        if there {
            return;
        }
        tokio::select! {
            _ = changed.changed() => {}
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep_until(until) => return,
        }
    }
}
