//! `POST …/oauth/tickets/{ticket}`: who has logged in, told once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};
use crate::oauth::{Redeemed, redeem};

pub(super) fn routes() -> Routes {
    Routes::new().post("/oauth/tickets/{ticket}", take)
}

async fn take(
    State(api): State<Api>,
    Path((account, ticket)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let account = api.account(&headers, "users", &account)?;
    let now = account.inner.clock.now();
    match redeem(&api.shared.store, account.name(), &ticket, now).await? {
        Redeemed::Person(person) => Ok(([(header::CACHE_CONTROL, "no-store")], Json(person)).into_response()),
        Redeemed::Gone => {
            let detail =
                "this ticket was taken before, or is older than five minutes: let the person log in again";
            Err(Problem::new(StatusCode::GONE, "Gone", detail))
        }
        Redeemed::Unknown => Err(Problem::not_found("there is no such ticket for this account")),
    }
}
