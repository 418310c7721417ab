//! Pictures of QR codes behind links that carry their own permission, so that an `<img>` can show them.
//!
//! Served on the public listener too: the link is the key, it is good for a day at most, and it opens one picture.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hongyan::Error;
use serde::Deserialize;

use super::problem::Problem;
use super::{Answer, Api, Shared};
use crate::account::Account;
use crate::codes::Code;

/// What the proofs in these links are for.
const PURPOSE: &str = "qrcode picture";
/// How many pictures are remembered; each has some tens of kilobytes.
const REMEMBERED: usize = 64;

/// The pictures that were asked for last.
#[derive(Default)]
pub(crate) struct Pictures {
    last: Mutex<VecDeque<(String, Bytes)>>,
}

impl Pictures {
    fn get(&self, ticket: &str) -> Option<Bytes> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().find(|(known, _)| known == ticket).map(|(_, picture)| picture.clone())
    }

    fn put(&self, ticket: String, picture: Bytes) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.truncate(REMEMBERED - 1);
        last.push_front((ticket, picture));
    }
}

#[derive(Deserialize)]
struct Permission {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    proof: String,
}

/// The route, for every listener.
pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new().route("/pictures/{account}/{id}", get(picture)).with_state(shared)
}

/// A link to the picture of a code.
pub(super) async fn link(
    api: &Api,
    account: &Account,
    code: &Code,
    origin: String,
) -> Result<String, Problem> {
    let expires = super::qrcodes::link_ends(code, account.now()).seconds();
    let name = account.name();
    let sealer = api.shared.sealing.sealer(&api.shared.store).await?;
    let proof = sealer.proof(PURPOSE, &[name.as_bytes(), code.id.as_bytes(), &expires.to_be_bytes()]);
    let proof = URL_SAFE_NO_PAD.encode(proof);
    Ok(format!("{origin}/pictures/{name}/{}?expires={expires}&proof={proof}", code.id))
}

async fn picture(
    State(shared): State<Arc<Shared>>,
    Path((name, id)): Path<(String, String)>,
    Query(permission): Query<Permission>,
) -> Answer {
    let refused = || Problem::forbidden("this link is over or was changed: ask the API for a new one");
    let account = shared.accounts.get(&name).ok_or_else(refused)?;
    let Permission { expires, proof } = permission;
    let proof = URL_SAFE_NO_PAD.decode(proof).map_err(|_| refused())?;
    let sealer = shared.sealing.sealer(&shared.store).await?;
    let parts: [&[u8]; 3] = [name.as_bytes(), id.as_bytes(), &expires.to_be_bytes()];
    let now = account.now();
    // All of the proof or nothing: a shorter one would do in other places.
    if proof.len() != 32 || !sealer.fits(PURPOSE, &parts, &proof) || now.seconds() >= expires {
        return Err(refused());
    }
    let code = shared.store.code(&name, &id).await?.ok_or_else(|| Problem::not_found("the code is gone"))?;
    let bytes = if let Some(bytes) = shared.pictures.get(code.ticket.as_str()) {
        bytes
    } else {
        let bytes = account.client().qrcode().picture(&code.ticket).await.map_err(gone)?;
        shared.pictures.put(code.ticket.as_str().to_owned(), bytes.clone());
        bytes
    };
    let headers = [
        (header::CONTENT_TYPE, kind(&bytes).to_owned()),
        (header::CACHE_CONTROL, format!("private, max-age={}", (expires - now.seconds()).max(0))),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

fn gone(error: Error) -> Problem {
    match error {
        Error::Status { status: 404, .. } => {
            Problem::not_found("the platform no longer has this code: it has expired")
        }
        other => other.into(),
    }
}

fn kind(picture: &[u8]) -> &'static str {
    if picture.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
}
