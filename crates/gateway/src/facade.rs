//! `/platform/{account}/…`: the platform's own protocol, for programs that have an SDK already.
//!
//! A token call takes the app id, and as secret an API key with the scope `proxy`; it gives a token of our own making.
//! Calls with that token run with the real one. So a program moves over by changing host and secret, needs no place on
//! the platform's IP list, and can end nobody else's token. Everything it hears, refusals too, has the platform's form.

mod grant;
mod login;
mod pass;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::account::Account;
use crate::relay::{Errand, Kind, Load, Shown, Target, Trouble};
use crate::rest::Shared;
use crate::rest::guard::Guard;
use crate::sealing::Sealer;
use pass::Holder;
use refusal::Refusal;

/// What a key must open to be used as a secret here.
const SCOPE: &str = "proxy";

#[derive(Clone)]
struct Facade {
    shared: Arc<Shared>,
    guard: Arc<Guard>,
}

/// `/platform/{account}/…` of every account.
pub(crate) fn routes(shared: Arc<Shared>, guard: Arc<Guard>) -> Router {
    Router::new().route("/platform/{account}/{*path}", any(entry)).with_state(Facade { shared, guard })
}

async fn entry(
    State(facade): State<Facade>,
    Path((name, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    match facade.answer(&name, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.said_to(&name).into_response(),
    }
}

/// One call to the facade, once it is known whose it is.
struct Visit<'a> {
    account: &'a Account,
    guard: &'a Guard,
    sealer: &'a Sealer,
    /// Seconds since 1970.
    now_s: i64,
}

impl Facade {
    async fn answer(&self, name: &str, request: Request) -> Result<Response, Refusal> {
        let account = self.shared.accounts.get(name).ok_or(Refusal::of(40013))?;
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        // `/platform/main/cgi-bin/menu/get`: what follows the account is the platform's.
        let path = path.splitn(4, '/').nth(3).map_or(0, |rest| path.len() - rest.len() - 1);
        let target = Target::read(&parts.uri.path()[path..], parts.uri.query())
            .map_err(|unsafe_| Refusal::because(40066, unsafe_.0))?;
        let clock = Arc::clone(&account.inner.clock);
        let sealer = self.shared.sealing.sealer(&self.shared.store).await.map_err(|error| {
            tracing::error!(account = name, %error, "the facade cannot read its key");
            Refusal::because(-1, "the gateway's database is away")
        })?;
        let visit = Visit { account: &account, guard: &self.guard, sealer, now_s: clock.now().seconds() };
        match target.kind {
            Kind::Token => visit.grant(&parts, &target, body).await,
            Kind::ClearQuota => {
                // Whoever asks, the answer is the platform's own for a quota of clearings that is used up.
                Err(Refusal::because(48006, "the gateway does not pass it on"))
            }
            Kind::Login => {
                let relay = &self.shared.relay;
                visit.login(relay, &parts, target, body).await
            }
            Kind::Open => {
                // It needs no token of the platform's, so it is kept to what a picture's address needs.
                if parts.method != Method::GET {
                    return Err(Refusal::of(43001));
                }
                if self.guard.has_no_keys() && self.guard.check_local(&parts.headers).is_err() {
                    return Err(Refusal::because(40001, "the gateway has no [[api_keys]]"));
                }
                let load = Load::read(&HeaderMap::new(), Body::empty()).await?;
                let errand = Errand {
                    method: parts.method,
                    target,
                    headers: &parts.headers,
                    load,
                    token: false,
                    shown: Shown::Nothing,
                };
                Ok(self.shared.relay.carry(&account, errand).await?)
            }
            Kind::Call => {
                let given =
                    target.token.clone().filter(|token| !token.is_empty()).ok_or(Refusal::of(41001))?;
                visit.admit(&parts.headers, &given)?;
                let load = Load::read(&parts.headers, body).await?;
                let errand = Errand {
                    method: parts.method,
                    target,
                    headers: &parts.headers,
                    load,
                    token: true,
                    shown: Shown::Instead(&given),
                };
                Ok(self.shared.relay.carry(&account, errand).await?)
            }
        }
    }
}

impl Visit<'_> {
    /// Whether a token that was given out here still opens this account.
    fn admit(&self, headers: &HeaderMap, given: &str) -> Result<(), Refusal> {
        let holder = pass::read(self.sealer, self.account.config().app_id.as_str(), given, self.now_s)?;
        match holder {
            Holder::Local => {
                let local = self.guard.has_no_keys() && self.guard.check_local(headers).is_ok();
                if local { Ok(()) } else { Err(Refusal::of(40001)) }
            }
            // Taken out of the configuration, a key ends the tokens it gave.
            Holder::Key(mark) => match self.guard.by_mark(mark) {
                None => Err(Refusal::of(40001)),
                Some((_, false)) => Err(Refusal::because(45011, "the API key's own rate")),
                Some((key, true)) => self.may(key),
            },
        }
    }

    fn may(&self, key: &crate::config::ApiKey) -> Result<(), Refusal> {
        crate::rest::guard::allows(key, SCOPE, self.account.name())
            .map_err(|why| Refusal::because(48001, why))
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoToken(hongyan::Error::Refused(refusal))
                if refusal.class() != hongyan::Class::Token && !matches!(refusal.code.0, 40013 | 40125) =>
            {
                Refusal::because(refusal.code.0, refusal.message)
            }
            // A refused AppSecret of ours is nothing that the caller's SDK could put right by a new token.
            Trouble::NoToken(_) | Trouble::NotSent(_) | Trouble::Unsure(_) | Trouble::AnswerTooLarge => {
                tracing::warn!(%trouble, "the facade could not answer");
                Refusal::because(-1, trouble.to_string())
            }
            Trouble::TooLarge { .. } => Refusal::because(45001, trouble.to_string()),
            Trouble::NoLength | Trouble::Broken => Refusal::because(41005, trouble.to_string()),
        }
    }
}
