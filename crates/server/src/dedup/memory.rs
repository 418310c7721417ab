//! A dedup store in memory, for several callbacks in one process.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::time::Instant;

use super::{Away, DedupStore, Noted, PushKey, Swap};

const SHARDS: usize = 16;

/// The pushes of one account, sharded and bounded: the oldest go first.
pub struct MemoryDedup {
    hasher: RandomState,
    capacity: usize,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    known: HashMap<PushKey, (Instant, Bytes)>,
    order: VecDeque<PushKey>,
}

impl MemoryDedup {
    /// A store that keeps about `capacity` pushes.
    pub fn new(capacity: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            capacity: capacity.div_ceil(SHARDS).max(1),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    fn shard(&self, key: &PushKey) -> MutexGuard<'_, Shard> {
        let at = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn noted(&self, key: &PushKey) -> Option<Noted> {
        self.known.get(key).map(|(since, value)| Noted { value: value.clone(), age: since.elapsed() })
    }

    fn swap(&mut self, key: &PushKey, seen: Option<&Bytes>, next: &Bytes, capacity: usize) -> Swap {
        let found = self.noted(key);
        if found.as_ref().map(|noted| &noted.value) != seen {
            return Swap::Found(found);
        }
        if let Some((since, value)) = self.known.get_mut(key) {
            *value = next.clone();
            return Swap::Written(since.elapsed());
        }
        if self.order.len() >= capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(key.clone());
        let now = Instant::now();
        self.known.insert(key.clone(), (now, next.clone()));
        Swap::Written(now.elapsed())
    }
}

impl DedupStore for MemoryDedup {
    fn read<'a>(&'a self, key: &'a PushKey) -> BoxFuture<'a, Result<Option<Noted>, Away>> {
        ready(Ok(self.shard(key).noted(key))).boxed()
    }

    fn swap<'a>(
        &'a self,
        key: &'a PushKey,
        seen: Option<&'a Bytes>,
        next: &'a Bytes,
    ) -> BoxFuture<'a, Result<Swap, Away>> {
        ready(Ok(self.shard(key).swap(key, seen, next, self.capacity))).boxed()
    }
}
