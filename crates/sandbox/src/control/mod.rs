//! The control API: plays people, moves the clock, and tells what happened.

mod problem;
mod guard;
mod asked;
mod people;
mod perform;
mod watch;
mod accounts;
mod time;
mod fault;
mod push;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};

use crate::platform::Platform;

/// Everything below `/_sandbox`.
pub(crate) fn router(platform: &Arc<Platform>, address: SocketAddr) -> Router<Arc<Platform>> {
    let hosts = Arc::new(guard::Hosts::new(address, &platform.options().allowed_hosts));
    Router::new()
        .route("/accounts", get(accounts::list))
        .route("/clock", get(time::now))
        .route("/clock/advance", post(time::advance))
        .route("/reset", post(time::reset))
        .route("/snapshot", get(time::snapshot).put(time::snapshot))
        .route("/faults", get(fault::list).put(fault::replace).delete(fault::clear))
        .route("/decode", post(accounts::decode))
        .nest("/accounts/{app_id}", of_account())
        .merge(of_account())
        .fallback(problem::no_such_path)
        .layer(DefaultBodyLimit::max(32 * 1024 * 1024))
        .layer(from_fn_with_state(hosts, guard::check))
}

/// The paths that concern one account: the first, unless the path names another.
fn of_account() -> Router<Arc<Platform>> {
    Router::new()
        .route("/users", get(people::list).post(people::create))
        .route("/users/{openid}", get(people::show))
        .route("/users/{openid}/menu", get(people::menu))
        .route("/users/{openid}/chat", get(people::chat))
        .route("/users/{openid}/{verb}", post(perform::act))
        .route("/exchanges", get(watch::exchanges))
        .route("/exchanges/{id}", get(watch::exchange))
        .route("/events", get(watch::events))
        .route("/callback", put(accounts::callback))
        .route("/qrcodes", get(accounts::qrcodes))
        .route("/media/{media_id}", get(accounts::media))
        .route("/token/expire", post(accounts::expire_tokens))
        .route("/push", post(push::push))
}
