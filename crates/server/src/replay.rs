//! Step 4, replay: a nonce that comes again must bring the same message.
//!
//! The plain signature does not cover the body, so whoever has read one request could put its signature on a body of
//! their own. The platform's own further tries bring the same message and pass; they may have been sealed anew, which
//! is why the message is compared and not the body.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::Refusal;

const SHARDS: usize = 16;
/// Nonces in one generation of one shard; two generations are kept.
const GENERATION: usize = 4096;

/// The nonces seen lately, each with the digest of its message.
///
/// Nonces and messages are kept as keyed hashes: an outsider can neither guess nor steer where they meet.
pub(crate) struct Replays {
    hasher: RandomState,
    /// As long as a signature can be used, counted from the earliest moment it is accepted.
    kept: Duration,
    shards: [Mutex<Shard>; SHARDS],
}

struct Shard {
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
    since: Instant,
}

impl Replays {
    pub(crate) fn new(max_age: Duration, now: Instant) -> Self {
        let shard = |_| Mutex::new(Shard { young: HashMap::new(), old: HashMap::new(), since: now });
        Self {
            hasher: RandomState::new(),
            kept: max_age.saturating_mul(2),
            shards: std::array::from_fn(shard),
        }
    }

    /// Notes the nonce, or refuses it when it came with another message before.
    pub(crate) fn check(&self, nonce: &str, message: &[u8], now: Instant) -> Result<(), Refusal> {
        let nonce = self.hasher.hash_one(nonce);
        let digest = self.hasher.hash_one(message);
        let mut shard = self.shards[nonce as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.young.len() >= GENERATION || now.saturating_duration_since(shard.since) > self.kept {
            shard.old = mem::take(&mut shard.young);
            shard.since = now;
        }
        let seen = shard.young.get(&nonce).or_else(|| shard.old.get(&nonce)).copied();
        match seen {
            Some(seen) if seen != digest => Err(Refusal::Replayed),
            Some(_) => Ok(()),
            None => {
                shard.young.insert(nonce, digest);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_stays_with_its_message_until_it_is_too_old_to_use() {
        let start = Instant::now();
        let replays = Replays::new(Duration::from_secs(10), start);
        assert!(replays.check("1", b"a", start).is_ok());
        assert!(replays.check("1", b"a", start).is_ok());
        assert!(replays.check("1", b"b", start + Duration::from_secs(19)).is_err());
        assert!(replays.check("2", b"b", start).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let start = Instant::now();
        let replays = Replays::new(Duration::from_mins(10), start);
        for nonce in 0..SHARDS * GENERATION * 4 {
            assert!(replays.check(&nonce.to_string(), b"a", start).is_ok());
        }
        let kept: usize = replays
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.lock().unwrap();
                shard.young.len() + shard.old.len()
            })
            .sum();
        assert!(kept <= 2 * SHARDS * GENERATION, "{kept}");
    }
}
