//! The event stream.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::asked::Asked;
use crate::events::Event;
use crate::platform::Platform;

/// `GET events?accounts=all`: of the account, or of all of them.
pub(crate) async fn events(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
    let (missed, live) = platform.feed().listen(last);
    let all = query.get("accounts").is_some_and(|accounts| accounts == "all");
    let app_id = (!all).then(|| platform.with(|world, _| world.accounts[asked.at].app_id.clone()));
    let closing = platform.closing();
    let state = (missed.into_iter(), live, closing, app_id);
    let stream = stream::unfold(state, |(mut missed, mut live, mut closing, app_id)| async move {
        loop {
            let event = if let Some(event) = missed.next() {
                event
            } else {
                tokio::select! {
                    event = live.recv() => match event {
                        Ok(event) => event,
                        Err(RecvError::Lagged(_)) => continue,
                        Err(RecvError::Closed) => return None,
                    },
                    _ = closing.wait_for(|closing| *closing) => return None,
                }
            };
            if app_id.as_ref().is_none_or(|own| concerns(&event, own)) {
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
