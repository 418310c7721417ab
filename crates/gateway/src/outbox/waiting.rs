//! Messages that wait for the user's next action, and the actions that end the wait.
//!
//! Callbacks must not touch the database, so who acted is noted in memory and looked up in groups a moment later. A
//! lane with a message that may wait has a row in `lane_waits`; an action is written there too, so that a refusal that is
//! being written at the same moment, perhaps by another gateway, sees it.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use hongyan_wire::OpenId;

use super::Outbox;
use super::lanes::LaneKey;
use crate::db::Param;
use crate::store::row::text;
use crate::store::{Statement, Store, StoreError};

/// How often who acted is looked up.
const LOOK: Duration = Duration::from_millis(250);
/// How many may be noted between two looks; above it everybody who is waited for counts as having acted.
const MOST: usize = 50_000;
/// How many are looked up at once.
const GROUP: usize = 200;

/// Who acted since the last look.
#[derive(Debug, Default)]
pub(super) struct Acted {
    lanes: HashSet<LaneKey>,
    /// More acted than could be noted.
    everybody: bool,
}

impl Outbox {
    /// The user did something that may have opened a window. Costs no more than a note.
    pub fn acted(&self, lane: LaneKey) {
        let mut acted = self.acted.lock().unwrap_or_else(PoisonError::into_inner);
        if acted.lanes.len() < MOST {
            acted.lanes.insert(lane);
        } else {
            acted.everybody = true;
        }
    }

    /// Ends the waits of those who acted, again and again.
    pub async fn end_waits(self) {
        let mut said = false;
        loop {
            tokio::time::sleep(LOOK).await;
            match self.end_waits_once().await {
                Ok(()) => said = false,
                Err(error) if !said => {
                    said = true;
                    tracing::error!(%error, "messages that wait for their users cannot be woken; trying again");
                }
                Err(_) => {}
            }
        }
    }

    /// Ends the waits of those who acted since the last time.
    pub async fn end_waits_once(&self) -> Result<(), StoreError> {
        let acted = std::mem::take(&mut *self.acted.lock().unwrap_or_else(PoisonError::into_inner));
        let done = self.wake_waiting(&acted).await;
        if done.is_err() {
            let mut noted = self.acted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.everybody |= acted.everybody || noted.lanes.len() + acted.lanes.len() > MOST;
            let room = MOST.saturating_sub(noted.lanes.len());
            noted.lanes.extend(acted.lanes.into_iter().take(room));
        }
        done
    }

    async fn wake_waiting(&self, acted: &Acted) -> Result<(), StoreError> {
        if acted.lanes.is_empty()
            || self.store.query("SELECT 1 FROM lane_waits LIMIT 1", &[]).await?.is_empty()
        {
            return Ok(());
        }
        if acted.everybody {
            let rows = self.store.query("SELECT account, openid FROM lane_waits", &[]).await?;
            let all: Vec<LaneKey> = rows
                .iter()
                .map(|row| LaneKey {
                    account: text(row, "account").into(),
                    openid: OpenId::new(text(row, "openid")),
                })
                .collect();
            return self.wake_these(all).await;
        }
        let noted: Vec<&LaneKey> = acted.lanes.iter().collect();
        for group in noted.chunks(GROUP) {
            let either = vec!["(account = ? AND openid = ?)"; group.len()].join(" OR ");
            let params: Vec<Param> = group
                .iter()
                .flat_map(|lane| [Param::from(lane.account.as_ref()), lane.openid.as_str().into()])
                .collect();
            let rows = self
                .store
                .query(&format!("SELECT account, openid FROM lane_waits WHERE {either}"), &params)
                .await?;
            let found = rows.iter().map(|row| LaneKey {
                account: text(row, "account").into(),
                openid: OpenId::new(text(row, "openid")),
            });
            self.wake_these(found.collect()).await?;
        }
        Ok(())
    }

    async fn wake_these(&self, lanes: Vec<LaneKey>) -> Result<(), StoreError> {
        for group in lanes.chunks(GROUP) {
            let now = self.clock.now().millis();
            let statements = group.iter().flat_map(|lane| wake(lane, now)).collect();
            self.store.write(statements).await?;
            for lane in group {
                self.wake(lane);
            }
        }
        Ok(())
    }
}

fn wake(lane: &LaneKey, now: i64) -> [Statement; 3] {
    let key = || [Param::from(lane.account.as_ref()), lane.openid.as_str().into()];
    let with = |first: &[i64]| first.iter().map(|value| Param::from(*value)).chain(key()).collect::<Vec<_>>();
    [
        ("UPDATE lane_waits SET acted_at = ? WHERE account = ? AND openid = ?".to_owned(), with(&[now])),
        (
            "UPDATE outbox SET not_before = ?, waiting = 0 WHERE account = ? AND openid = ? AND state = 'queued' \
             AND waiting = 1"
                .to_owned(),
            with(&[now]),
        ),
        (
            "UPDATE lanes SET due_at = CASE WHEN due_at > ? THEN ? ELSE due_at END WHERE account = ? AND openid = ?"
                .to_owned(),
            with(&[now, now]),
        ),
    ]
}

/// Says that the lane has a message that may wait.
pub(crate) fn mark(store: &Store, lane: &LaneKey) -> Statement {
    let sql =
        format!("{} INTO lane_waits (account, openid, acted_at) VALUES (?, ?, 0)", store.insert_if_missing());
    (sql, vec![lane.account.as_ref().into(), lane.openid.as_str().into()])
}

/// Forgets lanes that wait for nothing any more.
pub(super) async fn tidy(store: &Store) -> Result<(), StoreError> {
    store
        .write_one(
            "DELETE FROM lane_waits WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.account = lane_waits.account \
             AND o.openid = lane_waits.openid AND o.state IN ('queued', 'sending') AND o.waits = 1)",
            Vec::new(),
        )
        .await?;
    Ok(())
}
