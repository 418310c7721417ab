//! Learns why a database is away, which the pool keeps to itself, and spares it for a moment after it has failed.
//!
//! A pool tries again and again to connect until its time is up, and then says only that. So while somebody waits for
//! a connection, one attempt outside the pool finds the reason. Until a moment has passed nobody else waits at all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;

use super::DbError;
use super::url::Options;

/// How long a connection may take before the reason is looked for.
const SUSPICION: Duration = Duration::from_millis(300);
/// How long the attempt outside the pool may take.
const PROBE: Duration = Duration::from_secs(1);
/// How long a database that failed is left alone.
const REST: Duration = Duration::from_secs(2);

/// Stands before a database that must not hold up its callers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Option<Shut>>>);

#[derive(Debug)]
struct Shut {
    since: Instant,
    why: String,
}

impl Gate {
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
        tokio::time::sleep(SUSPICION).await;
        let (gate, options) = (self.clone(), options.clone());
        // A task of its own, so that a caller who has no more time learns the reason for the next one.
        let probe = tokio::spawn(async move {
            let why = reason(&options).await;
            if let Some(why) = &why {
                gate.shut(why);
            }
            why
        });
        match probe.await {
            Ok(Some(why)) => why,
            // It can be reached: the connections are busy.
            _ => std::future::pending().await,
        }
    }

    fn shut(&self, why: &str) {
        *self.lock() = Some(Shut { since: Instant::now(), why: why.to_owned() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Shut>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the database cannot be reached; `None` when it can.
pub(super) async fn reason(options: &Options) -> Option<String> {
    let connected = async {
        match options {
            Options::Sqlite(options) => options.connect().await.map(drop),
            Options::MySql(options) => options.connect().await.map(drop),
        }
    };
    match tokio::time::timeout(PROBE, connected).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("it does not answer within {} s", PROBE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_failed_is_left_alone_for_a_moment() {
        let gate = Gate::default();
        assert!(gate.pass(Instant::now()).is_ok());
        gate.shut("connection refused");
        let error = gate.pass(Instant::now()).unwrap_err();
        assert!(error.is_away() && error.to_string().contains("connection refused"), "{error}");
        assert!(gate.pass(Instant::now() + REST).is_ok());
    }
}
