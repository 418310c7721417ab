//! What happened: the list of exchanges and the event stream.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::asked::Asked;
use super::problem::Problem;
use crate::events::Event;
use crate::exchange::Exchange;
use crate::platform::Platform;

/// `GET exchanges?after=&user=&kind=&direction=`
pub(crate) async fn exchanges(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Problem> {
    let given = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let after = given("after").unwrap_or("0").parse::<u64>().map_err(|_| {
        Problem::bad("`after` is not a number", "use the id of the last exchange you have, or 0")
    })?;
    Ok(Json(platform.with(|world, _| {
        let app_id = &world.accounts[asked.at].app_id;
        let wanted = |exchange: &&Exchange| {
            exchange.app_id == *app_id
                && given("user").is_none_or(|user| exchange.user.as_deref() == Some(user))
                && given("kind").is_none_or(|kind| is_kind(&exchange.kind, kind))
                && given("direction").is_none_or(|direction| {
                    serde_json::to_value(exchange.direction).is_ok_and(|own| own == direction)
                })
        };
        world.log.after(after).filter(wanted).map(Exchange::to_json).collect()
    })))
}

/// True for the whole kind, for its first part (`event`), and for a path without its first slash.
fn is_kind(kind: &str, wanted: &str) -> bool {
    kind == wanted
        || kind.strip_prefix('/') == Some(wanted)
        || kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// `GET exchanges/{id}`
pub(crate) async fn exchange(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Result<Json<Value>, Problem> {
    let id = asked.name("id").parse::<u64>().unwrap_or(0);
    platform.with(|world, _| world.log.get(id).map(Exchange::to_json)).map(Json).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is no such exchange, or it has not ended",
            "list them with GET /_sandbox/exchanges",
        )
    })
}

/// `GET events`
pub(crate) async fn events(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
    let (missed, live) = platform.feed().listen(last);
    let app_id = platform.with(|world, _| world.accounts[asked.at].app_id.clone());
    let closing = platform.closing();
    let state = (missed.into_iter(), live, closing, app_id);
    let stream = stream::unfold(state, |(mut missed, mut live, mut closing, app_id)| async move {
        loop {
            let event = match missed.next() {
                Some(event) => event,
                None => tokio::select! {
                    event = live.recv() => match event {
                        Ok(event) => event,
                        Err(RecvError::Lagged(_)) => continue,
                        Err(RecvError::Closed) => return None,
                    },
                    _ = closing.wait_for(|closing| *closing) => return None,
                },
            };
            if concerns(&event, &app_id) {
                return Some((Ok(sent(&event)), (missed, live, closing, app_id)));
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// True for events of this account and for those of none.
fn concerns(event: &Event, app_id: &str) -> bool {
    event.data.get("app_id").and_then(Value::as_str).is_none_or(|own| own == app_id)
}

fn sent(event: &Event) -> Sent {
    Sent::default().id(event.id.to_string()).event(event.name).data(event.data.to_string())
}

#[cfg(test)]
mod tests {
    use super::is_kind;

    #[test]
    fn kinds_are_found_whole_or_by_their_first_part() {
        assert!(is_kind("event.CLICK", "event.CLICK") && is_kind("event.CLICK", "event"));
        assert!(is_kind("/cgi-bin/token", "cgi-bin/token"));
        assert!(!is_kind("event.CLICK", "eve") && !is_kind("message.text", "event"));
    }
}
