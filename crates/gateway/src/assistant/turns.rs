//! Whose question a model is at work on: one at a time for each person, and few that wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hongyan_wire::OpenId;
use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

/// How many questions of one person may be there at once, the one at work among them.
const MOST: usize = 4;

/// Everybody's turns.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    people: Mutex<HashMap<OpenId, Person>>,
}

#[derive(Debug, Default)]
struct Person {
    turnstile: Arc<Turnstile<()>>,
    here: usize,
}

/// A turn; the next one comes when it is dropped.
pub(crate) struct Turn {
    _place: Place,
    _guard: OwnedMutexGuard<()>,
    /// Whether another one was at work before.
    pub(crate) waited: bool,
}

struct Place {
    turns: Arc<Turns>,
    openid: OpenId,
}

impl Turns {
    /// Waits for the person's turn; `None` when too many wait already, or the time is up.
    pub(crate) async fn take(self: &Arc<Self>, openid: &OpenId, end: Instant) -> Option<Turn> {
        let (turnstile, place) = {
            let mut people = self.people();
            let person = people.entry(openid.clone()).or_default();
            if person.here >= MOST {
                return None;
            }
            person.here += 1;
            (Arc::clone(&person.turnstile), Place { turns: Arc::clone(self), openid: openid.clone() })
        };
        if let Ok(guard) = Arc::clone(&turnstile).try_lock_owned() {
            return Some(Turn { _place: place, _guard: guard, waited: false });
        }
        let guard = timeout_at(end, turnstile.lock_owned()).await.ok()?;
        Some(Turn { _place: place, _guard: guard, waited: true })
    }

    fn people(&self) -> MutexGuard<'_, HashMap<OpenId, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.turns.people();
        if let Some(person) = people.get_mut(&self.openid) {
            person.here -= 1;
            if person.here == 0 {
                people.remove(&self.openid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn questions_of_one_person_take_turns_and_few_wait() {
        let turns = Arc::<Turns>::default();
        let (one, other) = (OpenId::new("a"), OpenId::new("b"));
        let end = Instant::now() + Duration::from_mins(1);
        let first = turns.take(&one, end).await.unwrap();
        assert!(!first.waited);
        assert!(!turns.take(&other, end).await.unwrap().waited, "others do not wait");
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let (turns, one) = (Arc::clone(&turns), one.clone());
                tokio::spawn(async move { turns.take(&one, end).await.map(|turn| turn.waited) })
            })
            .collect();
        // All of them have come as far as they can.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        drop(first);
        let mut got = Vec::new();
        for one in waiting {
            got.push(one.await.unwrap());
        }
        assert_eq!(got.iter().filter(|got| got.is_none()).count(), 2, "{got:?}");
        assert!(got.iter().flatten().all(|waited| *waited));
        assert!(turns.people().is_empty(), "nothing is left of it");
    }

    #[tokio::test]
    async fn a_turn_that_does_not_come_in_time_is_given_up() {
        let turns = Arc::<Turns>::default();
        let one = OpenId::new("a");
        let _first = turns.take(&one, Instant::now()).await.unwrap();
        assert!(turns.take(&one, Instant::now()).await.is_none());
    }
}
