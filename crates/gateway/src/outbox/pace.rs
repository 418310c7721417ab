//! How fast an account sends: no more than its `send_rate`, on all gateways together.
//!
//! A permit is asked for before a lane is claimed, so that a lane which must wait is held by nobody. An account that
//! must wait is left alone until its pause is over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::cluster::{Limiter, Rate, Taken};

/// The longest pause before the rate is asked about again; it may have been changed.
const LONGEST: Duration = Duration::from_secs(5);
/// The shortest, so that many small pauses do not keep the sender busy.
const SHORTEST: Duration = Duration::from_millis(20);

/// The limit of one account's sends.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What the account is counted under.
    pub key: Arc<str>,
    /// How many it may send.
    pub rate: Rate,
}

/// Whether one message may be sent; what is not used is given back.
#[derive(Debug)]
pub(super) enum Permit {
    Unlimited,
    Taken,
    Used,
}

/// Gives permits, and remembers who must wait.
pub(super) struct Pace {
    limiter: Limiter,
    pauses: Mutex<HashMap<Arc<str>, Instant>>,
}

impl Pace {
    pub(super) fn new(limiter: Limiter) -> Self {
        Self { limiter, pauses: Mutex::default() }
    }

    /// A permit for one send; `None` when the account must wait.
    pub(super) async fn permit(&self, account: &Arc<str>, limit: Option<&Limit>) -> Option<Permit> {
        let Some(limit) = limit else { return Some(Permit::Unlimited) };
        match self.limiter.take(&limit.key, limit.rate, 1).await {
            Taken::Ok => Some(Permit::Taken),
            Taken::Wait(wait) => {
                let until = Instant::now() + wait.clamp(SHORTEST, LONGEST);
                self.lock().insert(Arc::clone(account), until);
                None
            }
        }
    }

    /// The permit was not needed.
    pub(super) async fn give_back(&self, permit: Permit, limit: Option<&Limit>) {
        if let (Permit::Taken, Some(limit)) = (permit, limit) {
            self.limiter.give_back(&limit.key, limit.rate, 1).await;
        }
    }

    /// Whether the account must wait.
    pub(super) fn paused(&self, account: &str) -> bool {
        self.lock().get(account).is_some_and(|until| *until > Instant::now())
    }

    /// Ends when the next pause does.
    pub(super) async fn resume(&self) {
        let next = self.lock().values().min().copied();
        match next {
            Some(next) => {
                sleep_until(next).await;
                self.lock().retain(|_, until| *until > next);
            }
            None => std::future::pending().await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Instant>> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_that_must_wait_is_left_alone_until_its_pause_is_over() {
        let pace = Pace::new(Limiter::new(None));
        let account: Arc<str> = "main".into();
        let limit = Limit { key: "send:wx1".into(), rate: "20/s".parse().unwrap() };
        let permit = pace.permit(&account, Some(&limit)).await.unwrap();
        assert!(!pace.paused("main"));
        assert!(pace.permit(&account, Some(&limit)).await.is_none() && pace.paused("main"));
        assert!(pace.permit(&"other".into(), None).await.is_some() && !pace.paused("other"));
        pace.resume().await;
        assert!(!pace.paused("main"));
        pace.give_back(permit, Some(&limit)).await;
        assert!(pace.permit(&account, Some(&limit)).await.is_some());
    }
}
