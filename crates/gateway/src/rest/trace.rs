//! A name for every request: the caller's `X-Request-Id` or one of our own, in the answer, in errors and in the log.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header::HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hongyan_wire::{OsRandom, Random};
use tracing::Instrument;

use super::problem::Problem;
use crate::metrics::Answers;

/// The header in both directions.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer name is replaced by one of our own.
const LONGEST: usize = 128;
/// How many parts of an address the log shows: `/api/v1/accounts/main/users`.
const PARTS: usize = 6;

/// Names the request, logs how it went, and puts the name where the caller finds it.
pub(crate) async fn trace(State(answers): State<Arc<Answers>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = given(&request).unwrap_or_else(|| OsRandom.hex(8));
    let method = request.method().clone();
    let path = shown(request.uri().path());
    let span = tracing::info_span!("api", request_id = %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = response.headers().clone();
        response = problem.with_request_id(&id).into_response();
        for (name, value) in &headers {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    let status = response.status().as_u16();
    let took_ms = began.elapsed().as_millis() as u64;
    answers.add(status);
    let _in = span.enter();
    tracing::info!(%method, path, status, took_ms, "a request to the API");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The address up to the kind of thing: what comes behind may be somebody's OpenID.
fn shown(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let more = if parts.len() > PARTS { "/…" } else { "" };
    format!("{}{more}", parts.iter().take(PARTS).copied().collect::<Vec<_>>().join("/"))
}

fn given(request: &Request) -> Option<String> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_no_openid() {
        assert_eq!(shown("/api/v1/accounts/main/users/oSecret/window"), "/api/v1/accounts/main/users/…");
        assert_eq!(shown("/openapi.json"), "/openapi.json");
    }
}
