//! Takes a batch's lines in as they come, a few at a time to the database; nothing is sent before the last one.

use serde_json::{Map, Value};

use super::lines::{Format, Line, Lines};
use super::{Batches, Record, State, new_id};
use crate::outbox::WhenClosed;
use crate::store::{Statement, StoreError};

/// How many lines are written at once.
const GROUP: usize = 200;
/// How many bad lines are told at once; all of them stand in the results.
const TOLD: usize = 20;
/// A file has at most so many lines.
const MOST: u64 = 10_000_000;

/// What a batch is made with.
#[derive(Debug, Clone)]
pub struct Options {
    /// A name of the sender's: the same name is the same batch. May be empty.
    pub name: String,
    /// What the sender made it of, to notice that the same name stands for something else. May be empty.
    pub digest: String,
    /// How the recipients are written.
    pub format: Format,
    /// The body that all of them get; its texts may be templates.
    pub message: Option<Map<String, Value>>,
    /// What becomes of messages whose users have no open window.
    pub when_closed: WhenClosed,
    /// Whether one bad line rejects the whole.
    pub strict: bool,
}

/// A line that is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Why.
    pub error: String,
}

/// A batch whose lines are all there.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The batch.
    pub record: Record,
    /// The first of its bad lines.
    pub bad: Vec<Bad>,
}

/// Why a batch is not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotTaken {
    /// What was sent cannot be used.
    #[error("{0}")]
    Wrong(String),
    /// A batch of this name is made of something else.
    #[error("the batch {0} has this name already and is made of something else: choose another name")]
    Other(String),
    /// Another request with the same name has begun anew.
    #[error("the same batch is being sent by another request")]
    Overtaken,
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// How taking in begins.
#[derive(Debug)]
pub enum Begun {
    /// Send the lines.
    Fresh(Box<Intake>),
    /// It is there already.
    There(Record),
}

/// A batch whose lines are coming in.
pub struct Intake {
    batches: Batches,
    id: String,
    account: String,
    fence: i64,
    strict: bool,
    lines: Lines,
    waiting: Vec<Statement>,
    total: u64,
    rejected: u64,
    bad: Vec<Bad>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("id", &self.id).field("total", &self.total).finish_non_exhaustive()
    }
}

impl Batches {
    /// Begins a batch, or finds the one of this name. One whose lines never all came is begun anew.
    pub async fn begin(&self, account: &str, options: Options) -> Result<Begun, NotTaken> {
        let Options { name, digest, format, message, when_closed, strict } = options;
        let lines = Lines::new(format, message).map_err(NotTaken::Wrong)?;
        let id = new_id(account, &name);
        let now = self.clock.now().millis();
        let insert = format!(
            "{} INTO batches (id, account, name, state, when_closed, digest, total, rejected, next_line, owner, \
             lease_until, fence, created_at, resumed_at, done_before) \
             VALUES (?, ?, ?, 'loading', ?, ?, 0, 0, 0, '', 0, 0, ?, ?, 0)",
            self.store.insert_if_missing()
        );
        let params = vec![
            id.as_str().into(),
            account.into(),
            name.into(),
            when_closed.as_str().into(),
            digest.as_str().into(),
            now.into(),
            now.into(),
        ];
        self.store.write_one(&insert, params).await?;
        let record = self.find(account, &id).await?.ok_or(NotTaken::Overtaken)?;
        if record.state != State::Loading {
            let same = digest.is_empty() || record.digest.is_empty() || record.digest == digest;
            return if same { Ok(Begun::There(record)) } else { Err(NotTaken::Other(id)) };
        }
        let fence = record.fence as i64;
        let taken = self
            .store
            .write_one(
                "UPDATE batches SET fence = fence + 1, digest = ?, when_closed = ?, created_at = ? \
                 WHERE id = ? AND fence = ? AND state = 'loading'",
                vec![
                    digest.into(),
                    when_closed.as_str().into(),
                    now.into(),
                    id.as_str().into(),
                    fence.into(),
                ],
            )
            .await?;
        if taken != 1 {
            return Err(NotTaken::Overtaken);
        }
        self.store.write_one("DELETE FROM batch_lines WHERE batch = ?", vec![id.as_str().into()]).await?;
        Ok(Begun::Fresh(Box::new(Intake {
            batches: self.clone(),
            id,
            account: account.to_owned(),
            fence: fence + 1,
            strict,
            lines,
            waiting: Vec::new(),
            total: 0,
            rejected: 0,
            bad: Vec::new(),
        })))
    }
}

impl Intake {
    /// The batch's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), NotTaken> {
        // In pieces, so that a large chunk does not become a large write.
        for piece in bytes.chunks(16 * 1024) {
            let lines = self.lines.push(piece).map_err(NotTaken::Wrong)?;
            self.take(lines)?;
            while self.waiting.len() >= GROUP {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// All lines are there: sets the batch going. When this returns, all of it is on disk.
    pub async fn finish(mut self) -> Result<Taken, NotTaken> {
        let lines = self.lines.end().map_err(NotTaken::Wrong)?;
        self.take(lines)?;
        while !self.waiting.is_empty() {
            self.flush().await?;
        }
        if self.total == 0 {
            return Err(NotTaken::Wrong("there is no recipient in it".to_owned()));
        }
        let begun = self
            .batches
            .store
            .write_one(
                "UPDATE batches SET state = 'running', total = ?, rejected = ?, resumed_at = ? \
                 WHERE id = ? AND fence = ? AND state = 'loading'",
                vec![
                    (self.total as i64).into(),
                    (self.rejected as i64).into(),
                    self.batches.clock.now().millis().into(),
                    self.id.as_str().into(),
                    self.fence.into(),
                ],
            )
            .await?;
        if begun != 1 {
            return Err(NotTaken::Overtaken);
        }
        let record = self.batches.find(&self.account, &self.id).await?.ok_or(NotTaken::Overtaken)?;
        Ok(Taken { record, bad: self.bad })
    }

    fn take(&mut self, lines: Vec<Line>) -> Result<(), NotTaken> {
        for line in lines {
            self.total += 1;
            if self.total > MOST {
                return Err(NotTaken::Wrong(format!("a batch has at most {MOST} recipients: send several")));
            }
            let (body, error) = match line.message {
                Ok(body) => (body, None),
                Err(error) if self.strict => {
                    return Err(NotTaken::Wrong(format!("line {}: {error}", line.number)));
                }
                Err(error) => {
                    self.rejected += 1;
                    if self.bad.len() < TOLD {
                        self.bad.push(Bad { line: line.number, error: error.clone() });
                    }
                    (String::new(), Some(error.chars().take(500).collect::<String>()))
                }
            };
            self.waiting.push((
                "INSERT INTO batch_lines (batch, line, openid, body, error) SELECT ?, ?, ?, ?, ? FROM batches \
                 WHERE id = ? AND fence = ? AND state = 'loading'"
                    .to_owned(),
                vec![
                    self.id.as_str().into(),
                    (line.number as i64).into(),
                    line.openid.into(),
                    body.into(),
                    error.into(),
                    self.id.as_str().into(),
                    self.fence.into(),
                ],
            ));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), NotTaken> {
        let count = self.waiting.len().min(GROUP);
        let group: Vec<Statement> = self.waiting.drain(..count).collect();
        let written = self.batches.store.write(group).await?;
        if written.iter().any(|rows| *rows != 1) {
            return Err(NotTaken::Overtaken);
        }
        Ok(())
    }
}
