//! Messages on their way out: on disk first, then sent in order per user, different users in parallel.
//!
//! `machine` decides, `lanes` is the database's side, `sender` carries out. Here is the front: queue, release, look up.

pub mod outgoing;
pub(crate) mod place;
mod once;
pub(crate) mod waiting;
pub(crate) mod delivery;
mod steps;
mod retry;
pub mod machine;
mod pace;
pub mod lanes;
pub mod sender;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hongyan_wire::{Clock, OsRandom, Random, Timestamp};
use tokio::sync::mpsc;

use crate::batch::Batches;
use crate::db::Param;
use crate::message::Message;
use crate::store::row::{integer, maybe_integer, maybe_text, text};
use crate::store::{Statement, Store, StoreError};
pub use delivery::Delivery;
use lanes::LaneKey;
use machine::State;
use outgoing::Outgoing;
use place::Place;
use waiting::Acted;

/// How long a message may wait for its turn.
pub(crate) const LIFE: Duration = Duration::from_hours(48);
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
    /// For lanes that have only a batch's messages, so that they do not stand in the way of the others.
    bulk_wakes: mpsc::Sender<LaneKey>,
    acted: Arc<Mutex<Acted>>,
}

/// Lanes that were woken, for the sender.
#[derive(Debug)]
pub struct Woken {
    pub(crate) single: mpsc::Receiver<LaneKey>,
    pub(crate) bulk: mpsc::Receiver<LaneKey>,
}

/// What becomes of a message whose user has no open window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenClosed {
    /// It fails with the platform's code.
    #[default]
    Fail,
    /// It waits for the user's next action, until it expires.
    Wait,
}

impl WhenClosed {
    /// The word in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Wait => "wait",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Fail, Self::Wait].into_iter().find(|one| one.as_str() == word)
    }
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
    /// Whether it waits for the user's next action.
    pub waiting: bool,
    /// Whether it arrived, where the platform tells that later.
    pub delivery: Option<Delivery>,
}

impl Outbox {
    /// The outbox on this store, and the lanes that were woken, for the sender.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> (Self, Woken) {
        let (wakes, single) = mpsc::channel(1024);
        let (bulk_wakes, bulk) = mpsc::channel(1024);
        (Self { store, clock, wakes, bulk_wakes, acted: Arc::default() }, Woken { single, bulk })
    }

    /// Queues messages for one user, in order; they are on disk when this returns. Refuses when the store is full.
    pub async fn queue(&self, lane: LaneKey, messages: &[Message], hold: Hold) -> Result<Batch, StoreError> {
        let messages: Vec<Outgoing> = messages.iter().cloned().map(Outgoing::from).collect();
        self.queue_outgoing(lane, &messages, hold, WhenClosed::Fail).await
    }

    /// Queues messages of any kind for one user, in order, with what becomes of them where there is no window.
    pub async fn queue_outgoing(
        &self,
        lane: LaneKey,
        messages: &[Outgoing],
        hold: Hold,
        when_closed: WhenClosed,
    ) -> Result<Batch, StoreError> {
        let now = self.clock.now();
        let batch = Batch {
            name: new_id(now).into(),
            lane,
            ids: messages.iter().map(|_| new_id(now).into()).collect(),
        };
        let held = hold == Hold::UntilReleased;
        let not_before = if held { now + HELD_AT_MOST } else { now };
        let count = messages.len() as i64;
        let mut statements =
            place::make_room(&self.store, &batch.lane, count + i64::from(held), not_before, false);
        if when_closed == WhenClosed::Wait {
            statements.push(waiting::mark(&self.store, &batch.lane));
        }
        for (index, (message, id)) in messages.iter().zip(&batch.ids).enumerate() {
            let place =
                Place { id, lane: &batch.lane, batch: &batch.name, held, not_before, when_closed, now };
            statements.push(place.at_the_end(count - index as i64, message));
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
        let id = new_id(now);
        let when_closed = WhenClosed::Fail;
        let place = Place {
            id: &id,
            lane: &batch.lane,
            batch: &batch.name,
            held: true,
            not_before: now,
            when_closed,
            now,
        };
        let insert = place.before_the_batch(&Outgoing::from(head.clone()));
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
                "SELECT o.id, o.state, o.attempts, o.errcode, o.rid, o.detail, o.waiting, d.delivery FROM outbox o \
                 LEFT JOIN deliveries d ON d.account = o.account AND d.msgid = o.msgid \
                 WHERE o.id = ? AND o.account = ?",
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
            waiting: integer(row, "waiting") != 0,
            delivery: maybe_text(row, "delivery").map(Delivery::parse),
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
            ("UPDATE batches SET owner = '', lease_until = 0 WHERE state = 'running'".to_owned(), Vec::new()),
        ];
        self.store.write(statements).await?;
        Ok(())
    }

    /// Forgets messages that ended long ago. A batch's stay as long as the batch.
    pub async fn tidy(&self) -> Result<u64, StoreError> {
        let before = self.clock.now() - MEMORY;
        waiting::tidy(&self.store).await?;
        delivery::tidy(&self.store, self.clock.now()).await?;
        self.batches().tidy(before).await?;
        self.store
            .write_one(
                "DELETE FROM outbox WHERE updated_at < ? AND state IN ('sent', 'failed', 'expired', 'unknown') \
                 AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = outbox.batch)",
                vec![before.millis().into()],
            )
            .await
    }

    /// The time, by which messages fall due.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Messages to many, out of this outbox.
    pub fn batches(&self) -> Batches {
        Batches::new(self.store.clone(), Arc::clone(&self.clock), self.bulk_wakes.clone())
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

/// An id that sorts by the time it was made.
fn new_id(now: Timestamp) -> String {
    format!("{:012x}{}", now.millis(), OsRandom.hex(8))
}
