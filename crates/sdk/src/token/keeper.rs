//! Carries out what the machine decides: one renewal at a time, everybody else waits for it or uses what works.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hongyan_wire::{AppId, Clock, Secret, Timestamp};

use super::machine::{Action, Ask, Event, LEASE, Machine, Renewal};
use super::{StoreError, StoredToken, TokenStore};
use crate::error::Error;

/// After so many renewals in a row that failed the next begins only a while later; whoever asks meanwhile is told why
/// the last one failed. Many who try again, each in a way of its own, must not become a storm on a platform in trouble.
const FAILURES: u32 = 5;
/// How much later.
const TROUBLE: Duration = Duration::from_secs(1);

/// One account's token in this process, or another secret that is fetched, kept for a time and shared, such as the
/// ticket that web pages are signed with.
pub struct Keeper {
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    machine: Mutex<Machine>,
    /// Held by the one who renews; holds how the last renewal failed, and how many there have been.
    flight: tokio::sync::Mutex<Flight>,
    landed: std::sync::atomic::AtomicU64,
}

#[derive(Default)]
struct Flight {
    failure: Option<Error>,
    /// How many have failed in a row, and when the last did.
    in_a_row: u32,
    failed_at: Option<Instant>,
}

impl Flight {
    fn ended(&mut self, ended: &Result<StoredToken, Error>) {
        self.failure = ended.as_ref().err().map(Error::copy);
        self.in_a_row = if self.failure.is_some() { self.in_a_row.saturating_add(1) } else { 0 };
        self.failed_at = self.failure.is_some().then(Instant::now);
    }

    /// Whether the next renewal has to wait.
    fn rests(&self) -> bool {
        self.in_a_row >= FAILURES && self.failed_at.is_some_and(|at| at.elapsed() < TROUBLE)
    }
}

impl Keeper {
    /// What is kept in this store under the names given to [`token`](Self::token).
    pub fn new(store: Arc<dyn TokenStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            machine: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
            landed: std::sync::atomic::AtomicU64::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The token that needs no renewal, if there is one other than `failed`.
    pub(crate) fn at_hand(&self, failed: Option<&Secret>) -> Option<StoredToken> {
        match self.ask(failed) {
            Ask::Use(token) => Some(token),
            Ask::Renew { .. } => None,
        }
    }

    /// A token other than `failed`, as far as the platform has one; `fetch` is called only when none is at hand.
    ///
    /// To be awaited to its end: a caller that gives up half-way may leave a lease that others wait for.
    pub async fn token<F, R>(
        &self,
        app: &AppId,
        failed: Option<&Secret>,
        fetch: F,
    ) -> Result<StoredToken, Error>
    where
        F: Fn() -> R + Send,
        R: Future<Output = Result<(Secret, Duration), Error>> + Send,
    {
        let before = self.landed();
        let mut flight = match self.ask(failed) {
            Ask::Use(token) => return Ok(token),
            Ask::Renew { meanwhile: Some(token) } => match self.flight.try_lock() {
                Ok(flight) => flight,
                Err(_) => return Ok(token),
            },
            Ask::Renew { meanwhile: None } => self.flight.lock().await,
        };
        // Who waited through a renewal takes its end, good or bad, and does not begin another.
        let meanwhile = match self.ask(failed) {
            Ask::Use(token) => return Ok(token),
            Ask::Renew { meanwhile } => meanwhile,
        };
        if (self.landed() != before || flight.rests())
            && let Some(failure) = &flight.failure
        {
            return Err(failure.copy());
        }
        let ended = self.renew(app, Renewal::new(failed, meanwhile), &fetch).await;
        flight.ended(&ended);
        self.landed.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
        ended
    }

    async fn renew<F, R>(&self, app: &AppId, mut renewal: Renewal, fetch: &F) -> Result<StoredToken, Error>
    where
        F: Fn() -> R + Send,
        R: Future<Output = Result<(Secret, Duration), Error>> + Send,
    {
        let mut event = Event::Started;
        let mut failure = None;
        loop {
            let now = self.now();
            let action = self.machine().step(&mut renewal, now, event);
            event = match action {
                Action::Load => done(self.store.load(app).await, Event::Loaded, &mut failure),
                Action::Lease => {
                    done(self.store.lease(app, self.now(), LEASE).await, Event::Leased, &mut failure)
                }
                Action::Save { fence, token } => {
                    done(self.store.save(app, fence, token).await, Event::Saved, &mut failure)
                }
                Action::Release { fence } => match self.store.release(app, fence).await {
                    Ok(()) => Event::Released,
                    // The failure that led here matters more, and the lease ends with its time.
                    Err(error) => {
                        tracing::debug!(%error, "lease not given back");
                        Event::StoreFailed
                    }
                },
                Action::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Event::Waited(time)
                }
                Action::Fetch => match fetch().await {
                    Ok((token, expires_in)) => Event::Fetched { token, expires_in },
                    Err(error) => {
                        failure = Some(error);
                        Event::FetchFailed
                    }
                },
                Action::Use(token) => {
                    if let Some(error) = failure {
                        tracing::warn!(app_id = %app, %error, "renewing the access token did not go all the way, going on with the one at hand");
                    }
                    return Ok(token);
                }
                Action::Busy => {
                    let error = StoreError::said(
                        "another program holds the right to fetch the token and brings none",
                        "另一个程序占着获取 access_token 的权利，却一直没有取回",
                    );
                    return Err(error.into());
                }
                Action::Fail => {
                    return Err(failure.unwrap_or_else(|| {
                        StoreError::said("the renewal ended without a reason", "刷新无故中止").into()
                    }));
                }
            };
        }
    }

    /// A method of its own, so that the lock is let go before anything is awaited.
    fn ask(&self, failed: Option<&Secret>) -> Ask {
        self.machine().ask(self.now(), failed)
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn landed(&self) -> u64 {
        self.landed.load(std::sync::atomic::Ordering::Acquire)
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

fn done<T>(
    result: Result<T, StoreError>,
    event: impl FnOnce(T) -> Event,
    failure: &mut Option<Error>,
) -> Event {
    match result {
        Ok(value) => event(value),
        Err(error) => {
            *failure = Some(error.into());
            Event::StoreFailed
        }
    }
}
