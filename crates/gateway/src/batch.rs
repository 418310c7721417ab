//! Messages to many: taken in as a stream, kept on disk, and put into the outbox a few at a time.
//!
//! A line of a batch becomes a message whose id is made of the batch and the line, so that however often a line is put
//! into the outbox, there is one message. `plan` decides what to do next, `worker` does it under a lease and a fence.

pub(crate) mod csv;
pub(crate) mod fill;
pub(crate) mod lines;
pub(crate) mod intake;
pub(crate) mod plan;
pub(crate) mod worker;
pub(crate) mod progress;
pub(crate) mod results;
mod local;

use std::sync::Arc;

use hongyan_wire::{Clock, OpenId, OsRandom, Random, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

pub use intake::{Bad, Begun, Intake, NotTaken, Options, Taken};
pub use lines::Format;
pub use local::Local;
pub use progress::Progress;
pub use results::LineResult;

use crate::db::Row;
use crate::outbox::WhenClosed;
use crate::outbox::lanes::LaneKey;
use crate::store::row::{integer, maybe_integer, text};
use crate::store::{Store, StoreError};

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its lines are coming in; nothing is sent yet.
    Loading,
    /// Its lines go into the outbox.
    Running,
    /// Nothing goes until it is resumed.
    Paused,
    /// What had not been sent will not be.
    Cancelled,
    /// Every line has come to its end.
    Done,
}

impl State {
    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Loading, Self::Running, Self::Paused, Self::Cancelled, Self::Done]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Done)
    }
}

/// A batch as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Whose it is: the account's name in the configuration.
    pub account: Arc<str>,
    /// The name its sender gave it; may be empty.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// What becomes of messages whose users have no open window.
    pub when_closed: WhenClosed,
    /// What it was made of, where its sender said so.
    pub digest: String,
    /// How many lines it has, with those that were rejected.
    pub total: u64,
    /// How many lines were rejected.
    pub rejected: u64,
    /// The next line to be put into the outbox.
    pub next_line: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last set going.
    pub resumed_at: Timestamp,
    /// How many messages had ended by then.
    pub done_before: u64,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    pub(crate) fence: u64,
}

const COLUMNS: &str = "id, account, name, state, when_closed, digest, total, rejected, next_line, created_at, resumed_at, \
                       done_before, ended_at, fence";

impl Record {
    fn read(row: &Row) -> Self {
        let number = |name| integer(row, name).max(0) as u64;
        Self {
            id: text(row, "id").to_owned(),
            account: text(row, "account").into(),
            name: text(row, "name").to_owned(),
            state: State::parse(text(row, "state")).unwrap_or(State::Paused),
            when_closed: WhenClosed::parse(text(row, "when_closed")).unwrap_or_default(),
            digest: text(row, "digest").to_owned(),
            total: number("total"),
            rejected: number("rejected"),
            next_line: number("next_line"),
            created_at: Timestamp(integer(row, "created_at")),
            resumed_at: Timestamp(integer(row, "resumed_at")),
            done_before: number("done_before"),
            ended_at: maybe_integer(row, "ended_at").map(Timestamp),
            fence: number("fence"),
        }
    }

    pub(crate) fn lane(&self, openid: &str) -> LaneKey {
        LaneKey { account: Arc::clone(&self.account), openid: OpenId::new(openid) }
    }
}

/// The batches of all accounts. Cheap to clone.
#[derive(Clone)]
pub struct Batches {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wakes: mpsc::Sender<LaneKey>,
}

/// Why a batch is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is none with this id.
    Unknown,
    /// It is in this state, from which there is no way to the one asked for.
    State(State),
}

impl Batches {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>, wakes: mpsc::Sender<LaneKey>) -> Self {
        Self { store, clock, wakes }
    }

    /// One of the account's batches.
    pub async fn find(&self, account: &str, id: &str) -> Result<Option<Record>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM batches WHERE id = ? AND account = ?");
        let rows = self.store.query(&sql, &[id.into(), account.into()]).await?;
        Ok(rows.first().map(Record::read))
    }

    /// The account's latest batches, newest first.
    pub async fn list(&self, account: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM batches WHERE account = ? ORDER BY created_at DESC, id LIMIT ?");
        let rows = self.store.query(&sql, &[account.into(), (limit as i64).into()]).await?;
        Ok(rows.iter().map(Record::read).collect())
    }

    /// Sends nothing more until it is resumed. What is being sent at this moment comes to its end.
    pub async fn pause(&self, account: &str, id: &str) -> Result<Result<Record, Refused>, StoreError> {
        self.stop(account, id, State::Paused, &[State::Running]).await
    }

    /// Ends it: what has not been sent will not be.
    pub async fn cancel(&self, account: &str, id: &str) -> Result<Result<Record, Refused>, StoreError> {
        self.stop(account, id, State::Cancelled, &[State::Running, State::Paused]).await
    }

    /// Sets it going again.
    pub async fn resume(&self, account: &str, id: &str) -> Result<Result<Record, Refused>, StoreError> {
        let Some(record) = self.find(account, id).await? else { return Ok(Err(Refused::Unknown)) };
        match record.state {
            State::Running => return Ok(Ok(record)),
            State::Paused => {}
            other => return Ok(Err(Refused::State(other))),
        }
        let done = progress::counts(&self.store, id).await?.ended();
        self.store
            .write_one(
                "UPDATE batches SET state = 'running', resumed_at = ?, done_before = ?, owner = '', lease_until = 0 \
                 WHERE id = ? AND account = ? AND state = 'paused'",
                vec![self.clock.now().millis().into(), (done as i64).into(), id.into(), account.into()],
            )
            .await?;
        Ok(self.find(account, id).await?.ok_or(Refused::Unknown))
    }

    async fn stop(
        &self,
        account: &str,
        id: &str,
        to: State,
        from: &[State],
    ) -> Result<Result<Record, Refused>, StoreError> {
        let Some(record) = self.find(account, id).await? else { return Ok(Err(Refused::Unknown)) };
        if record.state != to && !from.contains(&record.state) {
            return Ok(Err(Refused::State(record.state)));
        }
        let now = self.clock.now().millis();
        let ended = if to.is_final() { Some(now) } else { None };
        // First the state, under a new fence: from here on nothing more comes in. Then what has not been begun is taken
        // out again. A gateway that is about to begin one finds that it is gone.
        self.store
            .write_one(
                "UPDATE batches SET state = ?, fence = fence + 1, owner = '', lease_until = 0, \
                 ended_at = COALESCE(ended_at, ?) WHERE id = ? AND account = ? AND state IN (?, ?)",
                vec![
                    to.as_str().into(),
                    ended.into(),
                    id.into(),
                    account.into(),
                    from.first().copied().unwrap_or(to).as_str().into(),
                    from.last().copied().unwrap_or(to).as_str().into(),
                ],
            )
            .await?;
        // What was tried already goes on after a pause where it stands; after a cancellation nothing goes on.
        let waiting = if to.is_final() { "state = 'queued'" } else { "state = 'queued' AND attempts = 0" };
        let first = self
            .store
            .query(&format!("SELECT MIN(id) AS id FROM outbox WHERE batch = ? AND {waiting}"), &[id.into()])
            .await?;
        if let Some(line) = first.first().and_then(|row| line_of(text(row, "id"))) {
            let back = (
                "UPDATE batches SET next_line = CASE WHEN next_line > ? THEN ? ELSE next_line END WHERE id = ?"
                    .to_owned(),
                vec![(line as i64).into(), (line as i64).into(), id.into()],
            );
            let out = (format!("DELETE FROM outbox WHERE batch = ? AND {waiting}"), vec![id.into()]);
            self.store.write(vec![back, out]).await?;
        }
        Ok(self.find(account, id).await?.ok_or(Refused::Unknown))
    }

    /// Forgets batches that ended before then, and those whose lines never all came.
    pub(crate) async fn tidy(&self, before: Timestamp) -> Result<(), StoreError> {
        /// At most so many at once.
        const MOST: i64 = 20;
        let rows = self
            .store
            .query(
                "SELECT id FROM batches WHERE (state IN ('done', 'cancelled') AND ended_at < ?) \
                 OR (state = 'loading' AND created_at < ?) ORDER BY created_at LIMIT ?",
                &[before.millis().into(), before.millis().into(), MOST.into()],
            )
            .await?;
        for row in &rows {
            self.forget(text(row, "id")).await?;
        }
        Ok(())
    }

    /// Takes a batch's lines out a few at a time, so that nobody else waits long for the database, and then the batch.
    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        const STEP: i64 = 2_000;
        let last = self
            .store
            .query("SELECT MAX(line) AS line FROM batch_lines WHERE batch = ?", &[id.into()])
            .await?;
        let last = last.first().map_or(0, |row| integer(row, "line"));
        let mut line = 0;
        while line <= last {
            line += STEP;
            self.store
                .write_one(
                    "DELETE FROM batch_lines WHERE batch = ? AND line <= ?",
                    vec![id.into(), line.into()],
                )
                .await?;
        }
        self.store.write_one("DELETE FROM batches WHERE id = ?", vec![id.into()]).await?;
        Ok(())
    }
}

/// The id of a line's message: sorts by the line, and is the same however often the line is put into the outbox.
pub(crate) fn message_id(batch: &str, line: u64) -> String {
    format!("{batch}-{line:09}")
}

/// The line whose message has this id.
pub(crate) fn line_of(id: &str) -> Option<u64> {
    id.rsplit_once('-')?.1.parse().ok()
}

/// A named batch has the id that its name gives, so that sending it twice makes one.
fn new_id(account: &str, name: &str) -> String {
    if name.is_empty() {
        return OsRandom.hex(10);
    }
    let digest = Sha256::digest(format!("{account}\n{name}"));
    let head = digest.iter().take(10).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("{head:020x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lines_message_is_found_again_and_sorts_by_its_line() {
        let ids: Vec<String> = [1, 9, 10, 100_000].iter().map(|line| message_id("b1", *line)).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().filter_map(|id| line_of(id)).collect::<Vec<_>>(), [1, 9, 10, 100_000]);
    }

    #[test]
    fn a_name_is_one_batch_of_one_account() {
        assert_eq!(new_id("main", "spring"), new_id("main", "spring"));
        assert_ne!(new_id("main", "spring"), new_id("other", "spring"));
        assert_ne!(new_id("main", ""), new_id("main", ""));
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in [State::Loading, State::Running, State::Paused, State::Cancelled, State::Done] {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
