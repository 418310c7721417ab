//! Work that nobody waits for, until the gateway stops.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

/// As many at once as nobody reaches in practice; above it new work waits its turn.
const MOST: u32 = 100_000;

/// Spawns work and can wait for all of it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    places: Arc<Semaphore>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST as usize)) }
    }
}

impl Tasks {
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let places = Arc::clone(&self.places);
        tokio::spawn(async move {
            let _place = match place {
                Ok(place) => Some(place),
                Err(_) => places.acquire_owned().await.ok(),
            };
            work.await;
        });
    }

    /// Waits until everything has ended, but not longer than `end`; whether it has.
    pub(crate) async fn finished(&self, end: Instant) -> bool {
        timeout_at(end, self.places.acquire_many(MOST)).await.is_ok()
    }

    /// How much has not ended.
    pub(crate) fn count(&self) -> usize {
        (MOST as usize).saturating_sub(self.places.available_permits())
    }
}

/// Waits until the signal to stop.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Whoever could give the signal is gone: that is a stop too.
    let _ = stopping.wait_for(|stop| *stop).await;
}
