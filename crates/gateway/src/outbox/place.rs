//! A message's place in its lane: the statements that put it there.

use std::sync::Arc;

use hongyan_wire::Timestamp;

use super::lanes::{LaneKey, NEVER};
use super::outgoing::Outgoing;
use super::{LIFE, WhenClosed};
use crate::db::Param;
use crate::store::{Statement, Store};

/// One message about to be queued.
pub(crate) struct Place<'a> {
    pub(crate) id: &'a str,
    pub(crate) lane: &'a LaneKey,
    /// The name of what it was queued with.
    pub(crate) batch: &'a Arc<str>,
    pub(crate) held: bool,
    pub(crate) not_before: Timestamp,
    pub(crate) when_closed: WhenClosed,
    pub(crate) now: Timestamp,
}

const COLUMNS: &str = "outbox (id, account, openid, seq, batch, body, state, held, not_before, created_at, \
                       updated_at, expires_at, waits, attempts)";

impl Place<'_> {
    /// Queues it `from_end` places before the end of the room that was made.
    pub(crate) fn at_the_end(&self, from_end: i64, message: &Outgoing) -> Statement {
        let sql = format!(
            "INSERT INTO {COLUMNS} SELECT ?, ?, ?, next_seq - ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, 0 \
             FROM lanes WHERE account = ? AND openid = ?"
        );
        let mut params = self.params(from_end, &message.stored());
        params.push(self.lane.account.as_ref().into());
        params.push(self.lane.openid.as_str().into());
        (sql, params)
    }

    /// Queues it in the place kept free before the messages it belongs to.
    pub(crate) fn before_the_batch(&self, message: &Outgoing) -> Statement {
        let sql = format!(
            "INSERT INTO {COLUMNS} SELECT ?, ?, ?, MIN(seq) - ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, 0 \
             FROM outbox WHERE batch = ?"
        );
        let mut params = self.params(1, &message.stored());
        params.push(self.batch.as_ref().into());
        (sql, params)
    }

    /// Queues it at the end, unless it is there already, or the batch is not this fence's any more.
    pub(crate) fn for_a_batch(&self, store: &Store, fence: u64, stored: &str) -> Statement {
        let sql = format!(
            "{} INTO {COLUMNS} SELECT ?, ?, ?, next_seq - ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, 0 \
             FROM lanes WHERE account = ? AND openid = ? \
             AND EXISTS (SELECT 1 FROM batches WHERE id = ? AND fence = ? AND state = 'running')",
            store.insert_if_missing()
        );
        let mut params = self.params(1, stored);
        params.extend([
            self.lane.account.as_ref().into(),
            self.lane.openid.as_str().into(),
            self.batch.as_ref().into(),
            (fence as i64).into(),
        ]);
        (sql, params)
    }

    fn params(&self, before: i64, stored: &str) -> Vec<Param> {
        vec![
            self.id.into(),
            self.lane.account.as_ref().into(),
            self.lane.openid.as_str().into(),
            before.into(),
            self.batch.as_ref().into(),
            stored.into(),
            i64::from(self.held).into(),
            self.not_before.millis().into(),
            self.now.millis().into(),
            self.now.millis().into(),
            (self.now + LIFE).millis().into(),
            i64::from(self.when_closed == WhenClosed::Wait).into(),
        ]
    }
}

/// Makes the lane where it is missing, and room for so many messages at its end. A lane with nothing else to do works
/// in bulk when a batch fills it.
pub(crate) fn make_room(
    store: &Store,
    lane: &LaneKey,
    places: i64,
    due: Timestamp,
    bulk: bool,
) -> Vec<Statement> {
    let account = lane.account.as_ref();
    let openid = lane.openid.as_str();
    // `bulk` before `due_at`: MySQL computes with what it has assigned already.
    let bulk =
        if bulk { format!("CASE WHEN due_at >= {NEVER} THEN 1 ELSE bulk END") } else { "0".to_owned() };
    vec![
        (
            format!(
                "{} INTO lanes (account, openid, owner, lease_until, fence, next_seq, due_at) \
                 VALUES (?, ?, '', 0, 0, 0, ?)",
                store.insert_if_missing()
            ),
            vec![account.into(), openid.into(), NEVER.into()],
        ),
        (
            format!(
                "UPDATE lanes SET bulk = {bulk}, next_seq = next_seq + ?, \
                 due_at = CASE WHEN due_at > ? THEN ? ELSE due_at END WHERE account = ? AND openid = ?"
            ),
            vec![places.into(), due.millis().into(), due.millis().into(), account.into(), openid.into()],
        ),
    ]
}
