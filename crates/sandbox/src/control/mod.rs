//! The control API: plays people, moves the clock, and tells what happened.

mod problem;
mod guard;
mod asked;
mod people;
pub(crate) mod perform;
mod watch;
mod exchanges;
mod resend;
mod accounts;
mod time;
mod snapshot;
mod rules;
mod fault;
mod push;
mod web;
mod poster;
mod agents;
mod record;
mod play;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use axum::{Extension, Router};

use crate::platform::Platform;
use crate::scenario::record::Recorder;

/// The names this sandbox answers to, but for the platform's.
pub(crate) fn hosts(platform: &Platform, address: SocketAddr) -> Arc<guard::Hosts> {
    Arc::new(guard::Hosts::new(address, &platform.options().allowed_hosts))
}

/// Paths that answer under these names only, so that no page from elsewhere reads or frames them.
pub(crate) fn guarded(paths: Router<Arc<Platform>>, hosts: &Arc<guard::Hosts>) -> Router<Arc<Platform>> {
    paths.layer(from_fn_with_state(Arc::clone(hosts), guard::check))
}

/// Everything below `/_sandbox`.
pub(crate) fn router(
    platform: &Arc<Platform>,
    address: SocketAddr,
    hosts: &Arc<guard::Hosts>,
) -> Router<Arc<Platform>> {
    let recorder = Arc::new(Recorder::default());
    let stage = Arc::new(play::Stage::new(address));
    let watched = (Arc::clone(platform), Arc::clone(&recorder));
    Router::new()
        .route("/record", get(record::state))
        .route("/record/start", post(record::start))
        .route("/record/stop", post(record::stop))
        .route("/record/file", get(record::file))
        .route("/scenario", post(play::run))
        .route("/accounts", get(accounts::list))
        .route("/clock", get(time::now))
        .route("/clock/advance", post(time::advance))
        .route("/clock/freeze", post(time::freeze))
        .route("/clock/resume", post(time::resume))
        .route("/clock/scale", post(time::scale))
        .route("/clock/set", post(time::set))
        .route("/settings", get(rules::settings).put(rules::change_settings))
        .route("/profiles", get(rules::profiles))
        .route("/reset", post(time::reset))
        .route("/snapshot", get(snapshot::save).put(snapshot::restore))
        .route("/faults", get(fault::list).put(fault::replace).delete(fault::clear))
        .route("/decode", post(accounts::decode))
        .nest("/accounts/{app_id}", of_account())
        .merge(of_account())
        .fallback(problem::no_such_path)
        .layer(DefaultBodyLimit::max(32 * 1024 * 1024))
        .layer(from_fn_with_state(watched, record::watch))
        .layer(Extension(recorder))
        .layer(Extension(stage))
        .layer(from_fn_with_state(Arc::clone(hosts), guard::check))
}

/// The paths that concern one account: the first, unless the path names another.
fn of_account() -> Router<Arc<Platform>> {
    Router::new()
        .route("/users", get(people::list).post(people::create))
        .route("/users/{openid}", get(people::show))
        .route("/users/{openid}/menu", get(people::menu))
        .route("/users/{openid}/menu/refresh", post(rules::refresh_menu))
        .route("/users/{openid}/chat", get(people::chat))
        .route("/users/{openid}/{verb}", post(perform::act))
        .route("/exchanges", get(exchanges::list))
        .route("/exchanges/{id}", get(exchanges::one))
        .route("/exchanges/{id}/resend", post(resend::resend))
        .route("/exchanges/{id}/curl", get(exchanges::as_curl))
        .route("/exchanges/{id}/step", get(exchanges::as_step))
        .route("/events", get(watch::events))
        .route("/callback", put(accounts::callback))
        .route("/qrcodes", get(accounts::qrcodes).post(poster::create))
        .route("/qrcodes/{ticket}/picture", get(accounts::poster))
        .route("/media/{media_id}", get(accounts::media))
        .route("/oauth_domain", get(web::domains).put(web::oauth))
        .route("/js_domain", get(web::domains).put(web::js))
        .route("/token/expire", post(accounts::expire_tokens))
        .route("/token/replace", post(rules::replace_tokens))
        .route("/secret", put(rules::secret))
        .route("/ip_list", put(rules::ip_list))
        .route("/quotas", get(rules::quotas).put(rules::set_quota))
        .route("/templates", get(rules::templates).post(rules::add_template))
        .route("/agents", get(agents::list))
        .route("/agents/accept", post(agents::accept))
        .route("/subscription_templates", get(agents::subscription_templates))
        .route("/qrcodes/expire", post(rules::expire_qrcodes))
        .route("/qrcodes/permanent", put(rules::count_permanent))
        .route("/media/expire", post(rules::expire_media))
        .route("/push", post(push::push))
}
