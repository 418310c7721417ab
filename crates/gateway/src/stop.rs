//! The running gateway, and how it stops: what it accepted is finished, or is on disk.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hongyan_server::Callback;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::account::Account;
use crate::recent::Recent;
use crate::store::Store;
use crate::tasks::Tasks;

/// How long runs may still take.
const RUNS: Duration = Duration::from_secs(15);
/// How long answers may take to leave.
const ANSWERS: Duration = Duration::from_secs(3);
/// How long a send that has begun may still take.
const SENDS: Duration = Duration::from_secs(12);

/// A gateway that runs until it is stopped.
pub struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin_address: Option<SocketAddr>,
    pub(crate) store: Store,
    pub(crate) recent: Arc<Recent>,
    pub(crate) callbacks: Arc<HashMap<String, Callback<Account>>>,
    pub(crate) tasks: Tasks,
    pub(crate) stopping: Arc<AtomicBool>,
    pub(crate) stop_doors: watch::Sender<bool>,
    pub(crate) doors: Vec<JoinHandle<GracefulShutdown>>,
    pub(crate) stop_sender: watch::Sender<bool>,
    pub(crate) sender: JoinHandle<()>,
    pub(crate) warming: Vec<JoinHandle<()>>,
    pub(crate) background: Vec<JoinHandle<()>>,
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
        self.callbacks.get(account).map(Callback::stats)
    }

    /// Stops: not ready any more, no new connections, runs up to 15 s, late replies to the outbox, all written.
    pub async fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        for task in &self.background {
            task.abort();
        }
        self.stop_doors.send_replace(true);
        let connections: Vec<GracefulShutdown> = join_all(self.doors).await.into_iter().flatten().collect();
        let drained = join_all(self.callbacks.values().map(|callback| callback.drain(RUNS))).await;
        let left: usize = drained.iter().map(|drained| drained.left).sum();
        if left > 0 {
            tracing::error!(left, "pushes were still being answered when the time to stop was up");
        }
        let closed = join_all(connections.into_iter().map(GracefulShutdown::shutdown));
        if tokio::time::timeout(ANSWERS, closed).await.is_err() {
            tracing::warn!("connections were still open when the time to stop was up");
        }
        if !self.tasks.finished(ANSWERS).await {
            tracing::error!("what follows answers was not all written when the time to stop was up");
        }
        self.stop_sender.send_replace(true);
        if tokio::time::timeout(SENDS, self.sender).await.is_err() {
            tracing::error!(
                "a message was still being sent when the time to stop was up; it will be unknown"
            );
        }
        if tokio::time::timeout(ANSWERS, join_all(self.warming)).await.is_err() {
            tracing::warn!(
                "the platform was still being asked for a token or a menu when the time to stop was up"
            );
        }
        if let Err(error) = self.recent.flush().await {
            tracing::error!(%error, "recent users could not be written");
        }
        self.store.db().close().await;
        tracing::info!("stopped");
    }
}
