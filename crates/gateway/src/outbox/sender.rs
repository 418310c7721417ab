//! Finds lanes with something to do, claims them, and carries out what their machines say.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hongyan_wire::{Clock, OsRandom, Random};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::Woken;
use super::lanes::{self, Held, LaneKey, Parking};
use super::machine::{Action, Event, Lane, OnUnknown, Outcome, SEND_LIMIT};
use super::outgoing::Outgoing;
pub use super::pace::Limit;
use super::pace::{Pace, Permit};
use crate::cluster::Limiter;
use crate::courier::Courier;
use crate::store::{Store, StoreError};
use crate::swap::Swap;
use crate::tasks::stopped;

/// How often lanes are looked for that nobody woke: later attempts, other processes' leftovers.
const LOOK: Duration = Duration::from_secs(1);
/// How many lanes are worked on at once.
const LANES: usize = 64;
/// How many of them may be lanes that have only a batch's messages: the rest is kept free for everybody else.
const BULK: usize = 48;

/// Sends what the outbox holds.
pub struct Sender {
    store: Store,
    clock: Arc<dyn Clock>,
    desks: Swap<HashMap<Arc<str>, Desk>>,
    pace: Pace,
}

/// The lanes that are being worked on.
#[derive(Debug, Default)]
struct Active {
    /// Whether it has only a batch's messages, and whether it was woken again meanwhile and how.
    lanes: HashMap<LaneKey, (bool, Option<bool>)>,
    bulk: usize,
}

impl Active {
    fn room(&self) -> usize {
        LANES.saturating_sub(self.lanes.len())
    }

    fn room_in_bulk(&self) -> usize {
        self.room().min(BULK.saturating_sub(self.bulk))
    }

    /// Whether the lane is to be begun; one that is being worked on is begun again afterwards.
    fn begin(&mut self, key: &LaneKey, bulk: bool) -> bool {
        if let Some((_, again)) = self.lanes.get_mut(key) {
            *again = Some(bulk);
            return false;
        }
        self.lanes.insert(key.clone(), (bulk, None));
        self.bulk += usize::from(bulk);
        true
    }

    /// The lane's work is over; how it is to be begun again, if it was woken meanwhile.
    fn done(&mut self, key: &LaneKey) -> Option<bool> {
        let (bulk, again) = self.lanes.remove(key)?;
        self.bulk -= usize::from(bulk);
        again
    }
}

/// What the sender needs of one account.
#[derive(Clone)]
pub struct Desk {
    /// Who carries its messages.
    pub courier: Arc<Courier>,
    /// What becomes of a message whose answer was lost.
    pub on_unknown: OnUnknown,
    /// How fast it may send.
    pub limit: Option<Limit>,
}

impl Sender {
    /// A sender for these accounts.
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        desks: Swap<HashMap<Arc<str>, Desk>>,
        limiter: Limiter,
    ) -> Self {
        Self { store, clock, desks, pace: Pace::new(limiter) }
    }

    /// Runs until `stopping` turns true, then lets what has begun come to its end.
    pub async fn run(self, mut woken: Woken, mut stopping: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut active = Active::default();
        let mut works: JoinSet<LaneKey> = JoinSet::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            // A lane, and whether it has only a batch's messages.
            let mut begin: Vec<(LaneKey, bool)> = Vec::new();
            tokio::select! {
                () = stopped(&mut stopping) => break,
                Some(key) = woken.single.recv(), if active.room() > 0 => begin.push((key, false)),
                Some(key) = woken.bulk.recv(), if active.room_in_bulk() > 0 => begin.push((key, true)),
                Some(done) = works.join_next() => {
                    if let Ok(key) = done && let Some(bulk) = active.done(&key) {
                        begin.push((key, bulk));
                    }
                }
                () = this.pace.resume() => look.reset_immediately(),
                _ = look.tick() => match this.look(&active, woken.bulk.is_empty()).await {
                    Ok(due) => {
                        away = false;
                        begin = due;
                    }
                    Err(error) if !away => {
                        away = true;
                        tracing::error!(%error, "the outbox cannot be read; trying again every second");
                    }
                    Err(_) => {}
                }
            }
            for (key, bulk) in begin {
                // One that must wait is found again when its account's pause is over.
                if let Some(desk) = this.desks.get().get(&key.account).cloned()
                    && !this.pace.paused(&key.account)
                    && active.begin(&key, bulk)
                {
                    works.spawn(Arc::clone(&this).work(desk, key, stopping.clone()));
                }
            }
        }
        while works.join_next().await.is_some() {}
    }

    /// Lanes that are due and that nobody woke, as many as there is room for.
    async fn look(&self, active: &Active, bulk: bool) -> Result<Vec<(LaneKey, bool)>, StoreError> {
        let now = self.clock.now();
        let accounts: Vec<Arc<str>> =
            self.desks.get().keys().filter(|name| !self.pace.paused(name)).cloned().collect();
        let single = lanes::due(&self.store, &accounts, now, active.room()).await?;
        let mut found: Vec<(LaneKey, bool)> = single.into_iter().map(|key| (key, false)).collect();
        if bulk {
            let room = active.room_in_bulk().min(active.room().saturating_sub(found.len()));
            let in_bulk = lanes::due_in_bulk(&self.store, &accounts, now, room).await?;
            found.extend(in_bulk.into_iter().map(|key| (key, true)));
        }
        // One that is being worked on only looks free, because the clock was moved.
        found.retain(|(key, _)| !active.lanes.contains_key(key));
        Ok(found)
    }

    async fn work(self: Arc<Self>, desk: Desk, key: LaneKey, stopping: watch::Receiver<bool>) -> LaneKey {
        let limit = desk.limit.as_ref();
        let Some(mut permit) = self.pace.permit(&key.account, limit).await else { return key };
        let span = tracing::info_span!("lane", account = %key.account);
        let lane = self.lane(&desk, &key, &mut permit, stopping).instrument(span);
        let worked = AssertUnwindSafe(lane).catch_unwind().await;
        self.pace.give_back(permit, limit).await;
        match worked {
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
        permit: &mut Permit,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let Some(held) = lanes::claim(&self.store, key, self.clock.now()).await? else { return Ok(()) };
        let mut lane = Lane::new(desk.on_unknown);
        let mut messages: HashMap<Arc<str>, Option<Outgoing>> = HashMap::new();
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
                Action::Mark { .. } if !self.permitted(desk, key, permit).await => Event::Limited,
                Action::Send { id } => {
                    if matches!(permit, Permit::Taken) {
                        *permit = Permit::Used;
                    }
                    let written = messages.get(&id).and_then(Option::as_ref);
                    Event::Answered(send(desk, key, &id, written, ready.take()).await)
                }
                stored => match self.store_step(desk, &held, stored, &mut messages).await {
                    Ok(event) => event,
                    Err(error) => {
                        failure = Some(error);
                        Event::StoreAway
                    }
                },
            };
        }
    }

    /// Whether the lane may send one more: the first permit was asked for before it was claimed.
    async fn permitted(&self, desk: &Desk, key: &LaneKey, permit: &mut Permit) -> bool {
        if matches!(permit, Permit::Used) {
            match self.pace.permit(&key.account, desk.limit.as_ref()).await {
                Some(next) => *permit = next,
                None => return false,
            }
        }
        true
    }

    /// The actions that are one exchange with the database.
    async fn store_step(
        &self,
        desk: &Desk,
        held: &Held,
        action: Action,
        messages: &mut HashMap<Arc<str>, Option<Outgoing>>,
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
                    report(held, &id, attempts, &ending);
                    desk.courier.endings.ended(ending.state);
                    if let Some(message) =
                        messages.get(&id).and_then(Option::as_ref).and_then(Outgoing::message)
                    {
                        let state = ending.state.as_str();
                        desk.courier.ended(&held.key, message, state, &id, now);
                    }
                }
                Event::Written(written)
            }
            Action::Postpone { id, attempts, not_before, reason } => {
                desk.courier.endings.postponed.add();
                tracing::info!(
                    account = %held.key.account,
                    id = %id,
                    attempt = attempts,
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
            Action::Park { id, attempts, since, until, reason } => {
                let parking = Parking { attempts, since, until, reason };
                tracing::debug!(account = %held.key.account, id = %id, "a message waits for its user's next action");
                Event::Written(lanes::park(&self.store, held, &id, &parking, now).await?)
            }
            Action::Release
            | Action::Abandon
            | Action::Wait { .. }
            | Action::Prepare { .. }
            | Action::Send { .. } => Event::Woken,
        })
    }
}

async fn prepare(desk: &Desk, key: &LaneKey, message: Option<Outgoing>) -> Result<Outgoing, Outcome> {
    let Some(message) = message else {
        return Err(Outcome::Invalid("the stored message cannot be read".to_owned()));
    };
    desk.courier.prepare(&key.openid, message).await
}

async fn send(
    desk: &Desk,
    key: &LaneKey,
    id: &str,
    written: Option<&Outgoing>,
    ready: Option<Outgoing>,
) -> Outcome {
    let (Some(written), Some(ready)) = (written, ready) else {
        return Outcome::NotSent("the message was not prepared".to_owned());
    };
    match tokio::time::timeout(SEND_LIMIT, desk.courier.send(&key.openid, id, written, &ready)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Unsure(format!("no answer within {} seconds", SEND_LIMIT.as_secs())),
    }
}

fn report(held: &Held, id: &str, attempt: u32, ending: &super::machine::Ending) {
    let reason = &ending.reason;
    let errcode = reason.errcode.map(|code| code.0);
    if ending.state == super::machine::State::Sent {
        tracing::debug!(account = %held.key.account, id, attempt, "sent");
    } else {
        tracing::warn!(
            account = %held.key.account,
            id,
            attempt,
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
