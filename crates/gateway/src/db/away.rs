//! Learns why a database is away, which the pool keeps to itself, and spares it for a moment after it has failed.
//!
//! A pool tries again and again to connect until its time is up, and then says only that. So while somebody waits for
//! a connection, one attempt outside the pool finds the reason. Until a moment has passed nobody else waits at all.
//! However many wait, one attempt at a time is made: a database whose connections are all busy must not be given more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;

use super::DbError;
use super::url::Options;

/// How long a connection may take before the reason is looked for.
const SUSPICION: Duration = Duration::from_millis(300);
/// How long the attempt outside the pool may take.
pub(super) const PROBE: Duration = Duration::from_secs(1);
/// How long a database that failed is left alone.
const REST: Duration = Duration::from_secs(2);

/// Stands before a database that must not hold up its callers. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How long an attempt to find out may take before the database counts as away.
    patience: Duration,
    shut: Mutex<Option<Shut>>,
    /// Whether somebody is finding out at this moment.
    probing: AtomicBool,
}

#[derive(Debug)]
struct Shut {
    since: Instant,
    why: String,
}

impl Gate {
    /// A database that gives a new connection no answer for so long is away; one that refuses it is at once.
    pub(super) fn new(patience: Duration) -> Self {
        Self(Arc::new(Inner { patience, shut: Mutex::default(), probing: AtomicBool::new(false) }))
    }

    /// Refuses at once for a moment after the database was found to be away.
    pub(super) fn pass(&self, now: Instant) -> Result<(), DbError> {
        let mut shut = self.lock();
        match &*shut {
            Some(state) if now.saturating_duration_since(state.since) < REST => {
                Err(DbError::Away(state.why.clone()))
            }
            _ => {
                *shut = None;
                Ok(())
            }
        }
    }

    /// The connection, or why there is none, as soon as that is known.
    pub(super) async fn watch<T>(
        &self,
        options: &Options,
        connection: impl Future<Output = Result<T, DbError>>,
    ) -> Result<T, DbError> {
        self.pass(Instant::now())?;
        tokio::select! {
            biased;
            found = connection => found.inspect_err(|error| {
                if let DbError::Away(why) = error {
                    self.shut(why);
                }
            }),
            why = self.suspect(options) => Err(DbError::Away(why)),
        }
    }

    /// Ends only when the database turns out to be away.
    async fn suspect(&self, options: &Options) -> String {
        loop {
            tokio::time::sleep(SUSPICION).await;
            // Somebody else may have found out meanwhile.
            if let Err(DbError::Away(why)) = self.pass(Instant::now()) {
                return why;
            }
            if self.0.probing.swap(true, Ordering::Relaxed) {
                continue;
            }
            let (gate, options) = (self.clone(), options.clone());
            // A task of its own, so that a caller who has no more time learns the reason for the next one.
            let probe = tokio::spawn(async move {
                let why = reason(&options, gate.0.patience).await;
                if let Some(why) = &why {
                    gate.shut(why);
                }
                gate.0.probing.store(false, Ordering::Relaxed);
                why
            });
            // When it can be reached the connections are busy: the wait goes on.
            if let Ok(Some(why)) = probe.await {
                return why;
            }
        }
    }

    fn shut(&self, why: &str) {
        *self.lock() = Some(Shut { since: Instant::now(), why: why.to_owned() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Shut>> {
        self.0.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the database cannot be reached; `None` when it can.
pub(super) async fn reason(options: &Options, patience: Duration) -> Option<String> {
    let connected = async {
        match options {
            Options::Sqlite(options) => options.connect().await.map(drop),
            Options::MySql(options) => options.connect().await.map(drop),
        }
    };
    match tokio::time::timeout(patience, connected).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("it does not answer within {} s", patience.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_failed_is_left_alone_for_a_moment() {
        let gate = Gate::new(PROBE);
        assert!(gate.pass(Instant::now()).is_ok());
        gate.shut("connection refused");
        let error = gate.pass(Instant::now()).unwrap_err();
        assert!(error.is_away() && error.to_string().contains("connection refused"), "{error}");
        assert!(gate.pass(Instant::now() + REST).is_ok());
    }
}
