//! The running gateway, and how it stops: what it accepted is finished, or is on disk.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hongyan_server::Callback;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::account::Account;
use crate::behind::Behind;
use crate::forward::{CopyCounts, Forwarder};
use crate::reload::{ReloadError, Reloaded, Reloader};
use crate::store::Store;
use crate::store::file::Claim;
use crate::swap::Swap;
use crate::tasks::Tasks;

/// How long runs may still take.
const RUNS: Duration = Duration::from_secs(15);
/// How long everything after the runs may take, together.
const AFTER_RUNS: Duration = Duration::from_secs(3);
/// How long answers may take to leave.
const ANSWERS: Duration = Duration::from_secs(2);
/// How long new sends may begin while runs are waited for.
const SENDING: Duration = Duration::from_secs(4);
/// What the last writes always get.
const LAST: Duration = Duration::from_secs(1);

/// A gateway that runs until it is stopped.
pub struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin_address: Option<SocketAddr>,
    pub(crate) store: Store,
    pub(crate) behind: Arc<Behind>,
    pub(crate) callbacks: Swap<HashMap<String, Callback<Account>>>,
    pub(crate) tasks: Tasks,
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) stop_doors: watch::Sender<bool>,
    pub(crate) doors: Vec<JoinHandle<GracefulShutdown>>,
    pub(crate) stop_sender: watch::Sender<bool>,
    pub(crate) sender: JoinHandle<()>,
    pub(crate) reloader: Reloader,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) background: Vec<JoinHandle<()>>,
    /// Keeps other gateways from the SQLite file until everything is written.
    pub(crate) claim: Claim,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the API listens, when that is somewhere else.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The gateway's database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Counts of what became of an account's pushes.
    pub fn stats(&self, account: &str) -> Option<hongyan_server::Stats> {
        self.callbacks.get().get(account).map(Callback::stats)
    }

    /// Reads the configuration again; on an error everything stays as it was.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        self.reloader.reload().await
    }

    /// The same for whoever outlives a borrow of this, such as a signal's handler.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// What became of copies for further programs.
    pub fn copies(&self) -> CopyCounts {
        self.forwarder.copies()
    }

    /// Stops: not ready any more, no new connections, runs up to 15 s, late replies to the outbox, all written. A few
    /// seconds later it has stopped, whatever is away.
    pub async fn stop(self) {
        self.stop_within(RUNS).await;
    }

    /// The same with another limit for what is still being answered.
    pub async fn stop_within(self, runs: Duration) {
        let end = Instant::now() + runs + AFTER_RUNS;
        self.stopping.store(true, Ordering::Relaxed);
        for task in &self.background {
            task.abort();
        }
        self.stop_doors.send_replace(true);
        let warming = timeout_at(end, self.reloader.stop()).await.unwrap_or_default();
        let connections = timeout_at(end, join_all(self.doors)).await.unwrap_or_default();
        drain(&self.callbacks.get(), &self.stop_sender, runs).await;
        self.stop_sender.send_replace(true);
        let closed = join_all(connections.into_iter().flatten().map(GracefulShutdown::shutdown));
        if timeout_at(end.min(Instant::now() + ANSWERS), closed).await.is_err() {
            tracing::warn!("connections were still open when the time to stop was up");
        }
        // What follows answers comes first: it is lost when it is not written, what is in the outbox already is not.
        if !self.tasks.finished(end.min(Instant::now() + ANSWERS)).await {
            let lost = self.tasks.count();
            tracing::error!(lost, "what follows answers was not all written when the time to stop was up");
        }
        if timeout_at(end, self.sender).await.is_err() {
            tracing::error!(
                "a message was still being sent when the time to stop was up; it will be unknown"
            );
        }
        if timeout_at(end.min(Instant::now() + ANSWERS), join_all(warming)).await.is_err() {
            tracing::warn!(
                "the platform was still being asked for a token or a menu when the time to stop was up"
            );
        }
        // Even when the time is up already: a database that is there takes a moment only.
        let end = end.max(Instant::now() + LAST);
        let noted = self.behind.waiting();
        match timeout_at(end, self.behind.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, lost = noted, "what was noted could not all be written");
            }
            Err(_) => {
                tracing::error!(
                    lost = noted,
                    "what was noted was not all written when the time to stop was up"
                );
            }
        }
        if timeout_at(end, self.store.db().close()).await.is_err() {
            tracing::warn!("the database was still busy when the time to stop was up");
        }
        drop(self.claim);
        tracing::info!("stopped");
    }
}

/// Waits for runs; what is left of them is told.
async fn drain(
    callbacks: &HashMap<String, Callback<Account>>,
    stop_sender: &watch::Sender<bool>,
    limit: Duration,
) {
    let mut drained = pin!(join_all(callbacks.values().map(|callback| callback.drain(limit))));
    let soon = timeout(SENDING.min(limit), &mut drained).await;
    let done = if let Ok(done) = soon {
        done
    } else {
        // Nothing new is sent from here on, so that a send that has begun has time to end.
        stop_sender.send_replace(true);
        drained.await
    };
    let left: usize = done.iter().map(|drained| drained.left).sum();
    if left > 0 {
        tracing::error!(lost = left, "pushes were still being answered when the time to stop was up");
    }
}
