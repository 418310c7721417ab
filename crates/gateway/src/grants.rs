//! The window ledgers' side of the database: changes gathered in memory, written behind, read back at first use.
//!
//! Every gateway writes only differences: an action it saw is a row of its own, a message that was used is taken off
//! by subtraction. So two gateways that know the same window do not overwrite each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hongyan_wire::{OpenId, Timestamp};

use crate::store::row::{integer, maybe_integer, text};
use crate::store::{Statement, Store, StoreError};
use crate::window::{Action, Change, Grant};

/// How many users' changes may wait; those of further ones are left out, and the platform decides about them.
const MOST: usize = 65_536;
/// How many actions of one user may wait; as many as the ledger counts and reads back.
const ACTIONS: usize = 16;
/// How many statements one write has.
const STATEMENTS: usize = 200;

/// What has not been written yet, by account and user.
pub(crate) struct Grants {
    store: Store,
    waiting: Mutex<HashMap<Who, Waiting>>,
}

type Who = (Arc<str>, OpenId);

/// What is to be written about one user, in this order.
#[derive(Debug, Default)]
struct Waiting {
    all_over: bool,
    over: Vec<String>,
    granted: Vec<Grant>,
    used: HashMap<String, i64>,
}

impl Waiting {
    fn add(&mut self, change: Change) {
        match change {
            Change::Granted(grant) => {
                if self.granted.len() >= ACTIONS {
                    self.granted.remove(0);
                }
                self.granted.push(grant);
            }
            Change::Used(id, count) => {
                let own = self.granted.iter_mut().find(|grant| grant.id == id);
                match own.map(|grant| &mut grant.left) {
                    Some(Some(left)) => *left = left.saturating_add_signed(-(count as i32)),
                    Some(None) => {}
                    None => *self.used.entry(id).or_default() += count,
                }
            }
            Change::Over(id) => {
                self.granted.retain(|grant| grant.id != id);
                self.used.remove(&id);
                self.over.push(id);
            }
            Change::AllOver => *self = Self { all_over: true, ..Self::default() },
        }
    }

    /// What was taken out to be written and could not be, with what has come since.
    fn before(mut self, later: Self) -> Self {
        if later.all_over {
            return later;
        }
        for id in later.over {
            self.add(Change::Over(id));
        }
        for grant in later.granted {
            self.add(Change::Granted(grant));
        }
        for (id, count) in later.used {
            self.add(Change::Used(id, count));
        }
        self
    }

    fn statements(&self, who: &Who, ignore: &str, out: &mut Vec<Statement>) {
        let (account, openid) = (who.0.as_ref(), who.1.as_str());
        if self.all_over {
            let sql = "DELETE FROM window_grants WHERE account = ? AND openid = ?";
            out.push((sql.to_owned(), vec![account.into(), openid.into()]));
        }
        for id in &self.over {
            let sql = "DELETE FROM window_grants WHERE account = ? AND openid = ? AND grant_id = ?";
            out.push((sql.to_owned(), vec![account.into(), openid.into(), id.as_str().into()]));
        }
        for grant in &self.granted {
            let sql = format!(
                "{ignore} INTO window_grants (account, openid, grant_id, action, messages_left, ends_at) \
                 VALUES (?, ?, ?, ?, ?, ?)"
            );
            let params = vec![
                account.into(),
                openid.into(),
                grant.id.as_str().into(),
                grant.action.as_str().into(),
                grant.left.map(i64::from).into(),
                grant.ends_at.millis().into(),
            ];
            out.push((sql, params));
        }
        for (id, count) in self.used.iter().filter(|(_, count)| **count != 0) {
            let sql = "UPDATE window_grants SET messages_left = messages_left - ? \
                       WHERE account = ? AND openid = ? AND grant_id = ?";
            out.push((
                sql.to_owned(),
                vec![(*count).into(), account.into(), openid.into(), id.as_str().into()],
            ));
        }
    }
}

impl Grants {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, waiting: Mutex::default() }
    }

    /// Whether other gateways may write into the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.store.dialect() == crate::db::Dialect::MySql
    }

    /// Notes what has changed. Never waits.
    pub(crate) fn note(&self, account: &Arc<str>, changes: Vec<(OpenId, Change)>) {
        let mut waiting = self.lock();
        for (openid, change) in changes {
            let who = (Arc::clone(account), openid);
            if waiting.len() < MOST || waiting.contains_key(&who) {
                waiting.entry(who).or_default().add(change);
            }
        }
    }

    /// How many users' changes have not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Writes what was noted; what cannot be written now waits on.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let mut taken = std::mem::take(&mut *self.lock()).into_iter();
        let mut result = Ok(());
        while result.is_ok() {
            let mut statements = Vec::new();
            let mut part = Vec::new();
            for (who, waiting) in taken.by_ref() {
                waiting.statements(&who, self.store.insert_if_missing(), &mut statements);
                part.push((who, waiting));
                if statements.len() >= STATEMENTS {
                    break;
                }
            }
            if part.is_empty() {
                return Ok(());
            }
            if !statements.is_empty() {
                result = self.store.write(statements).await.map(|_| ());
            }
            if result.is_err() {
                self.put_back(part);
            }
        }
        self.put_back(taken);
        result
    }

    fn put_back(&self, taken: impl IntoIterator<Item = (Who, Waiting)>) {
        let mut waiting = self.lock();
        for (who, earlier) in taken {
            let later = waiting.remove(&who).unwrap_or_default();
            if waiting.len() < MOST {
                waiting.insert(who, earlier.before(later));
            }
        }
    }

    /// What was written down about a user and is not over.
    pub(crate) async fn read(
        &self,
        account: &str,
        openid: &OpenId,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT grant_id, action, messages_left, ends_at FROM window_grants \
                 WHERE account = ? AND openid = ? AND ends_at > ? ORDER BY ends_at DESC LIMIT 16",
                &[account.into(), openid.as_str().into(), now.millis().into()],
            )
            .await?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                let left = maybe_integer(row, "messages_left").map(|left| left.max(0) as u32);
                let ends_at = Timestamp(integer(row, "ends_at"));
                let action = Action::parse(text(row, "action"))?;
                Some(Grant::stored(text(row, "grant_id").to_owned(), action, left, ends_at))
            })
            .collect())
    }

    /// Forgets windows that are over.
    pub(crate) async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM window_grants WHERE ends_at < ?";
        self.store.write_one(sql, vec![now.millis().into()]).await.map(|_| ())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Who, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_somebody_who_does_not_stop_only_the_latest_actions_wait() {
        let mut waiting = Waiting::default();
        for number in 0..1_000 {
            let grant = Grant::stored(format!("g{number}"), Action::Message, Some(5), Timestamp(number));
            waiting.add(Change::Granted(grant));
        }
        assert_eq!(waiting.granted.len(), ACTIONS);
        assert_eq!(waiting.granted.last().map(|grant| grant.id.as_str()), Some("g999"));
    }
}
