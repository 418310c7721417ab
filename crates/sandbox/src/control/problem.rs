//! What the control API says when something cannot be done: the error, and what to do.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, Uri};
use serde_json::json;

use crate::world::act::Refusal;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    error: String,
    what_to_do: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Problem { status, error: error.into(), what_to_do: what_to_do.into() }
    }

    pub(crate) fn bad(error: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, what_to_do)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        Problem::new(status, refusal.error, refusal.what_to_do)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.error, "what_to_do": self.what_to_do}))).into_response()
    }
}

/// A path below `/_sandbox` that does not exist.
pub(crate) async fn no_such_path(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("the control API has no {method} {}", uri.path()),
        "try GET /_sandbox/accounts, GET|POST /_sandbox/users, POST /_sandbox/users/{openid}/say, GET /_sandbox/exchanges",
    )
}
