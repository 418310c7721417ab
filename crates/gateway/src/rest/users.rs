//! Who acted lately.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Api};

/// How many recent users are given at most.
const USERS: usize = 1000;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/users", get(users))
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
