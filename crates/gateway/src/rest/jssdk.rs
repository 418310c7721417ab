//! `GET …/jssdk?url=`: the values for a page's `wx.config`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::jssdk::sign;

/// Longer addresses are refused by browsers and by the platform.
const LONGEST: usize = 4096;

pub(super) fn routes() -> Routes {
    Routes::new().get("/jssdk", jssdk)
}

#[derive(Deserialize)]
struct Asked {
    url: Option<String>,
}

async fn jssdk(
    State(api): State<Api>,
    Path(account): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "token", &account)?;
    let url = asked.url.unwrap_or_default();
    let is_page = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_page || url.len() > LONGEST {
        let detail = "`url` must be the page's whole address as the browser has it, percent-encoded into the query: \
                      encodeURIComponent(location.href.split('#')[0])";
        return Err(Problem::bad_request(detail));
    }
    let ticket = api.shared.tickets.ticket(&account, &api.shared.store).await?;
    let signed = sign(&ticket, &url, account.inner.clock.now().seconds());
    let body = json!({
        "appId": account.config().app_id.as_str(),
        "timestamp": signed.timestamp,
        "nonceStr": signed.nonce,
        "signature": signed.signature,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
