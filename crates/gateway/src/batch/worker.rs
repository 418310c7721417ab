//! Puts the lines of running batches into the outbox; one gateway at a time has a batch, by lease and fence.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::plan::{self, STEP, Standing, Step};
use super::{Batches, Record, State, message_id, progress};
use crate::db::Param;
use crate::outbox::lanes::LaneKey;
use crate::outbox::place::{Place, make_room};
use crate::outbox::{WhenClosed, waiting};
use crate::store::row::{integer, text};
use crate::store::{Statement, StoreError};
use crate::tasks::stopped;

/// How long a batch may be held without renewing.
const LEASE: Duration = Duration::from_secs(15);
/// A hold ends by itself after this time, so that no batch is worked on only by one gateway for ever.
const TURN: Duration = Duration::from_secs(5);
/// How often batches are looked for that nobody works on.
const LOOK: Duration = Duration::from_millis(500);
/// Pause while its messages are on their way.
const SOON: Duration = Duration::from_millis(50);
/// Pause while users are waited for.
const LATER: Duration = Duration::from_secs(2);
/// How many batches are worked on at once.
const BATCHES: usize = 8;

impl Batches {
    /// Works on batches until `stopping` turns true.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let mut active: HashSet<String> = HashSet::new();
        let mut works: JoinSet<String> = JoinSet::new();
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            tokio::select! {
                () = stopped(&mut stopping) => break,
                Some(done) = works.join_next() => {
                    if let Ok(id) = done {
                        active.remove(&id);
                    } else {
                        active.clear();
                    }
                }
                _ = look.tick() => match self.due(BATCHES.saturating_sub(active.len())).await {
                    Ok(due) => {
                        away = false;
                        for id in due {
                            if active.insert(id.clone()) {
                                works.spawn(self.clone().work(id, stopping.clone()));
                            }
                        }
                    }
                    Err(error) if !away => {
                        away = true;
                        tracing::error!(%error, "batches cannot be read; trying again");
                    }
                    Err(_) => {}
                }
            }
        }
        while works.join_next().await.is_some() {}
    }

    async fn due(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT id FROM batches WHERE state = 'running' AND lease_until <= ? ORDER BY lease_until LIMIT ?",
                &[self.clock.now().millis().into(), (limit as i64).into()],
            )
            .await?;
        Ok(rows.iter().map(|row| text(row, "id").to_owned()).collect())
    }

    async fn work(self, id: String, stopping: watch::Receiver<bool>) -> String {
        if let Err(error) = self.turn(&id, &stopping).await {
            tracing::warn!(batch = %id, %error, "a batch was left because the database failed; it goes on in a moment");
        }
        id
    }

    /// One turn at a batch, from the claim until it is given back.
    async fn turn(&self, id: &str, stopping: &watch::Receiver<bool>) -> Result<(), StoreError> {
        let Some(record) = self.claim(id).await? else { return Ok(()) };
        let fence = record.fence;
        let began = Instant::now();
        loop {
            if *stopping.borrow() || began.elapsed() >= TURN {
                return self.give_back(id, fence, Duration::ZERO).await;
            }
            let Some(record) = self.held(id, fence).await? else { return Ok(()) };
            let lines = self.lines(&record).await?;
            let counts = progress::counts(&self.store, id).await?;
            let standing = Standing {
                state: record.state,
                lines_left: !lines.is_empty(),
                open: counts.queued + counts.sending,
                waiting: counts.waiting,
            };
            match plan::next(&standing) {
                Step::Enqueue => {
                    if !self.enqueue(&record, lines).await? {
                        return Ok(());
                    }
                }
                Step::Soon => tokio::time::sleep(SOON).await,
                Step::Later => return self.give_back(id, fence, LATER).await,
                Step::Finish => return self.end(&record).await,
                Step::Leave => return Ok(()),
            }
        }
    }

    async fn claim(&self, id: &str) -> Result<Option<Record>, StoreError> {
        let now = self.clock.now();
        let taken = self
            .store
            .write_one(
                "UPDATE batches SET owner = ?, lease_until = ?, fence = fence + 1 \
                 WHERE id = ? AND state = 'running' AND lease_until <= ?",
                vec![self.store.node().into(), (now + LEASE).millis().into(), id.into(), now.millis().into()],
            )
            .await?;
        if taken != 1 {
            return Ok(None);
        }
        let sql = format!("SELECT {} FROM batches WHERE id = ? AND owner = ?", super::COLUMNS);
        let rows = self.store.query(&sql, &[id.into(), self.store.node().into()]).await?;
        Ok(rows.first().map(Record::read))
    }

    async fn held(&self, id: &str, fence: u64) -> Result<Option<Record>, StoreError> {
        let sql = format!("SELECT {} FROM batches WHERE id = ? AND fence = ?", super::COLUMNS);
        let rows = self.store.query(&sql, &[id.into(), (fence as i64).into()]).await?;
        Ok(rows.first().map(Record::read))
    }

    async fn give_back(&self, id: &str, fence: u64, pause: Duration) -> Result<(), StoreError> {
        let free_at = self.clock.now() + pause;
        self.store
            .write_one(
                "UPDATE batches SET owner = '', lease_until = ? WHERE id = ? AND fence = ?",
                vec![free_at.millis().into(), id.into(), (fence as i64).into()],
            )
            .await?;
        Ok(())
    }

    async fn end(&self, record: &Record) -> Result<(), StoreError> {
        self.store
            .write_one(
                "UPDATE batches SET state = ?, owner = '', lease_until = 0, ended_at = ? \
                 WHERE id = ? AND fence = ? AND state = 'running'",
                vec![
                    State::Done.as_str().into(),
                    self.clock.now().millis().into(),
                    record.id.as_str().into(),
                    (record.fence as i64).into(),
                ],
            )
            .await?;
        tracing::info!(account = %record.account, batch = %record.id, lines = record.total, "a batch is done");
        Ok(())
    }

    async fn lines(&self, record: &Record) -> Result<Vec<(u64, LaneKey, String)>, StoreError> {
        let rows = self
            .store
            .query(
                "SELECT line, openid, body FROM batch_lines WHERE batch = ? AND line >= ? AND error IS NULL \
                 ORDER BY line LIMIT ?",
                &[record.id.as_str().into(), (record.next_line as i64).into(), (STEP as i64).into()],
            )
            .await?;
        let line = |row| {
            (integer(row, "line") as u64, record.lane(text(row, "openid")), text(row, "body").to_owned())
        };
        Ok(rows.iter().map(line).collect())
    }

    /// Puts lines into the outbox and moves the cursor, in one transaction; false when the batch is not ours any more.
    async fn enqueue(&self, record: &Record, lines: Vec<(u64, LaneKey, String)>) -> Result<bool, StoreError> {
        let Some((last, ..)) = lines.last() else { return Ok(true) };
        let now = self.clock.now();
        let batch: Arc<str> = record.id.as_str().into();
        let cursor: Vec<Param> = vec![
            (*last as i64 + 1).into(),
            (now + LEASE).millis().into(),
            record.id.as_str().into(),
            (record.fence as i64).into(),
        ];
        // The batch's row first: a pause that comes now waits for us, or we for it.
        let mut statements: Vec<Statement> = vec![(
            "UPDATE batches SET next_line = ?, lease_until = ? WHERE id = ? AND fence = ? AND state = 'running'"
                .to_owned(),
            cursor,
        )];
        for (line, lane, stored) in &lines {
            let id = message_id(&record.id, *line);
            let place = Place {
                id: &id,
                lane,
                batch: &batch,
                held: false,
                not_before: now,
                when_closed: record.when_closed,
                now,
            };
            statements.extend(make_room(&self.store, lane, 1, now, true));
            statements.push(place.for_a_batch(&self.store, record.fence, stored));
            if record.when_closed == WhenClosed::Wait {
                statements.push(waiting::mark(&self.store, lane));
            }
        }
        let written = self.store.write(statements).await?;
        if written.first() != Some(&1) {
            return Ok(false);
        }
        for (_, lane, _) in lines {
            // When the sender has more than it can take, it finds the lane by itself a moment later.
            let _ = self.wakes.try_send(lane);
        }
        Ok(true)
    }
}
