//! Sending a message, and what became of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::ask::{idempotency_key, object, openid, other_body};
use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::idempotency::Once;
use crate::outbox::lanes::LaneKey;
use crate::outbox::outgoing::Outgoing;
use crate::outbox::{Delivery, Hold, WhenClosed};

pub(super) fn routes() -> Routes {
    Routes::new().post("/messages", send).get("/messages/{id}", message)
}

async fn send(
    State(api): State<Api>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let body = object(&body)?;
    let openid = body.get("touser").and_then(Value::as_str).and_then(openid);
    let openid = openid.ok_or_else(|| Problem::bad_request("`touser` must be the user's OpenID"))?;
    let message = Outgoing::from_api(&body).map_err(Problem::bad_request)?;
    let when_closed = when_closed(&body)?;
    let lane = LaneKey { account: account.name().clone(), openid };
    let outbox = &api.shared.outbox;
    let id = if let Some(key) = idempotency_key(&headers)? {
        let once = Once::new(account.name(), key, "messages", &Value::Object(body));
        outbox.queue_once(lane, &message, when_closed, &once).await?.ok_or_else(other_body)?
    } else {
        let batch = outbox.queue_outgoing(lane, &[message], Hold::No, when_closed).await?;
        batch.ids.first().map(ToString::to_string).unwrap_or_default()
    };
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "state": "queued"}))).into_response())
}

/// The field of ours beside the platform's own: what becomes of a message whose user has no open window.
pub(super) fn when_closed(body: &Map<String, Value>) -> Result<WhenClosed, Problem> {
    match body.get("when_closed") {
        None => Ok(WhenClosed::default()),
        Some(word) => word
            .as_str()
            .and_then(WhenClosed::parse)
            .ok_or_else(|| Problem::bad_request("`when_closed` is \"fail\" or \"wait\"")),
    }
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
    put("waits_for_user", status.waiting.then_some(Value::Bool(true)));
    put("delivery_reason", status.delivery.as_ref().and_then(Delivery::reason).map(Value::from));
    put("delivery", status.delivery.as_ref().map(|delivery| delivery.as_str().into()));
    Ok(Json(Value::Object(answer)).into_response())
}
