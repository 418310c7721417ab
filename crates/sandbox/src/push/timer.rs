//! The time a push goes by: the wall clock's, or the sandbox's when it is told so.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;
use crate::settings::PushTime;

/// Counts the milliseconds since a push began.
#[derive(Clone)]
pub(crate) enum Timer {
    Real(Instant),
    Virtual { platform: Arc<Platform>, began_ms: i64 },
}

/// How long a wait by the sandbox's clock sleeps at most, before it looks at the clock again.
const LONGEST: Duration = Duration::from_hours(1);

impl Timer {
    pub(crate) fn start(platform: &Arc<Platform>, time: PushTime) -> Self {
        match time {
            PushTime::Real => Timer::Real(Instant::now()),
            PushTime::Virtual => {
                Timer::Virtual { platform: Arc::clone(platform), began_ms: platform.clock().now_ms() }
            }
        }
    }

    pub(crate) fn elapsed(&self) -> u64 {
        match self {
            Timer::Real(began) => began.elapsed().as_millis() as u64,
            Timer::Virtual { platform, began_ms } => {
                u64::try_from(platform.clock().now_ms() - began_ms).unwrap_or(0)
            }
        }
    }

    /// Comes back when so many milliseconds have gone by; a clock that stands still is waited for.
    pub(crate) async fn until(&self, ms: u64) {
        let platform = match self {
            Timer::Real(began) => return tokio::time::sleep_until(*began + Duration::from_millis(ms)).await,
            Timer::Virtual { platform, .. } => platform,
        };
        let mut changed = platform.changed();
        let mut closing = platform.closing();
        loop {
            changed.borrow_and_update();
            let left = ms.saturating_sub(self.elapsed());
            if left == 0 || *closing.borrow() {
                return;
            }
            let rate = platform.clock().rate();
            let real = if rate > 0.0 {
                // A millisecond more, because the clock counts whole ones.
                Duration::from_secs_f64((left as f64 / rate / 1000.0).min(LONGEST.as_secs_f64()))
                    + Duration::from_millis(1)
            } else {
                LONGEST
            };
            tokio::select! {
                _ = changed.changed() => {}
                _ = closing.changed() => {}
                () = tokio::time::sleep(real) => {}
            }
        }
    }
}
