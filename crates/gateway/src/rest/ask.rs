//! What requests have in common: JSON bodies, pages, OpenIDs, `Idempotency-Key`.

use axum::http::HeaderMap;
use hongyan_wire::OpenId;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OPENID;
use super::problem::Problem;
use crate::idempotency::LONGEST;

/// How many rows a page has unless told otherwise, and at most.
const ROWS: usize = 100;
const MOST: usize = 1000;

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Paging {
    limit: Option<usize>,
    /// The `next` of the page before.
    pub(super) before: Option<String>,
    /// `csv`, where there is CSV.
    pub(super) format: Option<String>,
    /// Only those with this scene.
    pub(super) scene: Option<String>,
    /// Only those of this user.
    pub(super) openid: Option<String>,
}

impl Paging {
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(ROWS).clamp(1, MOST)
    }

    pub(super) fn before(&self) -> Option<&str> {
        self.before.as_deref().filter(|before| !before.is_empty())
    }
}

/// A body that must be a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a JSON object: {error}")))
}

/// An OpenID from a path or a body.
pub(super) fn openid(text: &str) -> Option<OpenId> {
    let good = (1..=OPENID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| OpenId::new(text))
}

/// The OpenID in a path.
pub(super) fn openid_in_path(text: &str) -> Result<OpenId, Problem> {
    openid(text).ok_or_else(|| Problem::bad_request("the address must hold the user's OpenID"))
}

/// The `Idempotency-Key`, if there is one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        Problem::bad_request(format!("`Idempotency-Key` must have 1 to {LONGEST} characters of ASCII"))
    })
}

/// Another request had the same key.
pub(super) fn other_body() -> Problem {
    Problem::unprocessable(
        "this `Idempotency-Key` was used within the last 24 hours for another body: use a new key for another request",
    )
}
