//! The gateway's API for other programs, its first piece: send a message, ask what became of it, who acted lately.

pub(crate) mod problem;
pub(crate) mod guard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use hongyan_wire::OpenId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::message::Message;
use crate::outbox::lanes::LaneKey;
use crate::outbox::{Hold, Outbox};
use crate::recent::Recent;
use crate::store::Store;
use guard::Guard;
use problem::Problem;

/// A message is at most this large.
const BODY: usize = 64 * 1024;
/// OpenIDs are 28 characters in practice.
const OPENID: usize = 64;
/// How many recent users are given at most.
const USERS: usize = 1000;

/// What the API works with.
pub(crate) struct Shared {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) outbox: Outbox,
    pub(crate) recent: Arc<Recent>,
    pub(crate) store: Store,
    pub(crate) stopping: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Api {
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

type Answer = Result<axum::response::Response, Problem>;

/// `/livez` and `/readyz`, open to everybody.
pub(crate) fn probes(shared: Arc<Shared>) -> Router {
    let ready = move || async move {
        if shared.stopping.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    Router::new().route("/livez", get(async || "alive\n")).route("/readyz", get(ready)).fallback(unknown)
}

/// Everything else, behind its guard.
pub(crate) fn api(shared: Arc<Shared>, guard: Guard) -> Router {
    let api = Api { shared: Arc::clone(&shared), guard: Arc::new(guard) };
    let routes = Router::new()
        .route("/messages", post(send))
        .route("/messages/{id}", get(message))
        .route("/users", get(users))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(api);
    probes(shared).nest("/api/v1/accounts/{account}", routes)
}

async fn unknown() -> Problem {
    Problem::not_found("there is nothing at this address")
}

impl Api {
    fn account(&self, headers: &HeaderMap, scope: &str, name: &str) -> Result<&Account, Problem> {
        self.guard.check(headers, scope, name)?;
        self.shared.accounts.get(name).ok_or_else(|| {
            let known = self.shared.accounts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Problem::not_found(format!("there is no account {name}; known: {known}"))
        })
    }
}

async fn send(
    State(api): State<Api>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    if headers.contains_key("idempotency-key") {
        return Err(Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "Not implemented",
            "`Idempotency-Key` is not understood by this version: leave it out, or the promise it makes is not kept",
        ));
    }
    let body: Map<String, Value> = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("the body is not a JSON object: {error}")))?;
    let openid = body
        .get("touser")
        .and_then(Value::as_str)
        .filter(|openid| (1..=OPENID).contains(&openid.len()) && openid.chars().all(|c| c.is_ascii_graphic()))
        .ok_or_else(|| Problem::bad_request("`touser` must be the user's OpenID"))?;
    let openid = OpenId::new(openid);
    let message =
        Message::from_json(&Value::Object(body)).map_err(|error| Problem::bad_request(error.to_string()))?;
    if !message.can_be_sent() {
        let detail = format!("a message of kind {} exists only as a passive reply", message.kind());
        return Err(Problem::bad_request(detail));
    }
    // A program with a key must not read this machine's files, or reach its network, through us.
    if message.needs_upload() {
        return Err(Problem::bad_request("media must be uploaded first: give its media id"));
    }
    let lane = LaneKey { account: account.name().clone(), openid };
    let batch = api.shared.outbox.queue(lane, &[message], Hold::No).await?;
    let id = batch.ids.first().map(ToString::to_string).unwrap_or_default();
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "state": "queued"}))).into_response())
}

async fn message(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let status = api.shared.outbox.status(account.name(), &id).await?;
    let status =
        status.ok_or_else(|| Problem::not_found("there is no message with this id, or no longer"))?;
    let mut answer = Map::new();
    answer.insert("id".to_owned(), status.id.into());
    answer.insert("state".to_owned(), status.state.as_str().into());
    answer.insert("attempts".to_owned(), status.attempts.into());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            answer.insert(name.to_owned(), value);
        }
    };
    put("errcode", status.errcode.map(Value::from));
    put("rid", status.rid.map(Value::from));
    put("detail", status.detail.map(Value::from));
    Ok(Json(Value::Object(answer)).into_response())
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
}

async fn users(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    api.shared.recent.flush().await?;
    let limit = page.limit.unwrap_or(100).clamp(1, USERS);
    let users = api.shared.store.recent_users(account.name(), limit).await?;
    let users: Vec<Value> = users
        .iter()
        .map(|user| {
            json!({"openid": user.openid, "last_at_ms": user.last_at.millis(), "last_action": user.last_action})
        })
        .collect();
    Ok(Json(json!({"users": users})).into_response())
}
