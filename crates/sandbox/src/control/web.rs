//! The domains of an account: for web login and for the JS-SDK.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::platform::Platform;
use crate::world::web::Domains;

/// `GET oauth_domain` and `GET js_domain`
pub(crate) async fn domains(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, _| described(&world.accounts[asked.at].web.domains)))
}

/// `PUT oauth_domain {domain}`; null takes any.
pub(crate) async fn oauth(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let domain = domain(&body)?;
    Ok(Json(platform.with(|world, _| {
        world.accounts[asked.at].web.domains.oauth = domain;
        described(&world.accounts[asked.at].web.domains)
    })))
}

/// `PUT js_domain {domain}`; null takes any.
pub(crate) async fn js(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let domain = domain(&body)?;
    Ok(Json(platform.with(|world, _| {
        world.accounts[asked.at].web.domains.js = domain;
        described(&world.accounts[asked.at].web.domains)
    })))
}

fn described(domains: &Domains) -> Value {
    json!({"oauth_domain": domains.oauth, "js_domain": domains.js})
}

fn domain(body: &Value) -> Result<Option<String>, Problem> {
    let bad = || {
        Problem::bad(
            "`domain` is not a host name",
            "send {\"domain\": \"shop.example.com\"} or {\"domain\": \"127.0.0.1:3000\"}, without http:// and without a path, or null for any",
        )
    };
    match &body["domain"] {
        Value::Null => Ok(None),
        Value::String(text) => {
            let whole = url::Url::parse(&format!("http://{text}/")).map_err(|_| bad())?;
            let bare = !text.contains(['/', '?', '#', '@']) && whole.has_host();
            if bare { Ok(Some(text.to_ascii_lowercase())) } else { Err(bad()) }
        }
        _ => Err(bad()),
    }
}
