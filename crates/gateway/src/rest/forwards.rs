//! Messages that a program could not be given: what they are, and sending them again.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::forward::{DeadLetter, ReplayFailed};

/// How many are listed when the request does not say.
const LISTED: usize = 100;

pub(super) fn routes() -> Routes {
    Routes::new().get("/forwards", list).post("/forwards/{id}/replay", replay)
}

#[derive(Deserialize)]
struct Page {
    state: Option<String>,
    limit: Option<usize>,
}

async fn list(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    let state = page.state.as_deref().unwrap_or("dead");
    if !matches!(state, "dead" | "delivered") {
        return Err(Problem::bad_request("`state` is `dead` or `delivered`"));
    }
    let dead = &account.inner.forwarder.dead;
    let list = dead.list(account.name(), state, page.limit.unwrap_or(LISTED)).await?;
    let list: Vec<Value> = list.iter().map(entry).collect();
    Ok(Json(json!({"forwards": list})).into_response())
}

async fn replay(
    State(api): State<Api>,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "messages", &account)?;
    match account.replay(&id).await {
        Ok(done) => {
            let body = json!({"id": id, "state": "delivered", "messages": done.messages});
            Ok(Json(body).into_response())
        }
        Err(ReplayFailed::NotThere) => {
            Err(Problem::not_found("there is no kept message with this id, or no longer"))
        }
        Err(ReplayFailed::NoRule(why)) => {
            Err(Problem::new(StatusCode::CONFLICT, "Cannot be sent again", why))
        }
        Err(ReplayFailed::Taken) => {
            let why = "it is being sent at this moment, or has arrived";
            Err(Problem::new(StatusCode::CONFLICT, "Cannot be sent again", why))
        }
        Err(ReplayFailed::Program(why)) => {
            Err(Problem::new(StatusCode::BAD_GATEWAY, "The program did not take it", why))
        }
        Err(ReplayFailed::Store(error)) => Err(error.into()),
    }
}

fn entry(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id,
        "rule": letter.rule,
        "openid": letter.openid,
        "to": letter.to,
        "state": letter.state,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "created_at_ms": letter.created_at_ms,
        "updated_at_ms": letter.updated_at_ms,
    })
}
