//! Lanes and their messages in the database.
//!
//! A lane is claimed by one conditional `UPDATE` of owner, lease and fence. Every later write names the fence it was
//! claimed under, so that a gateway that was asleep while another took the lane over changes nothing any more.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hongyan_wire::{OpenId, Timestamp};

use super::machine::{Ending, Entry, LEASE, Reason, State};
use super::outgoing::Outgoing;
use crate::db::Param;
use crate::store::row::{integer, maybe_integer, text};
use crate::store::{Store, StoreError};

/// `due_at` of a lane with nothing to do.
pub(crate) const NEVER: i64 = i64::MAX / 4;
/// How many messages of a lane are read at once.
const PAGE: i64 = 20;

/// Which lane: one user of one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LaneKey {
    /// The account's name in the configuration.
    pub account: Arc<str>,
    /// The user.
    pub openid: OpenId,
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.openid)
    }
}

/// A lane that this process holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which one.
    pub key: LaneKey,
    /// The number every write names.
    pub fence: u64,
    /// End of the lease.
    pub lease_until: Timestamp,
}

/// The condition that the lane is still ours.
const STILL_OURS: &str = "EXISTS (SELECT 1 FROM lanes WHERE account = ? AND openid = ? AND fence = ?)";

impl Held {
    fn fence_params(&self) -> [Param; 3] {
        [self.key.account.as_ref().into(), self.key.openid.as_str().into(), (self.fence as i64).into()]
    }
}

/// Lanes with something to do that nobody holds, except those that have only a batch's messages.
pub async fn due(
    store: &Store,
    accounts: &[Arc<str>],
    now: Timestamp,
    limit: usize,
) -> Result<Vec<LaneKey>, StoreError> {
    waiting(store, accounts, now, limit, false).await
}

/// The same for lanes that have only a batch's messages.
pub async fn due_in_bulk(
    store: &Store,
    accounts: &[Arc<str>],
    now: Timestamp,
    limit: usize,
) -> Result<Vec<LaneKey>, StoreError> {
    waiting(store, accounts, now, limit, true).await
}

/// How far the lane that is due the longest is beyond its time.
pub async fn delay(store: &Store, now: Timestamp) -> Result<Duration, StoreError> {
    let rows = store
        .query("SELECT MIN(due_at) AS due_at FROM lanes WHERE due_at <= ?", &[now.millis().into()])
        .await?;
    let due = rows.first().and_then(|row| maybe_integer(row, "due_at"));
    Ok(due.map_or(Duration::ZERO, |due| now.saturating_since(Timestamp(due))))
}

async fn waiting(
    store: &Store,
    accounts: &[Arc<str>],
    now: Timestamp,
    limit: usize,
    bulk: bool,
) -> Result<Vec<LaneKey>, StoreError> {
    if accounts.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let places = vec!["?"; accounts.len()].join(", ");
    let sql = format!(
        "SELECT account, openid FROM lanes WHERE due_at <= ? AND lease_until <= ? AND bulk = ? AND account IN ({places}) \
         ORDER BY due_at LIMIT ?"
    );
    let mut params: Vec<Param> = vec![now.millis().into(), now.millis().into(), i64::from(bulk).into()];
    params.extend(accounts.iter().map(|account| Param::from(account.as_ref())));
    params.push((limit as i64).into());
    let rows = store.query(&sql, &params).await?;
    Ok(rows
        .iter()
        .map(|row| LaneKey { account: text(row, "account").into(), openid: OpenId::new(text(row, "openid")) })
        .collect())
}

/// Takes a lane; `None` when it has nothing to do or somebody holds it.
pub async fn claim(store: &Store, key: &LaneKey, now: Timestamp) -> Result<Option<Held>, StoreError> {
    let lease_until = now + LEASE;
    let taken = store
        .write_one(
            "UPDATE lanes SET owner = ?, lease_until = ?, fence = fence + 1 \
             WHERE account = ? AND openid = ? AND lease_until <= ? AND due_at <= ?",
            vec![
                store.node().into(),
                lease_until.millis().into(),
                key.account.as_ref().into(),
                key.openid.as_str().into(),
                now.millis().into(),
                now.millis().into(),
            ],
        )
        .await?;
    if taken != 1 {
        return Ok(None);
    }
    let rows = store
        .query(
            "SELECT fence, owner FROM lanes WHERE account = ? AND openid = ?",
            &[key.account.as_ref().into(), key.openid.as_str().into()],
        )
        .await?;
    Ok(rows.first().filter(|row| text(row, "owner") == store.node()).map(|row| Held {
        key: key.clone(),
        fence: integer(row, "fence") as u64,
        lease_until,
    }))
}

/// The lane's unfinished messages in order, or the first page of them, each with what it says.
pub async fn load(store: &Store, key: &LaneKey) -> Result<Vec<(Entry, Option<Outgoing>)>, StoreError> {
    let rows = store
        .query(
            "SELECT id, state, attempts, not_before, expires_at, created_at, waits, body FROM outbox \
             WHERE account = ? AND openid = ? AND state IN ('queued', 'sending') ORDER BY seq LIMIT ?",
            &[key.account.as_ref().into(), key.openid.as_str().into(), PAGE.into()],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let message = Outgoing::from_stored(text(row, "body"));
            let created_at = Timestamp(integer(row, "created_at"));
            let entry = Entry {
                id: text(row, "id").into(),
                state: State::parse(text(row, "state")).unwrap_or(State::Sending),
                attempts: integer(row, "attempts") as u32,
                not_before: Timestamp(integer(row, "not_before")),
                expires_at: Timestamp(integer(row, "expires_at")),
                waits: integer(row, "waits") != 0,
                repeats_until: message
                    .as_ref()
                    .and_then(Outgoing::repeatable_for)
                    .map(|time| created_at + time),
            };
            (entry, message)
        })
        .collect())
}

/// Lengthens the lease; `None` when somebody else has the lane.
pub async fn renew(store: &Store, held: &Held, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let until = now + LEASE;
    let [account, openid, fence] = held.fence_params();
    let renewed = store
        .write_one(
            "UPDATE lanes SET lease_until = ? WHERE account = ? AND openid = ? AND fence = ?",
            vec![until.millis().into(), account, openid, fence],
        )
        .await?;
    Ok((renewed == 1).then_some(until))
}

/// Writes `sending` and the attempt's number, before the first byte of the request.
pub async fn mark(
    store: &Store,
    held: &Held,
    id: &str,
    attempt: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = format!(
        "UPDATE outbox SET state = 'sending', waiting = 0, attempts = ?, updated_at = ? \
         WHERE id = ? AND state IN ('queued', 'sending') AND {STILL_OURS}"
    );
    let mut params: Vec<Param> = vec![i64::from(attempt).into(), now.millis().into(), id.into()];
    params.extend(held.fence_params());
    Ok(store.write_one(&sql, params).await? == 1)
}

/// Writes how a message ended.
pub async fn end(
    store: &Store,
    held: &Held,
    id: &str,
    attempts: u32,
    ending: &Ending,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let change = Change { state: ending.state, attempts, not_before: None, reason: &ending.reason };
    set(store, held, id, &change, now).await
}

/// Writes a message back as queued, due later.
pub async fn postpone(
    store: &Store,
    held: &Held,
    id: &str,
    attempts: u32,
    not_before: Timestamp,
    reason: &Reason,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let change = Change { state: State::Queued, attempts, not_before: Some(not_before), reason };
    set(store, held, id, &change, now).await
}

/// A user whose action is noticed this soon after a refusal is tried again after this pause.
const SOON: Duration = Duration::from_secs(1);

/// How a message waits for the user's next action.
#[derive(Debug, Clone)]
pub struct Parking {
    /// How often it was tried.
    pub attempts: u32,
    /// When the attempt began that was refused.
    pub since: Timestamp,
    /// When it expires.
    pub until: Timestamp,
    /// Why it waits.
    pub reason: Reason,
}

/// Writes a message back as queued until the user's next action; with a short pause when one was noticed since then.
pub async fn park(
    store: &Store,
    held: &Held,
    id: &str,
    parking: &Parking,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Parking { attempts, since, until, reason } = parking;
    let [account, openid, _] = held.fence_params();
    let sql = format!(
        "UPDATE outbox SET state = 'queued', waiting = 1, attempts = ?, errcode = ?, rid = ?, detail = ?, updated_at = ?, \
         not_before = CASE WHEN EXISTS (SELECT 1 FROM lane_waits WHERE account = ? AND openid = ? AND acted_at >= ?) \
         THEN ? ELSE ? END WHERE id = ? AND {STILL_OURS}"
    );
    let mut params: Vec<Param> = vec![
        i64::from(*attempts).into(),
        reason.errcode.map(|code| code.0).into(),
        reason.rid.as_deref().map(|rid| shorten(rid, 191)).into(),
        reason.detail.as_deref().map(|detail| shorten(detail, 500)).into(),
        now.millis().into(),
        account,
        openid,
        since.millis().into(),
        (now + SOON).millis().into(),
        until.millis().into(),
        id.into(),
    ];
    params.extend(held.fence_params());
    Ok(store.write_one(&sql, params).await? == 1)
}

/// What is written about a message.
struct Change<'a> {
    state: State,
    attempts: u32,
    not_before: Option<Timestamp>,
    reason: &'a Reason,
}

async fn set(
    store: &Store,
    held: &Held,
    id: &str,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let reason = change.reason;
    let sql = format!(
        "UPDATE outbox SET state = ?, waiting = 0, attempts = ?, not_before = COALESCE(?, not_before), errcode = ?, rid = ?, detail = ?, \
         msgid = ?, updated_at = ? WHERE id = ? AND {STILL_OURS}"
    );
    let mut params: Vec<Param> = vec![
        change.state.as_str().into(),
        i64::from(change.attempts).into(),
        change.not_before.map(Timestamp::millis).into(),
        reason.errcode.map(|code| code.0).into(),
        reason.rid.as_deref().map(|rid| shorten(rid, 191)).into(),
        reason.detail.as_deref().map(|detail| shorten(detail, 500)).into(),
        reason.msgid.as_deref().map(|msgid| shorten(msgid, 64)).into(),
        now.millis().into(),
        id.into(),
    ];
    params.extend(held.fence_params());
    Ok(store.write_one(&sql, params).await? == 1)
}

/// Gives the lane back and writes when its first message is due.
pub async fn release(store: &Store, held: &Held) -> Result<(), StoreError> {
    let [account, openid, fence] = held.fence_params();
    // The lane's row is locked before the first message is looked up, so a message queued at the same moment is
    // either seen here or lowers `due_at` after us.
    store
        .write_one(
            "UPDATE lanes SET owner = '', lease_until = 0, due_at = COALESCE((SELECT o.not_before FROM outbox o \
             WHERE o.account = lanes.account AND o.openid = lanes.openid AND o.state IN ('queued', 'sending') \
             ORDER BY o.seq LIMIT 1), ?) WHERE account = ? AND openid = ? AND fence = ?",
            vec![NEVER.into(), account, openid, fence],
        )
        .await?;
    Ok(())
}

fn shorten(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
