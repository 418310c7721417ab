//! Sends a recorded push once more: as it was, as a new message, or edited.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

use super::asked::{Asked, Body};
use super::exchanges;
use super::problem::Problem;
use super::push;
use crate::exchange::Direction;
use crate::platform::Platform;
use crate::push::handshake;
use crate::push::seal::Flaws;
use crate::push::shell::{self, Payload, Push};

/// `POST exchanges/{id}/resend {new_msg_id?, xml?}`: answers the new exchange when it has ended.
pub(crate) async fn resend(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let old: Value = serde_json::from_str(&exchanges::find(&platform, &asked)?).unwrap_or_default();
    let text = message(&old, &body)?;
    let app_id = old["app_id"].as_str();
    let Some(at) = platform.with(|world, _| world.account_at(app_id)) else {
        return Err(conflict("the account of this exchange is gone", "send it with POST /_sandbox/push"));
    };
    handshake::wait(&platform, at).await;
    if !platform.with(|world, _| world.can_push(at)) {
        return Err(conflict(
            "the account has no callback that answered the handshake",
            "set one with PUT /_sandbox/accounts/{app_id}/callback {\"url\": …}, and start the back end",
        ));
    }
    let edited = body["xml"].is_string();
    let (kind, openid) = if edited { push::named(&text) } else { (String::new(), None) };
    let kind = if edited { kind } else { old["kind"].as_str().unwrap_or_default().to_owned() };
    let user = openid.or_else(|| old["user"].as_str().map(str::to_owned));
    let (exchange, text) = platform.with(|world, now_ms| {
        let mut exchange = world.begin(at, Direction::Push, kind, now_ms);
        exchange.user.clone_from(&user);
        exchange.resend_of = old["id"].as_u64();
        let text = if body["new_msg_id"] == true {
            renumbered(&text, &world.ids.message(now_ms), now_ms.div_euclid(1000))
        } else {
            text
        };
        (exchange, text)
    });
    let push = Push {
        at,
        openid: user.unwrap_or_default(),
        payload: Payload::Raw(text),
        exchange,
        flaws: Flaws::default(),
        pace: platform.pace(),
        notice: true,
    };
    let exchange = tokio::spawn(shell::deliver(platform, push)).await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the push broke off", "look at the sandbox's log")
    })?;
    Ok(Json(exchange.to_json()))
}

fn conflict(error: &str, what_to_do: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, error, what_to_do)
}

/// What is sent: the edited text, or the message as it was.
fn message(old: &Value, body: &Value) -> Result<String, Problem> {
    if old["direction"] != "push" {
        return Err(conflict(
            "this is a call of your program, which the sandbox cannot repeat",
            "repeat it with the command of GET /_sandbox/exchanges/{id}/curl",
        ));
    }
    match &body["xml"] {
        Value::String(text) => return Ok(text.clone()),
        Value::Null => {}
        _ => {
            return Err(Problem::bad(
                "`xml` is not a text",
                "send {\"xml\": \"<xml>…</xml>\"}, or leave it out",
            ));
        }
    }
    let plain = old["request"]["plain"].as_str().unwrap_or_default();
    if plain.is_empty() {
        return Err(conflict(
            "this action pushed nothing",
            "set a callback, or send {\"xml\": …} to push something",
        ));
    }
    if plain.ends_with(" bytes]") && plain.contains("… [+") {
        return Err(conflict("this message was too long to be kept whole", "send it with {\"xml\": …}"));
    }
    Ok(plain.to_owned())
}

/// The message as if it were a new one: another number, or for an event, which has none, another time.
fn renumbered(text: &str, msg_id: &str, seconds: i64) -> String {
    let (begin, end, json) = ("<MsgId>", "</MsgId>", "\"MsgId\":\"");
    let text = if text.contains(begin) {
        replaced(text, begin, end, msg_id)
    } else if text.contains(json) {
        replaced(text, json, "\"", msg_id)
    } else {
        text.to_owned()
    };
    let text = replaced(&text, "<CreateTime>", "</CreateTime>", &seconds.to_string());
    replaced(&text, "\"CreateTime\":", ",", &seconds.to_string())
}

/// Puts something else between the two marks, where they are.
fn replaced(text: &str, begin: &str, end: &str, new: &str) -> String {
    let Some(from) = text.find(begin).map(|at| at + begin.len()) else { return text.to_owned() };
    let Some(to) = text[from..].find(end).map(|at| from + at) else { return text.to_owned() };
    format!("{}{new}{}", &text[..from], &text[to..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_message_has_another_number_and_another_time() {
        assert_eq!(
            renumbered("<xml><CreateTime>1</CreateTime><MsgId>2</MsgId></xml>", "24", 9),
            "<xml><CreateTime>9</CreateTime><MsgId>24</MsgId></xml>"
        );
        assert_eq!(
            renumbered("<xml><CreateTime>1</CreateTime><Event>CLICK</Event></xml>", "24", 9),
            "<xml><CreateTime>9</CreateTime><Event>CLICK</Event></xml>"
        );
        assert_eq!(
            renumbered(r#"{"CreateTime":1,"MsgId":"2","a":3}"#, "24", 9),
            r#"{"CreateTime":9,"MsgId":"24","a":3}"#
        );
    }
}
