//! Sending a message, and what became of it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use hongyan_wire::OpenId;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::{Answer, Api, OPENID};
use crate::message::Message;
use crate::outbox::Hold;
use crate::outbox::lanes::LaneKey;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/messages", post(send)).route("/messages/{id}", get(message))
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
