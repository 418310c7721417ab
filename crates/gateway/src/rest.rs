//! The gateway's API for other programs, its first piece: send a message, ask what became of it, who acted lately.

pub(crate) mod problem;
pub(crate) mod guard;
mod rate;
mod trace;
mod routes;
mod ask;
pub(crate) mod csv;
mod messages;
mod batches;
mod users;
mod forwards;
mod menu;
mod qrcodes;
pub(crate) mod pictures;
mod conversations;
mod media;
mod document;
mod metrics;
mod token;
mod proxy;
mod jssdk;
mod logins;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use hongyan_server::Callback;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::behind::Behind;
use crate::cluster::{Bus, Cluster};
use crate::facade;
use crate::forward::Forwarder;
use crate::jssdk::Tickets;
use crate::metrics::Answers;
use crate::oauth;
use crate::outbox::Outbox;
use crate::relay::Relay;
use crate::sealing::Sealing;
use crate::store::Store;
use crate::swap::Swap;
use guard::Guard;
use pictures::Pictures;
use problem::Problem;
use routes::Routes;

/// A body is at most this large, where a route does not say otherwise.
const BODY: usize = 64 * 1024;
/// OpenIDs are 28 characters in practice.
const OPENID: usize = 64;

/// What the API works with.
pub(crate) struct Shared {
    pub(crate) accounts: Accounts,
    pub(crate) outbox: Outbox,
    /// What is written behind, and read here.
    pub(crate) behind: Arc<Behind>,
    pub(crate) store: Store,
    /// What happens, for whoever watches on any gateway.
    pub(crate) bus: Bus,
    /// Proofs of what the gateway has given out.
    pub(crate) sealing: Sealing,
    /// The way to the platform for other programs' calls.
    pub(crate) relay: Relay,
    /// The tickets that web pages are signed with.
    pub(crate) tickets: Tickets,
    /// The last pictures of QR codes.
    pub(crate) pictures: Pictures,
    /// Where the public listener is, when the API is on another one.
    pub(crate) public_listener: Option<SocketAddr>,
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) callbacks: Swap<HashMap<String, Callback<Account>>>,
    pub(crate) cluster: Cluster,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) answers: Arc<Answers>,
}

#[derive(Clone)]
struct Api {
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

type Answer = Result<axum::response::Response, Problem>;

/// `/livez` and `/readyz`, open to everybody.
pub(crate) fn probes(shared: Arc<Shared>) -> Router {
    let logins = oauth::routes(Arc::clone(&shared));
    let pictures = pictures::routes(Arc::clone(&shared));
    let ready = move || async move {
        if shared.stopping.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    let probes = Router::new().route("/livez", get(async || "alive\n")).route("/readyz", get(ready));
    probes.merge(logins).merge(pictures).fallback(unknown)
}

/// Everything else, behind its guard.
pub(crate) fn api(shared: Arc<Shared>, guard: Guard) -> Router {
    let api = Api { shared: Arc::clone(&shared), guard: Arc::new(guard) };
    let facade = facade::routes(Arc::clone(&shared), Arc::clone(&api.guard));
    let routes = account_routes().into_router().layer(DefaultBodyLimit::max(BODY)).with_state(api.clone());
    let answers = Arc::clone(&shared.answers);
    let document = Router::new()
        .route("/openapi.json", get(document::openapi))
        .route("/metrics", get(metrics::metrics))
        .with_state(api);
    let api = probes(shared).merge(facade).merge(document).nest("/api/v1/accounts/{account}", routes);
    api.layer(from_fn_with_state(answers, trace::trace))
}

/// What there is under `/api/v1/accounts/{account}`. Each is described in `rest/openapi.json`.
fn account_routes() -> Routes {
    let routes = Routes::new()
        .merge(messages::routes())
        .merge(batches::routes())
        .merge(users::routes())
        .merge(menu::routes());
    let routes = routes.merge(qrcodes::routes()).merge(conversations::routes()).merge(media::routes());
    routes
        .merge(token::routes())
        .merge(proxy::routes())
        .merge(jssdk::routes())
        .merge(logins::routes())
        .merge(forwards::routes())
}

async fn unknown() -> Problem {
    Problem::not_found("there is nothing at this address")
}

impl Api {
    fn account(&self, headers: &HeaderMap, scope: &str, name: &str) -> Result<Account, Problem> {
        self.guard.check(headers, scope, name)?;
        self.shared.accounts.get(name).ok_or_else(|| {
            let known = self.shared.accounts.names().join(", ");
            Problem::not_found(format!("there is no account {name}; known: {known}"))
        })
    }
}
