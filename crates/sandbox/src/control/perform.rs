//! Lets a person act, carries the pushes out, and answers the finished exchange.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::exchange::{Exchange, state};
use crate::platform::Platform;
use crate::push::handshake;
use crate::push::seal::Flaws;
use crate::push::shell::{self, Payload, Push};
use crate::push::write;
use crate::world::act::{Act, Planned, Refusal};
use crate::world::chat::id_text;
use crate::world::send::place;
use crate::world::{Outgoing, World};

/// `POST users/{openid}/{verb}`
pub(crate) async fn act(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let (at, openid) = (asked.at, asked.openid().to_owned());
    let planned = platform.with(|world, now_ms| {
        let before = state::of(world, at, Some(&openid), None, now_ms);
        let mut planned = decide(world, at, &openid, asked.name("verb"), &body, now_ms)?;
        let after = state::of(world, at, Some(&openid), None, now_ms);
        if let Some(first) = planned.first_mut() {
            first.exchange.state = state::diff(&before, &after);
        }
        Ok::<_, Refusal>(planned)
    })?;
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
        "report_location" => world.report_location(at, openid, body, now_ms),
        "subscription" => world.answer_subscription(at, openid, body, now_ms),
        "mute" => world.mute(at, openid, true, now_ms),
        "unmute" => world.mute(at, openid, false, now_ms),
        other => Err(Refusal::new(
            404,
            format!("a person cannot {other:?}"),
            "use follow, unfollow, say, send, tap, menu_click, scan, locate, report_location, subscription, pay, mute or unmute",
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
    let lane = (at, openid);
    let mut pushes = JoinSet::new();
    let mut ended = Vec::new();
    for one in planned {
        let id = one.exchange.id;
        let (its, openid) = (Arc::clone(&platform), lane.1.clone());
        pushes.spawn(async move { one_push(&its, at, &openid, one).await });
        // The next waits for this one, unless a fault holds it back to be overtaken.
        let mut gone = false;
        while !gone {
            tokio::select! {
                done = pushes.join_next() => {
                    let exchange = done?.ok()?;
                    gone = exchange.id == id;
                    ended.push(exchange);
                }
                () = platform.order().held(&lane, id) => gone = true,
            }
        }
    }
    while let Some(done) = pushes.join_next().await {
        ended.push(done.ok()?);
    }
    ended.into_iter().min_by_key(|exchange| exchange.id)
}

/// Pushes what an API call has brought about, after its answer.
pub(crate) fn later(platform: &Arc<Platform>, push: Outgoing) {
    let platform = Arc::clone(platform);
    tokio::spawn(async move {
        carry_out(platform, push.at, push.openid, vec![push.planned]).await;
    });
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
            platform.with(|world, now_ms| {
                if planned.paused
                    && !world
                        .settings
                        .events_without_notice
                        .iter()
                        .any(|name| exchange.kind == format!("event.{name}"))
                {
                    let text = world.settings.notice.clone();
                    world.notice(at, openid, &text, Some(exchange.id), now_ms);
                }
                world.end(exchange.clone());
            });
            exchange
        }
    }
}
