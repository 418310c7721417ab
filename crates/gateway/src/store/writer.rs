//! One task that writes, many that wait for their commit.
//!
//! A commit costs the same for one row and for two hundred, and SQLite has one writer at a time anyway. So whoever
//! wants something written hands it over and waits; what has gathered meanwhile goes into the next transaction.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use crate::db::{Db, Param};

/// One statement with its parameters.
pub(crate) type Statement = (String, Vec<Param>);

/// How many writes may wait; above it the caller is told that the store is full.
const QUEUE: usize = 4096;
/// How many statements go into one transaction at most, unless a single write is larger.
const GROUP: usize = 256;

struct Write {
    statements: Vec<Statement>,
    done: oneshot::Sender<Result<Vec<u64>, StoreError>>,
}

/// The way to the writing task.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Write>,
}

impl Writer {
    pub(crate) fn start(db: Db) -> Self {
        let (queue, writes) = mpsc::channel(QUEUE);
        tokio::spawn(run(db, writes));
        Self { queue }
    }

    /// Writes all of it or nothing, and waits for the commit. Waits for a place in the queue too.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<Vec<u64>, StoreError> {
        let (done, answer) = oneshot::channel();
        self.queue.send(Write { statements, done }).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// The same, but refuses at once when the queue is full.
    pub(crate) async fn write_if_room(&self, statements: Vec<Statement>) -> Result<Vec<u64>, StoreError> {
        let (done, answer) = oneshot::channel();
        self.queue.try_send(Write { statements, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Full,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}

async fn run(db: Db, mut writes: mpsc::Receiver<Write>) {
    while let Some(first) = writes.recv().await {
        let mut size = first.statements.len();
        let mut group = vec![first];
        while size < GROUP {
            let Ok(write) = writes.try_recv() else { break };
            size += write.statements.len();
            group.push(write);
        }
        commit(&db, group).await;
    }
}

async fn commit(db: &Db, group: Vec<Write>) {
    if group.len() > 1 {
        let all: Vec<Statement> = group.iter().flat_map(|write| write.statements.iter().cloned()).collect();
        if let Ok(counts) = db.batch(all).await {
            let mut counts = counts.into_iter();
            for write in group {
                let own = counts.by_ref().take(write.statements.len()).collect();
                // The caller may have gone; its write stands all the same.
                let _ = write.done.send(Ok(own));
            }
            return;
        }
    }
    // Alone, so that one bad write fails only its own caller. A second attempt, because MySQL may have chosen this
    // transaction to end a deadlock.
    for write in group {
        let mut result = db.batch(write.statements.clone()).await;
        if result.is_err() {
            result = db.batch(write.statements).await;
        }
        let _ = write.done.send(result.map_err(|error| StoreError::Db(Arc::new(error))));
    }
}
