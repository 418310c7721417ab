//! Messages that go out by customer service: on disk first, then sent in order per user, different users in parallel.
//!
//! `machine` decides, `lanes` is the database's side, `sender` carries out. Here is the front: queue, release, look up.

mod steps;
mod retry;
pub mod machine;
pub mod lanes;
pub mod sender;

use std::sync::Arc;
use std::time::Duration;

use hongyan_wire::{Clock, OsRandom, Random, Timestamp};
use tokio::sync::mpsc;

use crate::db::Param;
use crate::message::Message;
use crate::store::row::{integer, maybe_integer, maybe_text, text};
use crate::store::{Statement, Store, StoreError};
use lanes::{LaneKey, NEVER};
use machine::State;

/// How long a message may wait for its turn.
const LIFE: Duration = Duration::from_hours(48);
/// When a held message becomes due by itself: later than any passive answer can still be handed over, so that only a
/// lost answer or a stopped process brings it about.
const HELD_AT_MOST: Duration = Duration::from_secs(20);
/// How long finished messages can be looked up.
const MEMORY: Duration = Duration::from_hours(7 * 24);

/// The outbox of all accounts. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    clock: Arc<dyn Clock>,
    wakes: mpsc::Sender<LaneKey>,
}

/// When queued messages may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// At once.
    No,
    /// After [`Outbox::release`]; a place before the first is kept free for the answer they follow.
    UntilReleased,
}

/// Messages that were queued together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The name they share.
    pub name: Arc<str>,
    /// Whose they are.
    pub lane: LaneKey,
    /// Their ids in order.
    pub ids: Vec<Arc<str>>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: State,
    /// How often a request for it has begun.
    pub attempts: u32,
    /// The platform's last code.
    pub errcode: Option<i64>,
    /// The platform's id of that request.
    pub rid: Option<String>,
    /// The reason in words.
    pub detail: Option<String>,
}

impl Outbox {
    /// The outbox on this store, and the lanes that were woken, for the sender.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> (Self, mpsc::Receiver<LaneKey>) {
        let (wakes, woken) = mpsc::channel(1024);
        (Self { store, clock, wakes }, woken)
    }

    /// Queues messages for one user, in order; they are on disk when this returns. Refuses when the store is full.
    pub async fn queue(&self, lane: LaneKey, messages: &[Message], hold: Hold) -> Result<Batch, StoreError> {
        let now = self.clock.now();
        let batch = Batch {
            name: new_id(now).into(),
            lane,
            ids: messages.iter().map(|_| new_id(now).into()).collect(),
        };
        let held = hold == Hold::UntilReleased;
        let not_before = if held { now + HELD_AT_MOST } else { now };
        let count = messages.len() as i64;
        let mut statements = self.make_room(&batch.lane, count + i64::from(held), not_before);
        for (place, (message, id)) in messages.iter().zip(&batch.ids).enumerate() {
            statements.push((
                INSERT
                    .replace("PLACE", "next_seq - ?")
                    .replace("SOURCE", "lanes WHERE account = ? AND openid = ?"),
                vec![
                    id.as_ref().into(),
                    batch.lane.account.as_ref().into(),
                    batch.lane.openid.as_str().into(),
                    (count - place as i64).into(),
                    batch.name.as_ref().into(),
                    body(message).into(),
                    i64::from(held).into(),
                    not_before.millis().into(),
                    now.millis().into(),
                    now.millis().into(),
                    (now + LIFE).millis().into(),
                    batch.lane.account.as_ref().into(),
                    batch.lane.openid.as_str().into(),
                ],
            ));
        }
        self.store.write_if_room(statements).await?;
        if !held {
            self.wake(&batch.lane);
        }
        Ok(batch)
    }

    /// Lets held messages go from `at` on.
    pub async fn release(&self, batch: &Batch, at: Timestamp) -> Result<(), StoreError> {
        let release = (
            "UPDATE outbox SET held = 0, not_before = ? WHERE batch = ? AND held = 1".to_owned(),
            vec![at.millis().into(), batch.name.as_ref().into()],
        );
        self.store.write(vec![release, due_from(&batch.lane, at)]).await?;
        self.wake_at(&batch.lane, at);
        Ok(())
    }

    /// Puts the answer that came too late into the place kept free before the batch, and lets all of it go.
    pub async fn precede(&self, batch: &Batch, head: &Message) -> Result<(), StoreError> {
        let now = self.clock.now();
        let insert = (
            INSERT.replace("PLACE", "MIN(seq) - ?").replace("SOURCE", "outbox WHERE batch = ?"),
            vec![
                new_id(now).into(),
                batch.lane.account.as_ref().into(),
                batch.lane.openid.as_str().into(),
                1.into(),
                batch.name.as_ref().into(),
                body(head).into(),
                1.into(),
                now.millis().into(),
                now.millis().into(),
                now.millis().into(),
                (now + LIFE).millis().into(),
                batch.name.as_ref().into(),
            ],
        );
        let release = (
            "UPDATE outbox SET held = 0, not_before = ? WHERE batch = ? AND held = 1".to_owned(),
            vec![now.millis().into(), batch.name.as_ref().into()],
        );
        self.store.write(vec![insert, release, due_from(&batch.lane, now)]).await?;
        self.wake(&batch.lane);
        Ok(())
    }

    /// Takes held messages out of the outbox again.
    pub async fn withdraw(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store
            .write_one(
                "DELETE FROM outbox WHERE batch = ? AND state = 'queued' AND held = 1",
                vec![batch.name.as_ref().into()],
            )
            .await?;
        Ok(())
    }

    /// Where one of the account's messages stands.
    pub async fn status(&self, account: &str, id: &str) -> Result<Option<Status>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT id, state, attempts, errcode, rid, detail FROM outbox WHERE id = ? AND account = ?",
                &[id.into(), account.into()],
            )
            .await?;
        Ok(rows.first().map(|row| Status {
            id: text(row, "id").to_owned(),
            state: State::parse(text(row, "state")).unwrap_or(State::Unknown),
            attempts: integer(row, "attempts") as u32,
            errcode: maybe_integer(row, "errcode"),
            rid: maybe_text(row, "rid").map(str::to_owned),
            detail: maybe_text(row, "detail").map(str::to_owned),
        }))
    }

    /// After a start on a database that only one process uses: what an earlier process held goes now.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let now: Param = self.clock.now().millis().into();
        let statements = vec![
            (
                "UPDATE lanes SET owner = '', lease_until = 0, due_at = ? WHERE EXISTS (SELECT 1 FROM outbox o \
                 WHERE o.account = lanes.account AND o.openid = lanes.openid AND o.state IN ('queued', 'sending'))"
                    .to_owned(),
                vec![now.clone()],
            ),
            (
                "UPDATE outbox SET held = 0, not_before = ? WHERE held = 1 AND state = 'queued'".to_owned(),
                vec![now],
            ),
        ];
        self.store.write(statements).await?;
        Ok(())
    }

    /// Forgets messages that ended long ago.
    pub async fn tidy(&self) -> Result<u64, StoreError> {
        let before = self.clock.now() - MEMORY;
        self.store
            .write_one(
                "DELETE FROM outbox WHERE updated_at < ? AND state IN ('sent', 'failed', 'expired', 'unknown')",
                vec![before.millis().into()],
            )
            .await
    }

    fn make_room(&self, lane: &LaneKey, places: i64, due: Timestamp) -> Vec<Statement> {
        let account = lane.account.as_ref();
        let openid = lane.openid.as_str();
        vec![
            (
                format!(
                    "{} INTO lanes (account, openid, owner, lease_until, fence, next_seq, due_at) \
                     VALUES (?, ?, '', 0, 0, 0, ?)",
                    self.store.insert_if_missing()
                ),
                vec![account.into(), openid.into(), NEVER.into()],
            ),
            (
                "UPDATE lanes SET next_seq = next_seq + ?, due_at = CASE WHEN due_at > ? THEN ? ELSE due_at END \
                 WHERE account = ? AND openid = ?"
                    .to_owned(),
                vec![places.into(), due.millis().into(), due.millis().into(), account.into(), openid.into()],
            ),
        ]
    }

    fn wake(&self, lane: &LaneKey) {
        // When the sender has more than it can take, it finds the lane by itself a moment later.
        let _ = self.wakes.try_send(lane.clone());
    }

    fn wake_at(&self, lane: &LaneKey, at: Timestamp) {
        let pause = at.saturating_since(self.clock.now());
        let (wakes, lane) = (self.wakes.clone(), lane.clone());
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            let _ = wakes.try_send(lane);
        });
    }
}

const INSERT: &str = "INSERT INTO outbox (id, account, openid, seq, batch, body, state, held, not_before, created_at, \
                      updated_at, expires_at, attempts) \
                      SELECT ?, ?, ?, PLACE, ?, ?, 'queued', ?, ?, ?, ?, ?, 0 FROM SOURCE";

fn due_from(lane: &LaneKey, at: Timestamp) -> Statement {
    (
        "UPDATE lanes SET due_at = ? WHERE account = ? AND openid = ? AND due_at > ?".to_owned(),
        vec![
            at.millis().into(),
            lane.account.as_ref().into(),
            lane.openid.as_str().into(),
            at.millis().into(),
        ],
    )
}

fn body(message: &Message) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// An id that sorts by the time it was made.
fn new_id(now: Timestamp) -> String {
    format!("{:012x}{}", now.millis(), OsRandom.hex(8))
}
