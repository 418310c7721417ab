//! The token service: `GET …/token`, for programs on a host that stands on the platform's IP list.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde_json::json;

use super::routes::Routes;
use super::{Answer, Api};

pub(super) fn routes() -> Routes {
    Routes::new().get("/token", token)
}

async fn token(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap) -> Answer {
    let account = api.account(&headers, "token", &account)?;
    let token = account.inner.courier.client.token().await?;
    let body = json!({"access_token": token.token.expose(), "expires_in": token.expires_in.as_secs()});
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
