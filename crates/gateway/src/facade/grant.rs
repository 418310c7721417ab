//! The token calls, classic and stable: an API key for a secret, a token of our own for an answer.

use axum::Json;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::pass::{self, Holder, LIFE_S};
use super::refusal::Refusal;
use super::{SCOPE, Visit};
use crate::relay::{Load, Target};

impl Visit<'_> {
    /// Answers `/cgi-bin/token` and `/cgi-bin/stable_token`.
    pub(super) async fn grant(
        &self,
        parts: &Parts,
        target: &Target,
        body: Body,
    ) -> Result<Response, Refusal> {
        let stable = target.path.to_ascii_lowercase().contains("stable");
        let asked = match (stable, &parts.method) {
            (false, &Method::GET) => json!({
                "grant_type": target.value("grant_type"),
                "appid": target.value("appid"),
                "secret": target.value("secret"),
            }),
            (true, &Method::POST) => {
                let Load::Whole(bytes) = Load::read(&parts.headers, body).await? else {
                    return Err(Refusal::of(47001));
                };
                serde_json::from_slice(&bytes).map_err(|_| Refusal::of(47001))?
            }
            (false, _) => return Err(Refusal::of(43001)),
            (true, _) => return Err(Refusal::of(43002)),
        };
        let text = |name: &str| asked[name].as_str().filter(|text| !text.is_empty());
        if text("grant_type") != Some("client_credential") {
            return Err(Refusal::of(40002));
        }
        let app_id = text("appid").ok_or_else(|| Refusal::of(41002))?;
        let secret = text("secret").ok_or_else(|| Refusal::of(41004))?;
        let holder = self.holder(&parts.headers, app_id, secret)?;
        if asked["force_refresh"] == Value::Bool(true) {
            return Err(Refusal::because(
                45009,
                "force_refresh is not passed on: it would end every program's token",
            ));
        }
        let token = pass::make(self.sealer, app_id, holder, self.now_s);
        let body = json!({"access_token": token, "expires_in": LIFE_S});
        Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }

    /// Who asks, by the app id and an API key in the place of the secret.
    pub(super) fn holder(&self, headers: &HeaderMap, app_id: &str, secret: &str) -> Result<Holder, Refusal> {
        if app_id != self.account.config().app_id.as_str() {
            return Err(Refusal::of(40013));
        }
        if self.guard.has_no_keys() {
            // As with the API: without keys it serves programs on this machine.
            return match self.guard.check_local(headers) {
                Ok(()) => Ok(Holder::Local),
                Err(_) => Err(Refusal::because(40125, "the gateway has no [[api_keys]]")),
            };
        }
        let why = format!("the secret here is an API key of the gateway with the scope \"{SCOPE}\"");
        let (key, may) = self.guard.by_key(secret).ok_or_else(|| Refusal::because(40125, why))?;
        if !may {
            return Err(Refusal::because(45011, "the API key's own rate"));
        }
        self.may(key)?;
        Ok(Holder::Key(crate::rest::guard::mark(key)))
    }
}
