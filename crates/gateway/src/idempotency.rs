//! `Idempotency-Key`: the same request twice does its work once, on however many gateways it arrives.
//!
//! Who does the work is decided by one `INSERT` on (account, key): whoever's answer stands in the row. For a message
//! it is in the same transaction as the queueing, which happens only where the row has our answer.

use std::fmt::Write;
use std::time::Duration;

use hongyan_wire::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::db::Param;
use crate::store::row::{integer, text};
use crate::store::{Statement, Store, StoreError};

/// How long a key is remembered.
const LIFE: Duration = Duration::from_hours(24);
/// Whoever has claimed a key and says nothing for so long is gone.
const CLAIM: Duration = Duration::from_mins(1);
/// A key has at most so many characters.
pub(crate) const LONGEST: usize = 255;

/// One key with the request it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Once {
    account: String,
    key: String,
    body: String,
}

/// What there is for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Nothing, or no longer.
    None,
    /// The same request: its answer, and whether the work is done.
    Same { answer: String, done: bool },
    /// Another request had this key.
    Other,
}

impl Once {
    /// `what` sets requests of different kinds apart.
    pub(crate) fn new(account: &str, key: &str, what: &str, body: &Value) -> Self {
        let body = format!("{what}\n{}", sorted(body));
        Self { account: account.to_owned(), key: digest(key), body: digest(&body) }
    }

    /// Claims the key for `answer`, unless somebody has it who is not gone.
    pub(crate) fn claim(&self, store: &Store, answer: &str, done: bool, now: Timestamp) -> Vec<Statement> {
        let insert = format!(
            "{} INTO idempotency (account, idem_key, body_digest, answer, done, claimed_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            store.insert_if_missing()
        );
        let take_over = "UPDATE idempotency SET body_digest = ?, answer = ?, done = ?, claimed_at = ?, expires_at = ? \
             WHERE account = ? AND idem_key = ? AND (expires_at <= ? OR (done = 0 AND claimed_at <= ?))";
        let (key, body): (Param, Param) = (self.key.as_str().into(), self.body.as_str().into());
        let account: Param = self.account.as_str().into();
        let (answer, done): (Param, Param) = (answer.into(), i64::from(done).into());
        let (at, until): (Param, Param) = (now.millis().into(), (now + LIFE).millis().into());
        let gone: Param = (now - CLAIM).millis().into();
        vec![
            (
                insert,
                vec![
                    account.clone(),
                    key.clone(),
                    body.clone(),
                    answer.clone(),
                    done.clone(),
                    at.clone(),
                    until.clone(),
                ],
            ),
            (take_over.to_owned(), vec![body, answer, done, at.clone(), until, account, key, at, gone]),
        ]
    }

    /// A condition for the statements of the same transaction: the key is ours, by this answer.
    pub(crate) fn ours(&self, answer: &str) -> (&'static str, Vec<Param>) {
        (
            "EXISTS (SELECT 1 FROM idempotency i WHERE i.account = ? AND i.idem_key = ? AND i.answer = ?)",
            vec![self.account.as_str().into(), self.key.as_str().into(), answer.into()],
        )
    }

    /// Says that the work is done.
    pub(crate) fn done(&self, answer: &str) -> Statement {
        (
            "UPDATE idempotency SET done = 1 WHERE account = ? AND idem_key = ? AND answer = ?".to_owned(),
            vec![self.account.as_str().into(), self.key.as_str().into(), answer.into()],
        )
    }

    /// Gives the key back: the work could not be done.
    pub(crate) fn give_back(&self, answer: &str) -> Statement {
        (
            "DELETE FROM idempotency WHERE account = ? AND idem_key = ? AND answer = ? AND done = 0"
                .to_owned(),
            vec![self.account.as_str().into(), self.key.as_str().into(), answer.into()],
        )
    }

    /// What an earlier request with this key has left.
    pub(crate) async fn earlier(&self, store: &Store, now: Timestamp) -> Result<Earlier, StoreError> {
        let rows = store
            .query(
                "SELECT body_digest, answer, done FROM idempotency \
                 WHERE account = ? AND idem_key = ? AND expires_at > ?",
                &[self.account.as_str().into(), self.key.as_str().into(), now.millis().into()],
            )
            .await?;
        Ok(match rows.first() {
            None => Earlier::None,
            Some(row) if text(row, "body_digest") != self.body => Earlier::Other,
            Some(row) => {
                Earlier::Same { answer: text(row, "answer").to_owned(), done: integer(row, "done") != 0 }
            }
        })
    }
}

/// Forgets keys whose time is over.
pub(crate) async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM idempotency WHERE expires_at < ?";
    store.write_one(sql, vec![now.millis().into()]).await.map(|_| ())
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Two small digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The same JSON with the fields of every object in order: a program may write them in another one when it repeats.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            Value::Object(fields.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_fields_does_not_make_another_request() {
        let once = |body: Value| Once::new("main", "k", "messages", &body);
        let given = once(json!({"a": 1, "b": {"c": 1, "d": 2}}));
        assert_eq!(given, once(json!({"b": {"d": 2, "c": 1}, "a": 1})));
        assert_ne!(given, once(json!({"a": 1, "b": {"c": 1, "d": 3}})));
        assert_ne!(given, Once::new("main", "k", "qrcodes", &json!({"a": 1, "b": {"c": 1, "d": 2}})));
    }
}
