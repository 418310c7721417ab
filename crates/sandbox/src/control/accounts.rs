//! Accounts: their callbacks, tokens, QR codes and files.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::picture::decode as picture;
use crate::platform::Platform;
use crate::push::handshake;
use crate::start::is_http;
use crate::world::account::{Account, Handshake};

/// `GET accounts`
pub(crate) async fn list(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.with(|world, _| world.accounts.iter().map(Account::to_json).collect()))
}

/// `PUT callback {url}`: answers when the first check of the new address is over.
pub(crate) async fn callback(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let url = match &body["url"] {
        Value::Null => None,
        Value::String(url) if is_http(url) => Some(url.clone()),
        _ => {
            return Err(Problem::bad(
                "`url` is not an address",
                "send {\"url\": \"http://127.0.0.1:8080/callback/main\"}, or null for none",
            ));
        }
    };
    let at = asked.at;
    let mut changed = platform.changed();
    platform.with(|world, _| {
        world.accounts[at].set_callback(url.clone());
        world.tell_account(at);
    });
    if url.is_some() {
        handshake::begin(&platform, at);
        loop {
            changed.borrow_and_update();
            let pending = platform.with(|world, _| world.accounts[at].handshake == Handshake::Pending);
            if !pending || changed.changed().await.is_err() {
                break;
            }
        }
    }
    Ok(Json(platform.with(|world, _| world.accounts[at].to_json())))
}

/// `POST token/expire`: every token of the account ends now.
pub(crate) async fn expire_tokens(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    platform.with(|world, now_ms| {
        world.accounts[asked.at].tokens.expire(now_ms);
        world.tell_account(asked.at);
    });
    Json(json!({"expired": true}))
}

/// `GET qrcodes`
pub(crate) async fn qrcodes(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, now_ms| {
        let described = world.accounts[asked.at].qrcodes.iter().map(|code| {
            json!({
                "ticket": code.ticket,
                "url": code.url,
                "scene": code.scene,
                "permanent": code.expires_at_ms.is_none(),
                "expires_at_ms": code.expires_at_ms,
                "expired": code.expired(now_ms),
            })
        });
        described.collect()
    }))
}

/// `GET qrcodes/{ticket}/picture`: the picture for the pages' own posters, also of an expired code; no exchange is recorded.
pub(crate) async fn poster(State(platform): State<Arc<Platform>>, asked: Asked) -> Result<Response, Problem> {
    let url = platform.with(|world, _now_ms| {
        let codes = &world.accounts[asked.at].qrcodes;
        codes.iter().find(|code| code.ticket == asked.name("ticket")).map(|code| code.url.clone())
    });
    let picture = url.and_then(|url| crate::picture::draw::qrcode(&url)).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "there is no such QR code", "GET qrcodes lists them")
    })?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "max-age=604800")], picture)
        .into_response())
}

/// `GET media/{media_id}`: the bytes of a file, of whichever account.
pub(crate) async fn media(State(platform): State<Arc<Platform>>, asked: Asked) -> Result<Response, Problem> {
    let found = platform.with(|world, now_ms| {
        let mut stores = world.accounts.iter().map(|account| &account.media);
        stores.find_map(|store| store.get(asked.name("media_id"), now_ms).cloned())
    });
    let media = found.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "there is no such file, or it has expired", "upload it again")
    })?;
    let headers = [
        (header::CONTENT_TYPE, media.content_type()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, media.bytes).into_response())
}

/// `POST decode`: the text of the QR code in a PNG or JPEG picture.
pub(crate) async fn decode(body: Bytes) -> Result<Json<Value>, Problem> {
    // Large pictures take a while, which must not hold up pushes.
    let read = tokio::task::spawn_blocking(move || picture::qrcode(&body)).await;
    match read.unwrap_or(Err("the picture cannot be read")) {
        Ok(text) => Ok(Json(json!({ "text": text }))),
        Err(why) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            why,
            "send the bytes of a PNG or JPEG picture that shows one QR code",
        )),
    }
}
