//! What became of each code, in the store: exchanged once on whichever gateway it came to first, turned into a ticket
//! that is taken once.

use std::time::Duration;

use hongyan::{Class, Error, Lang};
use hongyan_wire::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Desk;
use super::exchange::person;
use super::page::Page;
use crate::sealing::hex;
use crate::store::row::{integer, maybe_text, text};
use crate::store::{Store, StoreError};

/// How long the same code leads to the same ticket: the platform lets a code live five minutes.
const REMEMBERED: Duration = Duration::from_mins(10);
/// How long a ticket waits for its program.
const TICKET: Duration = Duration::from_mins(5);
/// How long the second visit with a code waits for the first.
const PATIENCE: Duration = Duration::from_secs(12);
const LOOK: Duration = Duration::from_millis(150);
const PURPOSE: &str = "oauth ticket";

/// How a login ended.
#[derive(Debug)]
pub(super) enum Ended {
    Ticket(String),
    /// The platform refused the code.
    Refused(String),
}

/// Exchanges the code, or finds what it was exchanged for.
pub(super) async fn settle(desk: &Desk<'_>, code: &str, state: &str) -> Result<Ended, Page> {
    settled(desk, code, state).await.unwrap_or_else(|error| {
        tracing::error!(account = %desk.account.name(), %error, "a web login could not be written");
        Err(Page::AWAY)
    })
}

async fn settled(desk: &Desk<'_>, code: &str, state: &str) -> Result<Result<Ended, Page>, StoreError> {
    let (store, name) = (&desk.shared.store, desk.account.name());
    let (code_mark, state_mark) = (mark(code), mark(state));
    let now = desk.now.millis();
    let clear = "DELETE FROM oauth_logins WHERE expires_at < ?";
    let claim = format!(
        "{} INTO oauth_logins (account, code_mark, state_mark, outcome, body, ticket_mark, ticket_until, used_at, \
         expires_at) VALUES (?, ?, ?, '', NULL, NULL, 0, 0, ?)",
        store.insert_if_missing()
    );
    let claimed = store
        .write(vec![
            (clear.to_owned(), vec![now.into()]),
            (
                claim,
                vec![
                    (&**name).into(),
                    code_mark.as_str().into(),
                    state_mark.as_str().into(),
                    (now + REMEMBERED.as_millis() as i64).into(),
                ],
            ),
        ])
        .await?;
    if claimed.get(1) == Some(&1) {
        return first(desk, code, &code_mark).await;
    }
    let began = tokio::time::Instant::now();
    while began.elapsed() < PATIENCE {
        let rows = store
            .query(
                "SELECT state_mark, outcome, body FROM oauth_logins WHERE account = ? AND code_mark = ?",
                &[(&**name).into(), code_mark.as_str().into()],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(Err(Page::AGAIN)) };
        // A code that came with another state is somebody's attempt to put their login into this browser.
        if text(row, "state_mark") != state_mark {
            return Ok(Err(Page::WRONG_STATE));
        }
        match text(row, "outcome") {
            "done" => return Ok(Ok(Ended::Ticket(ticket(desk, code)))),
            "refused" => return Ok(Ok(Ended::Refused(text(row, "body").to_owned()))),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
    Ok(Err(Page::AGAIN))
}

/// This gateway has the code first: it asks the platform, and writes down what it said.
async fn first(desk: &Desk<'_>, code: &str, code_mark: &str) -> Result<Result<Ended, Page>, StoreError> {
    let (store, name) = (&desk.shared.store, desk.account.name());
    let owned = || vec![(&**name).into(), code_mark.into()];
    let error = match person(desk, code).await {
        Ok(person) => {
            let ticket = ticket(desk, code);
            let until = desk.now.millis() + TICKET.as_millis() as i64;
            let mut params = vec![person.to_string().into(), mark(&ticket).into(), until.into()];
            params.extend(owned());
            let sql = "UPDATE oauth_logins SET outcome = 'done', body = ?, ticket_mark = ?, ticket_until = ? \
                       WHERE account = ? AND code_mark = ?";
            store.write_one(sql, params).await?;
            return Ok(Ok(Ended::Ticket(ticket)));
        }
        Err(error) => error,
    };
    tracing::warn!(account = %name, %error, "a web login failed");
    let lasting = matches!(&error, Error::Refused(refusal) if refusal.class() != Class::Transient);
    if !lasting {
        // The code may still be good: another visit may try it again.
        store.write_one("DELETE FROM oauth_logins WHERE account = ? AND code_mark = ?", owned()).await?;
        return Ok(Err(Page::AGAIN));
    }
    let why: String = error.said(Lang::Zh).chars().take(300).collect();
    let mut params = vec![why.as_str().into()];
    params.extend(owned());
    let sql = "UPDATE oauth_logins SET outcome = 'refused', body = ? WHERE account = ? AND code_mark = ?";
    store.write_one(sql, params).await?;
    Ok(Ok(Ended::Refused(why)))
}

/// The ticket of a code: made from it, so that a second visit gets the same and nothing secret is stored.
fn ticket(desk: &Desk<'_>, code: &str) -> String {
    let [name, app_id] = desk.owner();
    let proof = desk.sealer.proof(PURPOSE, &[name.as_bytes(), app_id.as_bytes(), code.as_bytes()]);
    hex(&proof[..20])
}

/// What a ticket gives.
#[derive(Debug)]
pub(crate) enum Redeemed {
    Person(Value),
    /// It was taken before, or its time is over.
    Gone,
    Unknown,
}

/// Takes a ticket: the first to ask gets the person, on any gateway.
pub(crate) async fn redeem(
    store: &Store,
    account: &str,
    ticket: &str,
    now: Timestamp,
) -> Result<Redeemed, StoreError> {
    let ticket_mark = mark(ticket);
    let sql = "SELECT body, ticket_until, used_at FROM oauth_logins WHERE account = ? AND ticket_mark = ?";
    let rows = store.query(sql, &[account.into(), ticket_mark.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(Redeemed::Unknown) };
    if integer(row, "used_at") != 0 || integer(row, "ticket_until") <= now.millis() {
        return Ok(Redeemed::Gone);
    }
    let person = maybe_text(row, "body").and_then(|body| serde_json::from_str(body).ok());
    // What is told about the person goes with the ticket.
    let take = "UPDATE oauth_logins SET used_at = ?, body = NULL \
                WHERE account = ? AND ticket_mark = ? AND used_at = 0";
    let taken =
        store.write_one(take, vec![now.millis().max(1).into(), account.into(), ticket_mark.into()]).await?;
    Ok(match person {
        Some(person) if taken == 1 => Redeemed::Person(person),
        _ => Redeemed::Gone,
    })
}

fn mark(text: &str) -> String {
    hex(&Sha256::digest(text))
}
