//! How much is going on: the bound on runs, and what a clean stop waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts pushes whose end is open, and handlers that run.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    undecided: AtomicUsize,
    running: AtomicUsize,
    closing: AtomicBool,
    idle: Notify,
}

/// One push whose end is open, until dropped.
#[derive(Debug)]
pub(crate) struct Undecided(Arc<Gauge>);

/// One running handler, until dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<Gauge>);

impl Gauge {
    pub(crate) fn undecided(self: &Arc<Self>) -> Undecided {
        self.undecided.fetch_add(1, Ordering::SeqCst);
        Undecided(Arc::clone(self))
    }

    pub(crate) fn run(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub(crate) fn open(&self) -> usize {
        self.undecided.load(Ordering::SeqCst)
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    pub(crate) fn closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Waits until every push is decided.
    pub(crate) async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            if self.open() == 0 {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for Undecided {
    fn drop(&mut self) {
        if self.0.undecided.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
