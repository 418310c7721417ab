//! Messages that a program could not be given, kept until somebody sends them again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hongyan_wire::{AppId, Clock, Inbound};

use super::letter::Letter;
use crate::db::{Param, Row};
use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// How long they are kept.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// How many are kept for one account; the oldest make way.
const MOST: i64 = 10_000;
/// How many are listed at most.
const LISTED: usize = 500;
/// The longest reason that is kept.
const REASON: usize = 400;
/// How long an attempt can take: longer than any time-out of a forward permits.
const ATTEMPT: Duration = Duration::from_mins(10);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id, the same as in the program's `webhook-id`.
    pub id: String,
    /// The rule that handed it over.
    pub rule: String,
    /// Who wrote.
    pub openid: String,
    /// Where it should have gone.
    pub to: String,
    /// `dead`, or `delivered` once it was sent again.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it did not arrive.
    pub reason: String,
    /// When it was written, in milliseconds.
    pub created_at_ms: i64,
    /// When it was last tried, in milliseconds.
    pub updated_at_ms: i64,
}

/// Where they are kept.
#[derive(Clone)]
pub(crate) struct Dead {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Dead {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Keeps a message. One that is there already is kept in its new state.
    pub(crate) async fn keep(
        &self,
        letter: &Letter,
        rule: &str,
        to: &str,
        attempts: u32,
        reason: &str,
    ) -> Result<(), StoreError> {
        let now: Param = self.clock.now().millis().into();
        let reason: String = reason.chars().take(REASON).collect();
        let to: String = to.chars().take(190).collect();
        let statement = "REPLACE INTO forward_letters (account, id, rule, openid, address, state, attempts, reason, \
                         body, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'dead', ?, ?, ?, ?, ?)";
        let params = vec![
            letter.account.as_ref().into(),
            letter.id.as_str().into(),
            rule.chars().take(100).collect::<String>().into(),
            letter.message.from.as_str().into(),
            to.into(),
            i64::from(attempts).into(),
            reason.into(),
            String::from_utf8_lossy(&letter.body).into_owned().into(),
            letter.message.created.millis().into(),
            now,
        ];
        self.store.write_if_room(vec![(statement.to_owned(), params)]).await?;
        Ok(())
    }

    /// The latest of an account in one state.
    pub(crate) async fn list(
        &self,
        account: &str,
        state: &str,
        most: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = format!(
            "SELECT id, rule, openid, address, state, attempts, reason, created_at, updated_at FROM forward_letters \
             WHERE account = ? AND state = ? ORDER BY updated_at DESC, id LIMIT {}",
            most.clamp(1, LISTED)
        );
        let rows = self.store.query(&sql, &[account.into(), state.into()]).await?;
        Ok(rows.iter().map(entry).collect())
    }

    /// One of them as it can be sent again, and its entry.
    pub(crate) async fn find(
        &self,
        account: &Arc<str>,
        app_id: &AppId,
        id: &str,
    ) -> Result<Option<(DeadLetter, Option<Letter>)>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT id, rule, openid, address, state, attempts, reason, body, created_at, updated_at \
                 FROM forward_letters WHERE account = ? AND id = ?",
                &[account.as_ref().into(), id.into()],
            )
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body = Bytes::copy_from_slice(text(row, "body").as_bytes());
        let letter = Inbound::parse(&body).ok().map(|message| Letter {
            id: text(row, "id").to_owned(),
            account: Arc::clone(account),
            app_id: app_id.clone(),
            message: Arc::new(message),
            body: body.clone(),
        });
        Ok(Some((entry(row), letter)))
    }

    /// Takes a dead letter for one further attempt; whether nobody else has taken it.
    pub(crate) async fn claim(&self, account: &str, id: &str) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let params = vec![
            now.millis().into(),
            account.into(),
            id.into(),
            // Whoever took it that long ago is gone.
            (now - ATTEMPT).millis().into(),
        ];
        let taken = self
            .store
            .write_one(
                "UPDATE forward_letters SET state = 'sending', updated_at = ? WHERE account = ? AND id = ? \
                 AND (state = 'dead' OR (state = 'sending' AND updated_at < ?))",
                params,
            )
            .await?;
        Ok(taken == 1)
    }

    /// Says how a further attempt went.
    pub(crate) async fn tried(
        &self,
        account: &str,
        id: &str,
        attempts: u32,
        failure: Option<&str>,
    ) -> Result<(), StoreError> {
        let state = if failure.is_some() { "dead" } else { "delivered" };
        let reason: String = failure.unwrap_or_default().chars().take(REASON).collect();
        let params = vec![
            state.into(),
            i64::from(attempts).into(),
            reason.into(),
            self.clock.now().millis().into(),
            account.into(),
            id.into(),
        ];
        self.store
            .write_one(
                "UPDATE forward_letters SET state = ?, attempts = attempts + ?, reason = ?, updated_at = ? \
                 WHERE account = ? AND id = ?",
                params,
            )
            .await?;
        Ok(())
    }

    /// Forgets what is old, and of each account what is too much.
    pub(crate) async fn tidy(&self, accounts: &[String]) -> Result<(), StoreError> {
        let before = (self.clock.now() - LIFE).millis();
        self.store.write_one("DELETE FROM forward_letters WHERE updated_at < ?", vec![before.into()]).await?;
        for account in accounts {
            let rows = self
                .store
                .query(
                    &format!(
                        "SELECT updated_at FROM forward_letters WHERE account = ? ORDER BY updated_at DESC \
                         LIMIT 1 OFFSET {MOST}"
                    ),
                    &[account.as_str().into()],
                )
                .await?;
            let Some(last) = rows.first().map(|row| integer(row, "updated_at")) else { continue };
            self.store
                .write_one(
                    "DELETE FROM forward_letters WHERE account = ? AND updated_at <= ?",
                    vec![account.as_str().into(), last.into()],
                )
                .await?;
        }
        Ok(())
    }
}

fn entry(row: &Row) -> DeadLetter {
    let text = |name: &str| text(row, name).to_owned();
    DeadLetter {
        id: text("id"),
        rule: text("rule"),
        openid: text("openid"),
        to: text("address"),
        state: text("state"),
        attempts: integer(row, "attempts"),
        reason: text("reason"),
        created_at_ms: integer(row, "created_at"),
        updated_at_ms: integer(row, "updated_at"),
    }
}
