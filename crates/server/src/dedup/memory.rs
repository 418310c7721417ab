//! A dedup store in memory, for several callbacks in one process.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::time::Instant;

use super::{Claim, DedupStore, PushKey};

const SHARDS: usize = 16;
/// Longer than the platform goes on trying; a claim older than this has lost its owner.
const CLAIMED: Duration = Duration::from_secs(30);

/// Pushes and their answers, sharded and bounded: the oldest go first.
pub struct MemoryDedup {
    hasher: RandomState,
    capacity: usize,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    known: HashMap<(Box<str>, PushKey), Known>,
    order: VecDeque<(Box<str>, PushKey)>,
}

struct Known {
    claimed: Instant,
    reply: Option<Bytes>,
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

    fn shard(&self, key: &PushKey) -> std::sync::MutexGuard<'_, Shard> {
        let at = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DedupStore for MemoryDedup {
    fn claim<'a>(&'a self, account: &'a str, key: &'a PushKey) -> BoxFuture<'a, Claim> {
        let now = Instant::now();
        let name = (Box::from(account), key.clone());
        let mut shard = self.shard(key);
        let claim = match shard.known.get_mut(&name) {
            Some(Known { reply: Some(reply), .. }) => Claim::Answered(reply.clone()),
            Some(known) if now.saturating_duration_since(known.claimed) < CLAIMED => Claim::Elsewhere,
            Some(known) => {
                known.claimed = now;
                Claim::First
            }
            None => {
                if shard.order.len() >= self.capacity
                    && let Some(oldest) = shard.order.pop_front()
                {
                    shard.known.remove(&oldest);
                }
                shard.order.push_back(name.clone());
                shard.known.insert(name, Known { claimed: now, reply: None });
                Claim::First
            }
        };
        ready(claim).boxed()
    }

    fn remember<'a>(&'a self, account: &'a str, key: &'a PushKey, reply: Bytes) -> BoxFuture<'a, ()> {
        if let Some(known) = self.shard(key).known.get_mut(&(Box::from(account), key.clone())) {
            known.reply = Some(reply);
        }
        ready(()).boxed()
    }
}
