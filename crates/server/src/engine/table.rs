//! Where a push's one value is found: sharded, so that no lock is everybody's, and bounded, so that nobody can fill it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::run::Run;
use crate::PushKey;

const SHARDS: usize = 16;

/// Pushes by key.
pub(super) struct Table {
    hasher: RandomState,
    capacity: usize,
    kept: Duration,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    runs: HashMap<PushKey, Arc<Run>>,
    /// In the order they came, so that the oldest are forgotten first.
    order: VecDeque<PushKey>,
}

/// A push's value, and whether it was made just now.
pub(super) enum Entry {
    New(Arc<Run>),
    Known(Arc<Run>),
}

impl Table {
    /// A table that remembers about `capacity` pushes, each for `kept`.
    pub(super) fn new(capacity: usize, kept: Duration) -> Self {
        Self {
            hasher: RandomState::new(),
            capacity: capacity.div_ceil(SHARDS).max(1),
            kept,
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// The value of this push; `make` decides whether there may be a new one.
    pub(super) fn enter<E>(
        &self,
        key: &PushKey,
        now: Instant,
        make: impl FnOnce() -> Result<Run, E>,
    ) -> Result<Entry, E> {
        let mut shard = self.shard(key);
        if let Some(run) = shard.runs.get(key) {
            return Ok(Entry::Known(Arc::clone(run)));
        }
        let run = Arc::new(make()?);
        shard.forget(self.capacity, now, self.kept);
        shard.runs.insert(key.clone(), Arc::clone(&run));
        shard.order.push_back(key.clone());
        Ok(Entry::New(run))
    }

    /// Every push whose end is open.
    pub(super) fn undecided(&self) -> Vec<Arc<Run>> {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards
            .flat_map(|shard| shard.runs.values().filter(|run| !run.settled()).cloned().collect::<Vec<_>>())
            .collect()
    }

    fn shard(&self, key: &PushKey) -> MutexGuard<'_, Shard> {
        let at = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Forgets a few of the oldest if they are too old or too many. One that is not decided goes to the back of the
    /// queue: the bound on runs is what keeps those few.
    fn forget(&mut self, capacity: usize, now: Instant, kept: Duration) {
        for _ in 0..4 {
            let Some(oldest) = self.order.front() else { return };
            let Some(run) = self.runs.get(oldest) else {
                self.order.pop_front();
                continue;
            };
            let old = now.saturating_duration_since(run.began) > kept;
            if !old && self.order.len() < capacity {
                return;
            }
            let settled = run.settled();
            let Some(oldest) = self.order.pop_front() else { return };
            if settled {
                self.runs.remove(&oldest);
            } else {
                self.order.push_back(oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gauge::Gauge;
    use super::super::machine::{Event, TryId};
    use super::*;
    use crate::Wait;

    fn push(table: &Table, gauge: &Arc<Gauge>, key: usize, now: Instant, done: bool) -> bool {
        let key = PushKey::new(key.to_string());
        let make = || Ok::<_, ()>(Run::new(Wait::All, None, now, gauge.undecided()));
        match table.enter(&key, now, make) {
            Ok(Entry::New(run)) => {
                run.lock().machine.on(Event::Arrive(TryId(0)), Duration::ZERO);
                if done {
                    run.lock().machine.on(Event::Failed, Duration::ZERO);
                }
                true
            }
            _ => false,
        }
    }

    fn count(table: &Table) -> usize {
        table.shards.iter().map(|shard| shard.lock().unwrap().runs.len()).sum()
    }

    #[test]
    fn a_push_is_new_once() {
        let (table, gauge, now) = (Table::new(64, Duration::from_mins(1)), Arc::default(), Instant::now());
        assert!(push(&table, &gauge, 1, now, true));
        assert!(!push(&table, &gauge, 1, now, true));
    }

    #[test]
    fn the_oldest_are_forgotten_but_never_one_that_runs() {
        let (table, gauge, now) = (Table::new(64, Duration::from_mins(1)), Arc::default(), Instant::now());
        assert!(push(&table, &gauge, 0, now, false));
        for key in 1..2000 {
            assert!(push(&table, &gauge, key, now, true));
        }
        assert!(count(&table) <= 64 + 16, "{}", count(&table));
        assert!(!push(&table, &gauge, 0, now, false), "a running push was forgotten");
        assert_eq!(table.undecided().len(), 1);
    }
}
