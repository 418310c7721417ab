//! Replies that wait for the user's next message.
//!
//! Which users have some is known in memory, so that a message from anybody else costs no database round trip.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hongyan_wire::{Clock, OpenId, OsRandom, Random};

use crate::db::Param;
use crate::message::Message;
use crate::store::row::text;
use crate::store::{Statement, Store, StoreError};

/// How long a kept reply is worth giving.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// How many are kept for one user; the oldest make way.
const MOST: i64 = 20;

/// The kept replies of one account.
pub(crate) struct Kept {
    store: Store,
    account: Arc<str>,
    clock: Arc<dyn Clock>,
    users: Mutex<HashMap<OpenId, Turn>>,
}

/// Where a user with kept replies stands.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// They are being given: nobody else may take them.
    busy: bool,
    /// More were kept meanwhile.
    more: bool,
}

/// Kept replies that are being given. What is dropped without [`Taken::given`] is there again.
pub(crate) struct Taken {
    kept: Arc<Kept>,
    openid: OpenId,
    ids: Vec<String>,
    /// The replies in order.
    pub(crate) messages: Vec<Message>,
    /// Whether nothing is left of them.
    done: bool,
}

impl Kept {
    /// Reads who has kept replies.
    pub(crate) async fn load(store: Store, account: Arc<str>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let since = clock.now() - LIFE;
        store
            .write_one(
                "DELETE FROM kept_replies WHERE account = ? AND kept_at < ?",
                vec![account.as_ref().into(), since.millis().into()],
            )
            .await?;
        let rows = store
            .query("SELECT DISTINCT openid FROM kept_replies WHERE account = ?", &[account.as_ref().into()])
            .await?;
        let users = rows.iter().map(|row| (OpenId::new(text(row, "openid")), Turn::default())).collect();
        Ok(Self { store, account, clock, users: Mutex::new(users) })
    }

    /// Whether the user has kept replies.
    pub(crate) fn has(&self, openid: &OpenId) -> bool {
        self.users().get(openid).is_some_and(|turn| !turn.busy)
    }

    /// Keeps replies, in order, behind those that are there already.
    pub(crate) async fn keep(&self, openid: &OpenId, messages: &[Message]) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut statements = self.insert(openid, messages);
        statements.push(self.make_room(openid).await?);
        self.store.write(statements).await?;
        self.users().entry(openid.clone()).or_default().more = true;
        Ok(())
    }

    /// Takes the user's kept replies; nobody else can until they are given or dropped. `None` when there are none.
    pub(crate) async fn take(self: &Arc<Self>, openid: &OpenId) -> Result<Option<Taken>, StoreError> {
        match self.users().get_mut(openid) {
            Some(turn) if !turn.busy => *turn = Turn { busy: true, more: false },
            _ => return Ok(None),
        }
        let mut taken = Taken {
            kept: Arc::clone(self),
            openid: openid.clone(),
            ids: Vec::new(),
            messages: Vec::new(),
            done: false,
        };
        let rows = self
            .store
            .query(
                "SELECT id, body FROM kept_replies WHERE account = ? AND openid = ? AND kept_at >= ? \
                 ORDER BY place, id",
                &[
                    self.account.as_ref().into(),
                    openid.as_str().into(),
                    (self.clock.now() - LIFE).millis().into(),
                ],
            )
            .await?;
        taken.ids = rows.iter().map(|row| text(row, "id").to_owned()).collect();
        taken.messages = rows
            .iter()
            .filter_map(|row| serde_json::from_str(text(row, "body")).ok().map(Message::from_full))
            .collect();
        taken.done = taken.ids.is_empty();
        Ok((!taken.done).then_some(taken))
    }

    fn users(&self) -> MutexGuard<'_, HashMap<OpenId, Turn>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, openid: &OpenId, messages: &[Message]) -> Vec<Statement> {
        let now = self.clock.now().millis();
        messages
            .iter()
            .enumerate()
            .map(|(index, message)| {
                let body = serde_json::to_string(message).unwrap_or_default();
                let params: Vec<Param> = vec![
                    OsRandom.hex(16).into(),
                    self.account.as_ref().into(),
                    openid.as_str().into(),
                    now.into(),
                    // Milliseconds with room behind them: the list's order within one moment.
                    (now * 1000 + index as i64).into(),
                    body.into(),
                ];
                (
                    "INSERT INTO kept_replies (id, account, openid, kept_at, place, body) VALUES (?, ?, ?, ?, ?, ?)"
                        .to_owned(),
                    params,
                )
            })
            .collect()
    }

    async fn make_room(&self, openid: &OpenId) -> Result<Statement, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT id FROM kept_replies WHERE account = ? AND openid = ? ORDER BY place DESC LIMIT 100",
                &[self.account.as_ref().into(), openid.as_str().into()],
            )
            .await?;
        let surplus: Vec<String> =
            rows.iter().skip(MOST as usize).map(|row| text(row, "id").to_owned()).collect();
        Ok(delete(&surplus))
    }
}

impl Taken {
    /// The replies were given: they are forgotten, and `rest` is kept in their place.
    pub(crate) async fn given(mut self, rest: &[Message]) -> Result<(), StoreError> {
        let mut statements = vec![delete(&self.ids)];
        statements.extend(self.kept.insert(&self.openid, rest));
        self.kept.store.write(statements).await?;
        self.done = rest.is_empty();
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut users = self.kept.users();
        let Some(turn) = users.get_mut(&self.openid) else { return };
        if self.done && !turn.more {
            users.remove(&self.openid);
        } else {
            turn.busy = false;
        }
    }
}

fn delete(ids: &[String]) -> Statement {
    let places = if ids.is_empty() { "''".to_owned() } else { vec!["?"; ids.len()].join(", ") };
    (
        format!("DELETE FROM kept_replies WHERE id IN ({places})"),
        ids.iter().map(|id| id.as_str().into()).collect(),
    )
}
