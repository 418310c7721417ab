//! Where each user stands in a rule's rows, in the gateway's database.
//!
//! One state per rule, user and set of rows: a user who asks for two singers in turn goes through the songs of both.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hongyan_wire::{Clock, OsRandom, Random};
use tokio::sync::Mutex;

use crate::rules::{Cycle, Rotation, RotationError, RotationKey, RowId};
use crate::store::row::text;
use crate::store::{Store, StoreError};

/// How many users' states can be read and written at the same time.
const SHARDS: usize = 64;

/// The rotation on the gateway's store.
pub(crate) struct SqlRotation {
    store: Store,
    clock: Arc<dyn Clock>,
    /// One user's messages may be handled at the same time; their turns are not.
    turns: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl SqlRotation {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            turns: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    async fn turn(&self, key: RotationKey<'_>, rows: &[RowId]) -> Result<Option<usize>, StoreError> {
        let shard = self.hasher.hash_one((key.account, key.rule, key.user)) as usize % SHARDS;
        let _turn = self.turns[shard].lock().await;
        let question = question(rows);
        let found = self
            .store
            .query(
                "SELECT state FROM rotations WHERE account = ? AND rule = ? AND openid = ? AND question = ?",
                &[key.account.into(), key.rule.into(), key.user.into(), question.as_str().into()],
            )
            .await?;
        let mut cycle =
            found.first().map(|row| Cycle::from_bytes(&bytes(text(row, "state")))).unwrap_or_default();
        let mut random = [0; 8];
        OsRandom.fill(&mut random);
        let next = cycle.next(rows, u64::from_le_bytes(random));
        self.store
            .write_one(
                "REPLACE INTO rotations (account, rule, openid, question, state, used_at) VALUES (?, ?, ?, ?, ?, ?)",
                vec![
                    key.account.into(),
                    key.rule.into(),
                    key.user.into(),
                    question.into(),
                    hex(&cycle.to_bytes()).into(),
                    self.clock.now().millis().into(),
                ],
            )
            .await?;
        Ok(next)
    }
}

impl Rotation for SqlRotation {
    fn next<'a>(
        &'a self,
        key: RotationKey<'a>,
        rows: &'a [RowId],
    ) -> BoxFuture<'a, Result<Option<usize>, RotationError>> {
        Box::pin(async move { self.turn(key, rows).await.map_err(|error| RotationError(Box::new(error))) })
    }
}

/// The same for the same rows in whatever order the database gives them.
fn question(rows: &[RowId]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows.dedup();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in rows.iter().flat_map(|row| row.0.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing into a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_are_the_same_question() {
        let [a, b, c] = [RowId(1), RowId(2), RowId(3)];
        assert_eq!(question(&[a, b]), question(&[b, a]));
        assert_ne!(question(&[a, b]), question(&[a, c]));
    }

    #[test]
    fn a_state_comes_back_as_it_was() {
        let state = [0, 1, 0x7f, 0xff];
        assert_eq!(bytes(&hex(&state)), state);
        assert_eq!(bytes("zz"), Vec::<u8>::new());
    }
}
