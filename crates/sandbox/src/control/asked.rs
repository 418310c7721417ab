//! What a request of the control API names: the account, the person, the body.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::platform::Platform;

/// The account of the path, and the path's other names.
pub(crate) struct Asked {
    pub(crate) at: usize,
    names: HashMap<String, String>,
}

impl Asked {
    /// A name in the path; empty when the path has none.
    pub(crate) fn name(&self, name: &str) -> &str {
        self.names.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn openid(&self) -> &str {
        self.name("openid")
    }
}

impl FromRequestParts<Arc<Platform>> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, Problem> {
        let names = Path::<HashMap<String, String>>::from_request_parts(parts, platform).await;
        let names = names.map(|Path(names)| names).unwrap_or_default();
        let app_id = names.get("app_id").map(String::as_str);
        let at = platform.with(|world, _| world.account_at(app_id)).ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no account {:?}", app_id.unwrap_or_default()),
                "list the accounts with GET /_sandbox/accounts",
            )
        })?;
        Ok(Asked { at, names })
    }
}

/// A JSON object; an empty body is an empty object, whatever the Content-Type says.
pub(crate) struct Body(pub(crate) Value);

impl FromRequest<Arc<Platform>> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, platform: &Arc<Platform>) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, platform).await.map_err(|error| {
            Problem::bad(format!("the body cannot be read: {error}"), "send JSON, at most 32 MB")
        })?;
        if bytes.is_empty() {
            return Ok(Body(Value::Object(Map::new())));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Body(value)),
            Err(error) => Err(Problem::bad(format!("the body is not JSON: {error}"), "send a JSON object")),
        }
    }
}
