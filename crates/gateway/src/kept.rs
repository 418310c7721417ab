//! Replies that wait for the user's next message.
//!
//! Which users have some is known in memory, so that a message from anybody else costs no database round trip.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hongyan_wire::{Clock, OpenId, OsRandom, Random};
use tokio::sync::Notify;

use crate::db::Param;
use crate::message::Message;
use crate::store::row::text;
use crate::store::{Statement, Store, StoreError};

/// How long a kept reply is worth giving.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// How long a message waits for the answer to the one before it. The answer has left by then, what follows it is
/// being written.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many are kept for one user; the oldest make way.
const MOST: i64 = 20;

/// The kept replies of one account.
pub(crate) struct Kept {
    store: Store,
    account: Arc<str>,
    clock: Arc<dyn Clock>,
    users: Mutex<HashMap<OpenId, Turn>>,
    /// Told when a turn is over.
    over: Notify,
}

/// Where a user with kept replies stands.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// They are being given: nobody else may take them.
    busy: bool,
    /// There are some that nobody has taken yet.
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
    pub(crate) async fn load(
        store: Store,
        account: Arc<str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
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
        let some = Turn { busy: false, more: true };
        let users = rows.iter().map(|row| (OpenId::new(text(row, "openid")), some)).collect();
        Ok(Self { store, account, clock, users: Mutex::new(users), over: Notify::new() })
    }

    /// Whether the user has kept replies, or will have in a moment.
    pub(crate) fn has(&self, openid: &OpenId) -> bool {
        self.users().contains_key(openid)
    }

    /// Begins a turn for replies that an answer will leave behind; `None` when another one is going on.
    pub(crate) fn begin(self: &Arc<Self>, openid: &OpenId) -> Option<Taken> {
        let mut users = self.users();
        let turn = users.entry(openid.clone()).or_default();
        // Replies that are kept already were not given by this answer: these come behind them.
        if turn.busy || turn.more {
            return None;
        }
        turn.busy = true;
        drop(users);
        Some(Taken::new(self, openid))
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
        if !self.turn(openid).await {
            return Ok(None);
        }
        let mut taken = Taken::new(self, openid);
        // Until it is known what is there, something may be.
        taken.done = false;
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

    /// Takes the user's turn, after the one that is going on; whether there is something to take.
    async fn turn(&self, openid: &OpenId) -> bool {
        let taken = async {
            loop {
                let over = self.over.notified();
                match self.users().get_mut(openid) {
                    None => return false,
                    Some(turn) if !turn.busy => {
                        *turn = Turn { busy: true, more: false };
                        return true;
                    }
                    Some(_) => {}
                }
                over.await;
            }
        };
        tokio::time::timeout(PATIENCE, taken).await.unwrap_or(false)
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
    fn new(kept: &Arc<Kept>, openid: &OpenId) -> Self {
        Self {
            kept: Arc::clone(kept),
            openid: openid.clone(),
            ids: Vec::new(),
            messages: Vec::new(),
            done: true,
        }
    }

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
            *turn = Turn { busy: false, more: true };
        }
        drop(users);
        self.kept.over.notify_waiters();
    }
}

fn delete(ids: &[String]) -> Statement {
    let places = if ids.is_empty() { "''".to_owned() } else { vec!["?"; ids.len()].join(", ") };
    (
        format!("DELETE FROM kept_replies WHERE id IN ({places})"),
        ids.iter().map(|id| id.as_str().into()).collect(),
    )
}
