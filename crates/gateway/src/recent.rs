//! Who did something lately, with their OpenIDs: for accounts that may not list their followers too.
//!
//! Noted in memory on the callback path, written behind in batches.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use hongyan_wire::{Inbound, OpenId, Timestamp};
use serde::Serialize;

use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// How many parts the memory has, so that callbacks of different users do not meet.
const SHARDS: usize = 16;
/// How many users may wait in one part; further ones are left out until the next write.
const MOST: usize = 4096;
/// How many users one statement writes.
const ROWS: usize = 50;

/// A user who acted lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentUser {
    /// Who.
    pub openid: OpenId,
    /// When, in milliseconds since 1970.
    pub last_at: Timestamp,
    /// What, such as `message.text` or `event.CLICK`.
    pub last_action: String,
}

/// The name of what a push tells, such as `message.text` or `event.CLICK`.
pub(crate) fn action(push: &Inbound) -> String {
    match push.event() {
        Some(event) => format!("event.{event}"),
        None => format!("message.{}", push.kind()),
    }
}

/// What has not been written yet.
pub(crate) struct Recent {
    store: Store,
    shards: Vec<Mutex<HashMap<Who, What>>>,
    hasher: RandomState,
}

type Who = (Arc<str>, OpenId);
type What = (Timestamp, String);

impl Recent {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Notes that a user did something.
    pub(crate) fn acted(&self, account: &Arc<str>, push: &Inbound, now: Timestamp) {
        let shard = self.hasher.hash_one(&push.from) as usize % self.shards.len();
        let mut users = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let who = (account.clone(), push.from.clone());
        if users.len() < MOST || users.contains_key(&who) {
            users.insert(who, (now, action(push)));
        }
    }

    /// How many users have not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Writes what was noted. What cannot be written now is noted again, unless something newer was.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let mut users: Vec<(Who, What)> = Vec::new();
        for shard in &self.shards {
            users.extend(shard.lock().unwrap_or_else(PoisonError::into_inner).drain());
        }
        let mut result = Ok(());
        for part in users.chunks(ROWS) {
            if result.is_ok() {
                result = self.write(part).await;
            }
            if result.is_err() {
                self.put_back(part);
            }
        }
        result
    }

    async fn write(&self, users: &[(Who, What)]) -> Result<(), StoreError> {
        let places = vec!["(?, ?, ?, ?)"; users.len()].join(", ");
        let sql =
            format!("REPLACE INTO recent_users (account, openid, last_at, last_action) VALUES {places}");
        let params = users
            .iter()
            .flat_map(|((account, openid), (at, action))| {
                let action: String = action.chars().take(64).collect();
                [account.as_ref().into(), openid.as_str().into(), at.millis().into(), action.into()]
            })
            .collect();
        self.store.write_one(&sql, params).await?;
        Ok(())
    }

    fn put_back(&self, users: &[(Who, What)]) {
        for (who, what) in users {
            let shard = self.hasher.hash_one(&who.1) as usize % self.shards.len();
            let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
            if shard.len() < MOST {
                shard.entry(who.clone()).or_insert_with(|| what.clone());
            }
        }
    }
}

impl Store {
    /// Who acted lately on an account, the latest first.
    pub async fn recent_users(&self, account: &str, limit: usize) -> Result<Vec<RecentUser>, StoreError> {
        let rows = self
            .query(
                "SELECT openid, last_at, last_action FROM recent_users WHERE account = ? \
                 ORDER BY last_at DESC, openid LIMIT ?",
                &[account.into(), (limit as i64).into()],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| RecentUser {
                openid: OpenId::new(text(row, "openid")),
                last_at: Timestamp(integer(row, "last_at")),
                last_action: text(row, "last_action").to_owned(),
            })
            .collect())
    }
}
