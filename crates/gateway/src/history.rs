//! Conversations, where the configuration says that they are kept: what a person wrote and what they got, in order.
//!
//! Noted in memory where it happens, written behind in batches, forgotten after the configured time. Whoever watches
//! hears each line at once over the bus.

pub(crate) mod line;
mod read;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hongyan_wire::{Inbound, OpenId, OsRandom, Random, Timestamp};

use crate::backlog::Backlog;
use crate::cluster::Bus;
use crate::db::Param;
use crate::message::Message;
use crate::store::row::integer;
use crate::store::{Statement, Store, StoreError};
use line::{Direction, Line, summary};

/// How many lines may wait; further ones are left out, which is logged.
const MOST: usize = 65_536;
/// How many one statement writes.
const ROWS: usize = 50;

/// The conversations of all accounts.
pub(crate) struct History {
    store: Store,
    bus: Bus,
    keep: Option<Duration>,
    waiting: Backlog<Line>,
    /// Sets this process's ids apart, and orders those of one millisecond.
    node: String,
    number: AtomicU64,
}

impl History {
    /// Keeps lines for so long; not at all when `None`.
    pub(crate) fn new(store: Store, bus: Bus, keep: Option<Duration>) -> Self {
        let (node, number) = (OsRandom.hex(3), AtomicU64::new(0));
        Self { store, bus, keep, waiting: Backlog::new(MOST), node, number }
    }

    /// Whether anything is kept.
    pub(crate) fn is_on(&self) -> bool {
        self.keep.is_some()
    }

    /// The bus's topic for one account's lines.
    pub(crate) fn topic(account: &str) -> String {
        format!("conversations/{account}")
    }

    /// The person said or did something.
    pub(crate) fn heard(&self, account: &Arc<str>, push: &Inbound, now: Timestamp) {
        if !self.is_on() {
            return;
        }
        self.add(Line {
            id: self.id(now),
            account: Arc::clone(account),
            openid: push.from.clone(),
            at: now,
            direction: Direction::In,
            way: "push",
            kind: crate::recent::action(push),
            text: line::heard(push),
            body: push.to_json(),
            state: "received",
            message_id: None,
        });
    }

    /// A passive reply has left.
    pub(crate) fn replied(&self, account: &Arc<str>, openid: &OpenId, message: &Message, now: Timestamp) {
        self.said(account, openid, message, "passive", "sent", None, now);
    }

    /// A message of the outbox has ended.
    pub(crate) fn ended(
        &self,
        account: &Arc<str>,
        openid: &OpenId,
        message: &Message,
        state: &'static str,
        id: &str,
        now: Timestamp,
    ) {
        self.said(account, openid, message, "customer_service", state, Some(id), now);
    }

    #[expect(clippy::too_many_arguments, reason = "each is one column, and both callers stand above")]
    fn said(
        &self,
        account: &Arc<str>,
        openid: &OpenId,
        message: &Message,
        way: &'static str,
        state: &'static str,
        id: Option<&str>,
        now: Timestamp,
    ) {
        if !self.is_on() || message.kind() == "none" {
            return;
        }
        self.add(Line {
            id: self.id(now),
            account: Arc::clone(account),
            openid: openid.clone(),
            at: now,
            direction: Direction::Out,
            way,
            kind: format!("message.{}", message.kind()),
            text: line::said(message),
            body: message.to_json(),
            state,
            message_id: id.map(str::to_owned),
        });
    }

    fn add(&self, line: Line) {
        self.bus.publish(&Self::topic(&line.account), line.to_json().to_string());
        self.waiting.add(line, || {
            tracing::error!("conversations are not kept from here on: too many lines wait for the database");
        });
    }

    /// How many lines have not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.waiting()
    }

    /// Writes what was noted; what cannot be written now waits on.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        while let Some(part) = self.waiting.take(ROWS) {
            self.store.write(self.statements(&part)).await?;
            part.written();
        }
        Ok(())
    }

    fn statements(&self, lines: &[Line]) -> Vec<Statement> {
        let places = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; lines.len()].join(", ");
        let sql = format!(
            "{} INTO history (id, account, openid, said_at, direction, way, kind, words, body, state, message_id) \
             VALUES {places}",
            self.store.insert_if_missing()
        );
        let params = lines.iter().flat_map(Line::params).collect();
        let mut statements = vec![(sql, params)];
        // The last line of each person in this part; an earlier write of another gateway may be newer.
        let mut seen = std::collections::HashSet::new();
        for line in lines.iter().rev() {
            if !seen.insert((&line.account, &line.openid)) {
                continue;
            }
            let (account, openid): (Param, Param) =
                (line.account.as_ref().into(), line.openid.as_str().into());
            statements.push((
                format!(
                    "{} INTO conversations (account, openid, last_id, last_at, last_direction, last_text) \
                     VALUES (?, ?, '', 0, '', '')",
                    self.store.insert_if_missing()
                ),
                vec![account.clone(), openid.clone()],
            ));
            statements.push((
                "UPDATE conversations SET last_at = ?, last_direction = ?, last_text = ?, last_id = ? \
                 WHERE account = ? AND openid = ? AND last_id < ?"
                    .to_owned(),
                vec![
                    line.at.millis().into(),
                    line.direction.as_str().into(),
                    summary(&line.text).into(),
                    line.id.as_str().into(),
                    account,
                    openid,
                    line.id.as_str().into(),
                ],
            ));
        }
        statements
    }

    /// Forgets what is older than the configured time. What was kept before keeping was turned off stays.
    pub(crate) async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(keep) = self.keep else { return Ok(()) };
        let before = (now - keep).millis();
        loop {
            // In portions: other writes wait behind each of them.
            let sql = "SELECT said_at FROM history WHERE said_at < ? ORDER BY said_at LIMIT 1 OFFSET 5000";
            let rows = self.store.query(sql, &[before.into()]).await?;
            let bound = rows.first().map(|row| integer(row, "said_at"));
            let sql = "DELETE FROM history WHERE said_at <= ?";
            self.store.write_one(sql, vec![bound.unwrap_or(before - 1).into()]).await?;
            if bound.is_none() {
                break;
            }
        }
        let sql = "DELETE FROM conversations WHERE last_at < ?";
        self.store.write_one(sql, vec![before.into()]).await.map(|_| ())
    }

    fn id(&self, now: Timestamp) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed) & 0xff_ffff;
        format!("{:012x}{number:06x}{}", now.millis(), self.node)
    }
}
