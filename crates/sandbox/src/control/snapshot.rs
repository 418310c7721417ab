//! The whole world as JSON, and back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::Body;
use super::problem::Problem;
use crate::platform::Platform;
use crate::push::handshake;
use crate::world::account::Handshake;

/// `GET snapshot`: accounts with their secrets, people, chats, tokens, files, settings, faults and the clock.
pub(crate) async fn save(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(platform.with(|world, now_ms| world.save(now_ms)))
}

/// `PUT snapshot`: what was saved takes the place of everything but the record of exchanges.
pub(crate) async fn restore(
    State(platform): State<Arc<Platform>>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let (now_ms, waiting) = platform
        .with(|world, _| {
            let now_ms = world.restore(body)?;
            let pending = |at: &usize| world.accounts[*at].handshake == Handshake::Pending;
            Ok((now_ms, (0..world.accounts.len()).filter(pending).collect::<Vec<_>>()))
        })
        .map_err(|why: String| {
            Problem::bad(
                format!("the snapshot cannot be read: {why}"),
                "send what GET /_sandbox/snapshot of this version gave, unchanged",
            )
        })?;
    platform.clock().set(now_ms);
    for at in waiting {
        handshake::begin(&platform, at);
    }
    Ok(Json(json!({"restored": true, "now_ms": now_ms})))
}
