//! Web logins for programs in any language: `/oauth/{account}` sends a browser to the platform, does the exchange when
//! it comes back, and gives the page a ticket that works once.
//!
//! A login begins with a return address that the configuration allows. Its state is signed, ends after ten minutes and
//! is bound to the browser by a cookie. The code is exchanged once, however often the browser comes back with it.

mod allowed;
mod state;
mod exchange;
mod ledger;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hongyan::Host;
use hongyan_wire::{AppId, Timestamp};
use serde::Deserialize;
use url::Url;

use crate::account::Account;
use crate::config::OauthConfig;
use crate::rest::Shared;
use crate::sealing::Sealer;
use ledger::Ended;
pub(crate) use ledger::{Redeemed, redeem};
use page::Page;
use state::Login;

/// The pages of web logins, open to every browser.
pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/oauth/{account}", get(begin))
        .route("/oauth/{account}/callback", get(back))
        .with_state(shared)
}

/// The account's logins as they are needed here.
struct Desk<'a> {
    shared: &'a Shared,
    account: Account,
    app_id: AppId,
    config: OauthConfig,
    sealer: &'a Sealer,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    async fn open(shared: &'a Shared, name: &str) -> Result<Self, Page> {
        let account = shared.accounts.get(name).ok_or(Page::NO_LOGINS)?;
        let config = account.config().oauth.clone().ok_or(Page::NO_LOGINS)?;
        let sealer = shared.sealing.sealer(&shared.store).await.map_err(|error| {
            tracing::error!(account = name, %error, "web logins cannot read their key");
            Page::AWAY
        })?;
        let app_id = account.config().app_id.clone();
        let now = account.inner.clock.now();
        Ok(Self { shared, account, app_id, config, sealer, now })
    }

    /// What binds a proof to this account.
    fn owner(&self) -> [&str; 2] {
        [self.account.name(), self.app_id.as_str()]
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "return")]
    back_to: Option<String>,
}

/// `GET /oauth/{account}?return=…`
async fn begin(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let begun = async {
        let desk = Desk::open(&shared, &name).await?;
        let wanted = wanted.back_to.unwrap_or_default();
        let back_to = allowed::read(&wanted, &desk.config.allowed).ok_or(Page::FOREIGN_RETURN)?;
        let here = own_address(&desk.config, &headers).ok_or(Page::NO_HOST)?;
        let login = Login::begin(desk.sealer, desk.owner(), &back_to, desk.now);
        let base = desk.account.inner.courier.client.base(Host::Open);
        let mut to = Url::parse(&format!("{base}/connect/oauth2/authorize")).map_err(|_| Page::AWAY)?;
        // In this order: a phone refuses any other.
        to.query_pairs_mut()
            .append_pair("appid", desk.app_id.as_str())
            .append_pair("redirect_uri", &format!("{here}/oauth/{name}/callback"))
            .append_pair("response_type", "code")
            .append_pair("scope", desk.config.scope.name())
            .append_pair("state", &login.state);
        to.set_fragment(Some("wechat_redirect"));
        let cookie = login.cookie(&name, here.starts_with("https:"));
        Ok(([(header::SET_COOKIE, cookie)], redirect(&to)).into_response())
    };
    begun.await.unwrap_or_else(|page: Page| page.shown(&headers))
}

#[derive(Deserialize)]
struct Came {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /oauth/{account}/callback?code=…&state=…`, as the platform sends the browser back.
async fn back(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(came): Query<Came>,
    headers: HeaderMap,
) -> Response {
    let sent = headers.clone();
    // A task of its own: a browser that leaves in the middle must not leave the one use of its code half done.
    let ended = tokio::spawn(async move {
        let desk = Desk::open(&shared, &name).await?;
        let given = came.state.unwrap_or_default();
        let login = Login::read(desk.sealer, desk.owner(), &given, &sent, desk.now)?;
        // The list may have become shorter since the login began.
        let mut to = allowed::read(&login.back_to, &desk.config.allowed).ok_or(Page::FOREIGN_RETURN)?;
        let Some(code) = came.code.filter(|code| (1..=512).contains(&code.len())) else {
            to.query_pairs_mut().append_pair("error", "access_denied");
            return Ok(redirect(&to));
        };
        match ledger::settle(&desk, &code, &login.state).await? {
            Ended::Ticket(ticket) => {
                to.query_pairs_mut().append_pair("ticket", &ticket);
                Ok(redirect(&to))
            }
            Ended::Refused(why) => Err(Page::refused(why)),
        }
    });
    match ended.await {
        Ok(ended) => ended.unwrap_or_else(|page: Page| page.shown(&headers)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The gateway's address as the browser knows it: the configuration's, else what the request says.
fn own_address(config: &OauthConfig, headers: &HeaderMap) -> Option<String> {
    if let Some(base) = &config.base {
        return Some(base.clone());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    (!host.is_empty() && host.chars().all(plain)).then(|| format!("{scheme}://{host}"))
}

fn redirect(to: &Url) -> Response {
    let headers = [
        (header::LOCATION, to.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::FOUND, headers).into_response()
}
