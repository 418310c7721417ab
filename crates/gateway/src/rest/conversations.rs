//! Conversations: the list, one with its lines, and all of it live.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::ask::{Paging, openid_in_path};
use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::account::Account;
use crate::history::History;

/// How often a quiet stream looks whether the gateway is stopping.
const LOOK: Duration = Duration::from_millis(500);
/// How often a quiet stream says that it is still there.
const ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/conversations", list)
        .get("/conversations/events", all_events)
        .get("/conversations/{openid}", one)
        .get("/conversations/{openid}/events", events)
}

fn allowed(api: &Api, headers: &HeaderMap, account: &str) -> Result<Account, Problem> {
    let account = api.account(headers, "conversations", account)?;
    if !api.shared.behind.history.is_on() {
        return Err(Problem::conflict(
            "conversations are not kept: write `history = \"30d\"` into the configuration and restart the gateway",
        ));
    }
    Ok(account)
}

async fn list(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = allowed(&api, &headers, &account)?;
    let history = &api.shared.behind.history;
    let page = history.conversations(account.name(), paging.before(), paging.limit()).await?;
    Ok(Json(json!({"conversations": page.rows, "next": page.next})).into_response())
}

async fn one(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Answer {
    let account = allowed(&api, &headers, &account)?;
    let openid = openid_in_path(&openid)?;
    let history = &api.shared.behind.history;
    let page = history.lines(account.name(), openid.as_str(), paging.before(), paging.limit()).await?;
    Ok(Json(json!({"openid": openid, "lines": page.rows, "next": page.next})).into_response())
}

async fn all_events(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap) -> Answer {
    let account = allowed(&api, &headers, &account)?;
    Ok(stream(&api, &account, None))
}

async fn events(
    State(api): State<Api>,
    Path((account, openid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = allowed(&api, &headers, &account)?;
    let openid = openid_in_path(&openid)?;
    Ok(stream(&api, &account, Some(openid.as_str().to_owned())))
}

/// Every line as it is said, on whichever gateway: `event: line`. A reader that is too slow is told with
/// `event: missed` how many lines it has to fetch.
fn stream(api: &Api, account: &Account, only: Option<String>) -> Response {
    let lines = api.shared.bus.subscribe(&History::topic(account.name()));
    let shared = api.shared.clone();
    let events = futures_util::stream::unfold((lines, only, shared), async |(mut lines, only, shared)| {
        loop {
            if shared.stopping.load(Ordering::Relaxed) {
                return None;
            }
            let Ok(heard) = tokio::time::timeout(LOOK, lines.recv()).await else { continue };
            let event = match heard {
                Ok(line) => {
                    let Ok(line) = serde_json::from_slice::<Value>(&line) else { continue };
                    if only.as_deref().is_some_and(|only| line["openid"] != only) {
                        continue;
                    }
                    let id = line["id"].as_str().unwrap_or_default().to_owned();
                    Event::default().event("line").id(id).data(line.to_string())
                }
                Err(RecvError::Lagged(count)) => {
                    Event::default().event("missed").data(json!({"lines": count}).to_string())
                }
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok::<_, Infallible>(event), (lines, only, shared)));
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}
