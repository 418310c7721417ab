//! Lets a person act, carries the pushes out, and answers the finished exchange.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::exchange::Exchange;
use crate::platform::Platform;
use crate::push::handshake;
use crate::push::seal::Flaws;
use crate::push::shell::{self, Payload, Push};
use crate::push::write;
use crate::world::act::{Act, Planned, Refusal};
use crate::world::chat::id_text;
use crate::world::send::place;
use crate::world::World;

/// `POST users/{openid}/{verb}`
pub(crate) async fn act(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let (at, openid) = (asked.at, asked.openid().to_owned());
    let planned = platform.with(|world, now_ms| decide(world, at, &openid, asked.name("verb"), &body, now_ms))?;
    // A task of its own: the pushes go on when the caller hangs up.
    let task = tokio::spawn(carry_out(platform, at, openid, planned));
    let exchange = task.await.ok().flatten().ok_or_else(|| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the push broke off", "look at the sandbox's log")
    })?;
    Ok(Json(exchange.to_json()))
}

fn decide(world: &mut World, at: usize, openid: &str, verb: &str, body: &Value, now_ms: i64) -> Act {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    match verb {
        "follow" => world.follow(at, openid, now_ms),
        "unfollow" => world.unfollow(at, openid, now_ms),
        "say" => world.say(at, openid, text("text"), now_ms),
        "send" => world.send(at, openid, body, now_ms),
        "tap" => world.tap(at, openid, body, now_ms),
        "menu_click" => world.menu_click(at, openid, &id_text(&body["id"]), now_ms),
        "scan" => {
            let code = if body["ticket"].is_string() { text("ticket") } else { text("url") };
            world.scan(at, openid, code, now_ms)
        }
        "locate" => {
            world.following(at, openid)?;
            let place = place(body)?;
            Ok(vec![world.send_place(at, openid, &place, now_ms)])
        }
        "pay" => world.pay(at, openid, now_ms),
        other => Err(Refusal::new(
            404,
            format!("a person cannot {other:?}"),
            "use follow, unfollow, say, send, tap, menu_click, scan, locate or pay",
        )),
    }
}

/// Pushes one after the other; gives the first exchange, which names the others.
async fn carry_out(
    platform: Arc<Platform>,
    at: usize,
    openid: String,
    mut planned: Vec<Planned>,
) -> Option<Exchange> {
    let others: Vec<u64> = planned.iter().skip(1).map(|one| one.exchange.id).collect();
    planned.first_mut()?.exchange.then = others;
    if planned.iter().any(|one| one.fields.is_some()) {
        handshake::wait(&platform, at).await;
    }
    let mut first = None;
    for one in planned {
        let exchange = one_push(&platform, at, &openid, one).await;
        first.get_or_insert(exchange);
    }
    first
}

async fn one_push(platform: &Arc<Platform>, at: usize, openid: &str, planned: Planned) -> Exchange {
    let mut exchange = planned.exchange;
    let ready = platform.with(|world, _| world.can_push(at));
    match planned.fields {
        Some(fields) if ready => {
            let push = Push {
                at,
                openid: openid.to_owned(),
                payload: Payload::Fields(fields),
                exchange,
                flaws: Flaws::default(),
                pace: platform.pace(),
                notice: true,
            };
            shell::deliver(Arc::clone(platform), push).await
        }
        unsent => {
            if let Some(fields) = unsent {
                exchange.request = json!({"method": "POST", "plain": write::xml(&fields)});
            }
            platform.with(|world, _| world.end(exchange.clone()));
            exchange
        }
    }
}
