//! Carries any call to the platform with the account's real token, for programs that never see it.
//!
//! Query, method, content type, status and body pass unchanged; the token is put in on the way out and taken out of
//! JSON on the way back. Refused for its token, a call is repeated once if its body is still here.

mod answer;
mod load;
mod target;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::Response;
use hongyan::Secret;
use url::Url;

use crate::account::Account;
use answer::Answer;
pub(crate) use load::Load;
pub(crate) use target::{Kind, Target, Unsafe};

/// How long the platform may take to begin its answer.
const ANSWER: Duration = Duration::from_secs(20);
/// The same when a large body is on its way first.
const WITH_FILE: Duration = Duration::from_mins(5);
/// How long an answer may pause.
const PAUSE: Duration = Duration::from_secs(30);
/// How many different `egress` proxies are remembered.
const CLIENTS: usize = 64;

/// The headers of a request that matter to the platform.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ACCEPT, header::USER_AGENT];

/// The way to the platform for calls that other programs make. Cheap to share: connections are kept.
#[derive(Default)]
pub(crate) struct Relay {
    /// By the proxy they leave through.
    clients: Mutex<HashMap<Option<String>, reqwest::Client>>,
}

/// One call to carry.
pub(crate) struct Errand<'a> {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) load: Load,
    /// Whether the account's token goes with it.
    pub(crate) token: bool,
    /// What the caller sees where the real token stood.
    pub(crate) shown: Shown<'a>,
}

/// What stands in the place of the real token in an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// Nothing: every `access_token` is taken out.
    Nothing,
    /// The token that the caller has.
    Instead(&'a str),
}

impl<'a> Shown<'a> {
    fn in_its_place(self) -> &'a str {
        match self {
            Self::Nothing => "[redacted]",
            Self::Instead(token) => token,
        }
    }
}

/// Why a call brought no answer of the platform's.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no real token.
    NoToken(hongyan::Error),
    /// Nothing has left.
    NotSent(String),
    /// It has left; whether it was done is not known.
    Unsure(String),
    /// The request's body is larger than this.
    TooLarge { limit: u64 },
    /// A large body does not say how large.
    NoLength,
    /// The request's body broke off.
    Broken,
    /// The answer is larger than anything the platform gives.
    AnswerTooLarge,
}

impl Relay {
    /// Carries one call there and its answer back.
    pub(crate) async fn carry(&self, account: &Account, errand: Errand<'_>) -> Result<Response, Trouble> {
        let client = &account.inner.courier.client;
        let http = self.client(account.config().egress.as_deref())?;
        let Errand { method, target, headers, mut load, token, shown } = errand;
        let base = client.base(target.host);
        let mut send = async |token: Option<&Secret>| -> Result<Answer, Trouble> {
            let patience = if load.is_whole() { ANSWER } else { WITH_FILE };
            let (body, length) = load.take().ok_or(Trouble::Broken)?;
            let url = address(base, &target, token)?;
            let mut request = http.request(method.clone(), url);
            for name in KEPT {
                for value in headers.get_all(&name) {
                    request = request.header(&name, value);
                }
            }
            if length > 0 || !matches!(method, Method::GET | Method::HEAD) {
                request = request.header(header::CONTENT_LENGTH, length).body(body);
            }
            let answered = tokio::time::timeout(patience, request.send()).await;
            let answered = answered
                .map_err(|_| Trouble::Unsure(format!("the platform did not answer within {patience:?}")))?;
            Answer::read(answered.map_err(|error| Trouble::from_sending(&error))?).await
        };
        if !token {
            return Ok(send(None).await?.pass(None, &shown));
        }
        let first = client.token().await.map_err(Trouble::NoToken)?.token;
        let answer = send(Some(&first)).await?;
        if !answer.refuses_the_token() {
            return Ok(answer.pass(Some(&first), &shown));
        }
        tracing::debug!(account = %account.name(), path = target.path, "token refused, asking for another");
        let second = match client.another_token(&first).await {
            Ok(second) => second.token,
            Err(error) => {
                tracing::warn!(account = %account.name(), %error, "the refused token could not be renewed");
                return Ok(answer.pass(Some(&first), &shown));
            }
        };
        match send(Some(&second)).await {
            // It cannot be sent again: the caller hears what the platform said, and its next call has the new token.
            Err(Trouble::Broken) => Ok(answer.pass(Some(&first), &shown)),
            other => Ok(other?.pass(Some(&second), &shown)),
        }
    }

    fn client(&self, egress: Option<&str>) -> Result<reqwest::Client, Trouble> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = egress.map(str::to_owned);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        // A redirect would carry the token to an address that nobody configured.
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(PAUSE);
        if let Some(egress) = egress {
            let proxy = reqwest::Proxy::all(egress);
            builder = builder.proxy(
                proxy.map_err(|_| Trouble::NotSent("the address in `egress` is no proxy".to_owned()))?,
            );
        }
        let client = builder.build().map_err(|error| Trouble::NotSent(said(&error)))?;
        if clients.len() >= CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// The platform's address with the real token.
fn address(base: &str, target: &Target, token: Option<&Secret>) -> Result<Url, Trouble> {
    let wrong = |_| Trouble::NotSent("the platform's address in `api_base` cannot be used".to_owned());
    let mut url = Url::parse(&format!("{base}{}", target.path)).map_err(wrong)?;
    url.set_query(Some(target.query.as_str()).filter(|query| !query.is_empty()));
    if let Some(token) = token {
        url.query_pairs_mut().append_pair("access_token", token.expose());
    }
    Ok(url)
}

impl Trouble {
    fn from_sending(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::NotSent(format!("the platform cannot be reached: {}", said(error)))
        } else {
            Self::unsure(error)
        }
    }

    fn unsure(error: &reqwest::Error) -> Self {
        Self::Unsure(format!("the platform's answer did not come: {}", said(error)))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken(error) => write!(f, "there is no access token: {error}"),
            Self::NotSent(text) | Self::Unsure(text) => f.write_str(text),
            Self::TooLarge { limit } => write!(f, "the body is larger than {} MiB", limit >> 20),
            Self::NoLength => {
                f.write_str("a body of more than 1 MiB needs a Content-Length: the platform takes no chunks")
            }
            Self::Broken => f.write_str("the body of the request broke off"),
            Self::AnswerTooLarge => f.write_str("the platform's answer is larger than is passed on"),
        }
    }
}

/// The deepest cause alone: the texts above it may hold the address, and with it the token.
fn said(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::eq(std::ptr::from_ref(cause).cast::<()>(), std::ptr::from_ref(error).cast::<()>()) {
        return if error.is_timeout() { "it took too long".to_owned() } else { "it was cut off".to_owned() };
    }
    cause.to_string()
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}
