//! Web logins through the facade: the code is exchanged with the real secret, and the tokens of a login are marked as
//! ours, so that nobody else's calls go through here.

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt;
use serde_json::Value;

use super::Visit;
use super::refusal::Refusal;
use crate::relay::{Errand, Load, Relay, Shown, Target};

const MARK: &str = "HYW_";
const PURPOSE: &str = "facade login";
const PROOF: usize = 16;
/// The proof in base64.
const PROOF_TEXT: usize = 22;
/// The fields of an answer that hold tokens of the login.
const TOKENS: [&str; 2] = ["access_token", "refresh_token"];

impl Visit<'_> {
    /// Answers `/sns/…`.
    pub(super) async fn login(
        &self,
        relay: &Relay,
        parts: &Parts,
        target: Target,
        body: Body,
    ) -> Result<Response, Refusal> {
        let target = match target.path.as_str() {
            "/sns/oauth2/access_token" => {
                let app_id = target.value("appid").ok_or_else(|| Refusal::of(41002))?;
                let secret = target.value("secret").ok_or_else(|| Refusal::of(41004))?;
                self.holder(&parts.headers, &app_id, &secret)?;
                let real = self.account.config().secret.clone();
                if real.is_empty() {
                    return Err(Refusal::because(40125, "the gateway's account has no `secret`"));
                }
                target.with("secret", real.expose())
            }
            "/sns/oauth2/refresh_token" => {
                let given = target.value("refresh_token").ok_or_else(|| Refusal::of(41003))?;
                let real = self.opened(&given).ok_or_else(|| Refusal::of(40030))?;
                target.with("refresh_token", &real)
            }
            _ => {
                let given = target.token.clone().ok_or_else(|| Refusal::of(41001))?;
                let real = self.opened(&given).ok_or_else(|| Refusal::of(40001))?;
                target.with("access_token", &real)
            }
        };
        let load = Load::read(&parts.headers, body).await?;
        let errand = Errand {
            method: parts.method.clone(),
            target,
            headers: &parts.headers,
            load,
            token: false,
            shown: Shown::Instead(""),
        };
        self.marked(relay.carry(self.account, errand).await?).await
    }

    /// The answer with its tokens marked as ours.
    async fn marked(&self, response: Response) -> Result<Response, Refusal> {
        let (mut parts, body) = response.into_parts();
        let whole = body.collect().await.map_err(|_| Refusal::of(-1))?.to_bytes();
        let Ok(Value::Object(mut said)) = serde_json::from_slice(&whole) else {
            return Ok(Response::from_parts(parts, Body::from(whole)));
        };
        let mut changed = false;
        for name in TOKENS {
            if let Some(Value::String(token)) = said.get_mut(name) {
                *token = self.closed(token);
                changed = true;
            }
        }
        if !changed {
            return Ok(Response::from_parts(parts, Body::from(whole)));
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        Ok(Response::from_parts(parts, Body::from(Value::Object(said).to_string())))
    }

    fn closed(&self, token: &str) -> String {
        let app_id = &self.account.config().app_id;
        let proof = self.sealer.proof(PURPOSE, &[app_id.as_str().as_bytes(), token.as_bytes()]);
        format!("{MARK}{}{token}", URL_SAFE_NO_PAD.encode(&proof[..PROOF]))
    }

    fn opened(&self, given: &str) -> Option<String> {
        let (proof, token) = given.strip_prefix(MARK)?.split_at_checked(PROOF_TEXT)?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        let app_id = &self.account.config().app_id;
        let parts = [app_id.as_str().as_bytes(), token.as_bytes()];
        self.sealer.fits(PURPOSE, &parts, &proof).then(|| token.to_owned())
    }
}
