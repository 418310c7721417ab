//! The gateway's API for other programs, its first piece: send a message, ask what became of it, who acted lately.

pub(crate) mod problem;
pub(crate) mod guard;
mod messages;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::outbox::Outbox;
use crate::recent::Recent;
use crate::store::Store;
use guard::Guard;
use problem::Problem;

/// A body is at most this large, where a route does not say otherwise.
const BODY: usize = 64 * 1024;
/// OpenIDs are 28 characters in practice.
const OPENID: usize = 64;

/// What the API works with.
pub(crate) struct Shared {
    pub(crate) accounts: Accounts,
    pub(crate) outbox: Outbox,
    pub(crate) recent: Arc<Recent>,
    pub(crate) store: Store,
    pub(crate) stopping: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Api {
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

type Answer = Result<axum::response::Response, Problem>;

/// `/livez` and `/readyz`, open to everybody.
pub(crate) fn probes(shared: Arc<Shared>) -> Router {
    let ready = move || async move {
        if shared.stopping.load(Ordering::Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    Router::new().route("/livez", get(async || "alive\n")).route("/readyz", get(ready)).fallback(unknown)
}

/// Everything else, behind its guard.
pub(crate) fn api(shared: Arc<Shared>, guard: Guard) -> Router {
    let api = Api { shared: Arc::clone(&shared), guard: Arc::new(guard) };
    let routes = Router::new()
        .merge(messages::routes())
        .merge(users::routes())
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(api);
    probes(shared).nest("/api/v1/accounts/{account}", routes)
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
