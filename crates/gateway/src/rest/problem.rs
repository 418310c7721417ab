//! Errors of the API, as problem+json.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hongyan::Class;
use hongyan_wire::Lang;
use serde_json::json;

use crate::store::StoreError;

/// Why a request is not answered as asked.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    retry_after_s: Option<u32>,
    /// What the platform said, where it is the platform that refused.
    errcode: Option<i64>,
    rid: Option<String>,
    request_id: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
            retry_after_s: None,
            errcode: None,
            rid: None,
            request_id: None,
        }
    }

    /// The same with the seconds after which it is worth asking again.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The same with the request's name.
    pub(crate) fn with_request_id(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    pub(crate) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable", detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", detail)
    }

    pub(crate) fn unauthorized() -> Self {
        let detail =
            "this API wants `Authorization: Bearer KEY` with a key from [[api_keys]] of the configuration";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Full | StoreError::Stopped) {
            let busy = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy", error.to_string());
            return Self { retry_after_s: Some(1), ..busy };
        }
        tracing::error!(%error, "the API could not answer");
        let detail = "the gateway's database failed; its log says why";
        Self { retry_after_s: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Database away", detail) }
    }
}

/// What went wrong at the platform. The status says who can act, `errcode` and `rid` what the platform said.
impl From<hongyan::Error> for Problem {
    fn from(error: hongyan::Error) -> Self {
        use hongyan::Error;
        let text = error.to_string();
        match error {
            Error::Refused(refusal) => {
                let (status, title) = match refusal.class() {
                    Class::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "Refused by the platform"),
                    Class::NotFound => (StatusCode::NOT_FOUND, "Not found at the platform"),
                    Class::Transient => (StatusCode::SERVICE_UNAVAILABLE, "The platform is busy"),
                    _ => (StatusCode::BAD_GATEWAY, "Refused by the platform"),
                };
                let meaning = refusal.meaning(Lang::En).map(|meaning| format!(" ({meaning})"));
                let detail = format!("{text}{}", meaning.unwrap_or_default());
                Self {
                    errcode: Some(refusal.code.0),
                    rid: refusal.rid,
                    retry_after_s: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
                    ..Self::new(status, title, detail)
                }
            }
            Error::Invalid { .. } => Self::bad_request(text),
            Error::NotSent { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The platform is away", text).retry_after(1)
            }
            Error::Unsure { .. } => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "The platform's answer was lost", text)
            }
            Error::Store(_) => {
                tracing::error!(error = text, "the API could not answer");
                let detail = "the gateway's database failed; its log says why";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "Database away", detail).retry_after(5)
            }
            _ => Self::new(StatusCode::BAD_GATEWAY, "The platform gave no proper answer", text),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(errcode) = self.errcode {
            body["errcode"] = errcode.into();
        }
        for (name, value) in [("rid", &self.rid), ("request_id", &self.request_id)] {
            if let Some(value) = value {
                body[name] = value.as_str().into();
            }
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Whoever knows the request's name writes it again with the name in it.
        response.extensions_mut().insert(self);
        response
    }
}
