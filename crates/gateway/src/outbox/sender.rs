//! Finds lanes with something to do, claims them, and carries out what their machines say.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hongyan_wire::{Clock, OsRandom, Random};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::lanes::{self, Held, LaneKey};
use super::machine::{Action, Event, Lane, OnUnknown, Outcome, SEND_LIMIT};
use crate::courier::Courier;
use crate::message::Message;
use crate::store::{Store, StoreError};
use crate::tasks::stopped;

/// How often lanes are looked for that nobody woke: later attempts, other processes' leftovers.
const LOOK: Duration = Duration::from_secs(1);
/// How many lanes are worked on at once.
const LANES: usize = 64;

/// Sends what the outbox holds.
pub struct Sender {
    store: Store,
    clock: Arc<dyn Clock>,
    couriers: HashMap<Arc<str>, Desk>,
}

/// What the sender needs of one account.
#[derive(Clone)]
pub struct Desk {
    /// Who carries its messages.
    pub courier: Arc<Courier>,
    /// What becomes of a message whose answer was lost.
    pub on_unknown: OnUnknown,
}

impl Sender {
    /// A sender for these accounts.
    pub fn new(store: Store, clock: Arc<dyn Clock>, couriers: HashMap<Arc<str>, Desk>) -> Self {
        Self { store, clock, couriers }
    }

    /// Runs until `stopping` turns true, then lets what has begun come to its end.
    pub async fn run(self, mut woken: mpsc::Receiver<LaneKey>, mut stopping: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let accounts: Vec<Arc<str>> = this.couriers.keys().cloned().collect();
        // Whether a lane was woken again while it was being worked on.
        let mut active: HashMap<LaneKey, bool> = HashMap::new();
        let mut works: JoinSet<LaneKey> = JoinSet::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            let mut begin: Vec<LaneKey> = Vec::new();
            tokio::select! {
                () = stopped(&mut stopping) => break,
                Some(key) = woken.recv(), if active.len() < LANES => begin.push(key),
                Some(done) = works.join_next() => {
                    if let Ok(key) = done && active.remove(&key) == Some(true) {
                        begin.push(key);
                    }
                }
                _ = look.tick() => {
                    let room = LANES.saturating_sub(active.len());
                    match lanes::due(&this.store, &accounts, this.clock.now(), room).await {
                        Ok(due) => {
                            away = false;
                            // One that is being worked on only looks free, because the clock was moved.
                            begin.extend(due.into_iter().filter(|key| !active.contains_key(key)));
                        }
                        Err(error) if !away => {
                            away = true;
                            tracing::error!(%error, "the outbox cannot be read; trying again every second");
                        }
                        Err(_) => {}
                    }
                }
            }
            for key in begin {
                if let Some(again) = active.get_mut(&key) {
                    *again = true;
                } else if let Some(desk) = this.couriers.get(&key.account) {
                    active.insert(key.clone(), false);
                    works.spawn(Arc::clone(&this).work(desk.clone(), key, stopping.clone()));
                }
            }
        }
        while works.join_next().await.is_some() {}
    }

    async fn work(self: Arc<Self>, desk: Desk, key: LaneKey, stopping: watch::Receiver<bool>) -> LaneKey {
        match AssertUnwindSafe(self.lane(&desk, &key, stopping)).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(account = %key.account, %error, "a lane of the outbox was left because the database failed");
            }
            Err(_) => {
                tracing::error!(account = %key.account, "a lane of the outbox was left because of a panic");
            }
        }
        key
    }

    async fn lane(
        &self,
        desk: &Desk,
        key: &LaneKey,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let Some(held) = lanes::claim(&self.store, key, self.clock.now()).await? else { return Ok(()) };
        let mut lane = Lane::new(desk.on_unknown);
        let mut messages: HashMap<Arc<str>, Option<Message>> = HashMap::new();
        let mut event = Event::Begun { lease_until: held.lease_until };
        let mut ready = None;
        let mut failure = None;
        loop {
            if *stopping.borrow() {
                lane.stop();
            }
            let action = lane.step(event, self.clock.now(), jitter());
            event = match action {
                Action::Release => {
                    lanes::release(&self.store, &held).await?;
                    return Ok(());
                }
                Action::Abandon => return failure.map_or(Ok(()), Err),
                Action::Wait { until } => {
                    let pause = until.saturating_since(self.clock.now());
                    tokio::select! {
                        () = tokio::time::sleep(pause) => Event::Woken,
                        () = stopped(&mut stopping) => Event::Stopping,
                    }
                }
                Action::Prepare { id } => {
                    let message = messages.get(&id).cloned().flatten();
                    tokio::select! {
                        prepared = prepare(desk, key, message) => Event::Prepared(prepared.map(|message| {
                            ready = Some(message);
                        })),
                        () = stopped(&mut stopping) => Event::Stopping,
                    }
                }
                Action::Send { id } => {
                    let written = messages.get(&id).and_then(Option::as_ref);
                    Event::Answered(send(desk, key, written, ready.take()).await)
                }
                stored => match self.store_step(&held, stored, &mut messages).await {
                    Ok(event) => event,
                    Err(error) => {
                        failure = Some(error);
                        Event::StoreAway
                    }
                },
            };
        }
    }

    /// The actions that are one exchange with the database.
    async fn store_step(
        &self,
        held: &Held,
        action: Action,
        messages: &mut HashMap<Arc<str>, Option<Message>>,
    ) -> Result<Event, StoreError> {
        let now = self.clock.now();
        Ok(match action {
            Action::Load => {
                let loaded = lanes::load(&self.store, &held.key).await?;
                *messages =
                    loaded.iter().map(|(entry, message)| (entry.id.clone(), message.clone())).collect();
                Event::Loaded(loaded.into_iter().map(|(entry, _)| entry).collect())
            }
            Action::Renew => Event::Renewed(lanes::renew(&self.store, held, now).await?),
            Action::Mark { id, attempt } => {
                Event::Marked(lanes::mark(&self.store, held, &id, attempt, now).await?)
            }
            Action::End { id, attempts, ending } => {
                let written = lanes::end(&self.store, held, &id, attempts, &ending, now).await?;
                if written {
                    report(held, &id, &ending);
                }
                Event::Written(written)
            }
            Action::Postpone { id, attempts, not_before, reason } => {
                tracing::info!(
                    account = %held.key.account,
                    id = %id,
                    errcode = reason.errcode.map(|code| code.0),
                    rid = reason.rid.as_deref(),
                    detail = reason.detail.as_deref(),
                    wait_ms = not_before.saturating_since(now).as_millis() as u64,
                    "a message will be tried again"
                );
                Event::Written(
                    lanes::postpone(&self.store, held, &id, attempts, not_before, &reason, now).await?,
                )
            }
            Action::Release
            | Action::Abandon
            | Action::Wait { .. }
            | Action::Prepare { .. }
            | Action::Send { .. } => Event::Woken,
        })
    }
}

async fn prepare(desk: &Desk, key: &LaneKey, message: Option<Message>) -> Result<Message, Outcome> {
    let Some(message) = message else {
        return Err(Outcome::Invalid("the stored message cannot be read".to_owned()));
    };
    desk.courier.prepare(&key.openid, message).await
}

async fn send(desk: &Desk, key: &LaneKey, written: Option<&Message>, ready: Option<Message>) -> Outcome {
    let (Some(written), Some(ready)) = (written, ready) else {
        return Outcome::NotSent("the message was not prepared".to_owned());
    };
    match tokio::time::timeout(SEND_LIMIT, desk.courier.send(&key.openid, written, ready)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Unsure(format!("no answer within {} seconds", SEND_LIMIT.as_secs())),
    }
}

fn report(held: &Held, id: &str, ending: &super::machine::Ending) {
    let reason = &ending.reason;
    let errcode = reason.errcode.map(|code| code.0);
    if ending.state == super::machine::State::Sent {
        tracing::debug!(account = %held.key.account, id, "sent");
    } else {
        tracing::warn!(
            account = %held.key.account,
            id,
            state = %ending.state,
            errcode,
            meaning = reason.errcode.and_then(|code| code.meaning(hongyan_wire::Lang::En)),
            rid = reason.rid.as_deref(),
            detail = reason.detail.as_deref(),
            "a message was not sent"
        );
    }
}

/// A random number from 0 up to 1.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    OsRandom.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
