//! Holds a push back until the next one of the same person has gone by.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A person of an account.
pub(crate) type Lane = (usize, String);

struct Held {
    exchange: u64,
    overtaken: bool,
}

/// The pushes that are held back, one for each person at most.
pub(crate) struct Order {
    held: Mutex<HashMap<Lane, Held>>,
    changed: watch::Sender<u64>,
}

impl Order {
    pub(crate) fn new() -> Self {
        Order { held: Mutex::default(), changed: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lane, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until another push has gone by; not at all when another one waits already, which this one then overtakes.
    pub(crate) async fn hold(&self, lane: &Lane, exchange: u64, limit: Duration) {
        let mut changed = self.changed.subscribe();
        {
            let mut held = self.lock();
            if held.contains_key(lane) {
                return;
            }
            held.insert(lane.clone(), Held { exchange, overtaken: false });
        }
        self.changed.send_modify(|version| *version += 1);
        let overtaken = async {
            while self.lock().get(lane).is_some_and(|held| !held.overtaken) {
                if changed.changed().await.is_err() {
                    return;
                }
            }
        };
        // Nobody came by: it goes out all the same.
        let _ = tokio::time::timeout(limit, overtaken).await;
        self.lock().remove(lane);
    }

    /// A push of this person was heard, or cut.
    pub(crate) fn passed(&self, lane: &Lane, exchange: u64) {
        if let Some(held) = self.lock().get_mut(lane).filter(|held| held.exchange != exchange) {
            held.overtaken = true;
            self.changed.send_modify(|version| *version += 1);
        }
    }

    /// Waits until this push is held back; for ever when it never is.
    pub(crate) async fn held(&self, lane: &Lane, exchange: u64) {
        let mut changed = self.changed.subscribe();
        while self.lock().get(lane).is_none_or(|held| held.exchange != exchange) {
            if changed.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(user: &str) -> Lane {
        (0, user.to_owned())
    }

    const LONG: Duration = Duration::from_mins(10);

    #[tokio::test]
    async fn a_held_push_goes_after_the_next_one_of_its_person() {
        let order = Order::new();
        let (one, other) = (lane("o1"), lane("o2"));
        let held = order.hold(&one, 1, LONG);
        let pass = async {
            order.held(&one, 1).await;
            order.passed(&other, 5);
            order.passed(&one, 1);
            assert!(!order.lock()[&one].overtaken);
            order.passed(&one, 2);
        };
        tokio::join!(held, pass);
        assert!(order.lock().is_empty());
    }

    #[tokio::test]
    async fn the_overtaker_is_not_held_itself() {
        let order = Order::new();
        let one = lane("o1");
        let second = async {
            order.held(&one, 1).await;
            order.hold(&one, 2, LONG).await;
            order.passed(&one, 2);
        };
        tokio::join!(order.hold(&one, 1, LONG), second);
    }

    #[tokio::test]
    async fn without_a_next_one_it_goes_out_alone() {
        Order::new().hold(&lane("o1"), 1, Duration::from_millis(1)).await;
    }
}
