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
    // transaction to end a deadlock, or the connection was an old one. A database that is away then is away for all
    // that wait here: each would find out for itself, one after the other, and somebody waits for every answer.
    let mut away: Option<StoreError> = None;
    for write in group {
        let result = if let Some(error) = &away {
            Err(error.clone())
        } else {
            let mut result = db.batch(write.statements.clone()).await;
            if result.is_err() {
                result = db.batch(write.statements).await;
            }
            result.map_err(|error| {
                let is_away = error.is_away();
                let error = StoreError::Db(Arc::new(error));
                away = is_away.then(|| error.clone());
                error
            })
        };
        let _ = write.done.send(result);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn more_writes_than_there_is_room_for_are_refused_and_the_others_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("a.db").display()), 2).await.unwrap();
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)", &[]).await.unwrap();
        let writer = Writer::start(db.clone());
        let insert = |id: i64| vec![("INSERT INTO t (id) VALUES (?)".to_owned(), vec![Param::Int(id)])];
        let more = 500;
        let made = join_all((0..QUEUE as i64 + more).map(|id| writer.write_if_room(insert(id)))).await;
        let full = made.iter().filter(|one| matches!(one, Err(StoreError::Full))).count();
        let written = made.iter().filter(|one| one.is_ok()).count();
        assert_eq!((full as i64, written), (more, QUEUE));
        let rows = db.query("SELECT count(*) AS n FROM t", &[]).await.unwrap();
        assert_eq!(rows[0]["n"], QUEUE);
    }

    #[tokio::test]
    async fn a_database_that_goes_away_fails_everybody_who_waits_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("a.db").display()), 2).await.unwrap();
        let writer = Writer::start(db.clone());
        db.close().await;
        let write = || writer.write(vec![("DELETE FROM t".to_owned(), Vec::new())]);
        for one in join_all((0..100).map(|_| write())).await {
            assert!(matches!(one, Err(StoreError::Db(error)) if error.is_away()));
        }
    }
}
