//! What a browser sees of the platform: the login page, the JS-SDK script, pictures of people.
//!
//! Whose phone the browser is on is told by `sandbox_user`, as a parameter of the authorize address or as a cookie,
//! which the phone page sets: an OpenID of any account, or a nickname. Without it the only person there is logs in,
//! and among several a page asks.

mod authorize;
mod page;
mod jssdk;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::picture::draw;
use crate::platform::Platform;

/// The pages and files for browsers.
pub(crate) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route("/connect/oauth2/authorize", get(authorize::ask).post(authorize::answered))
        .route("/res/{file}", get(jssdk::script))
        .route("/open/js/{file}", get(jssdk::script))
        .route("/res/jssdk/config", post(jssdk::config).options(jssdk::allowed))
        .route("/mmopen/{person}/{size}", get(picture))
}

/// The picture of a person by number, the same each time.
async fn picture(Path((person, _)): Path<(String, String)>) -> Response {
    match person.parse::<u64>() {
        Ok(number) => ([(header::CONTENT_TYPE, "image/jpeg")], draw::pattern(number)).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
