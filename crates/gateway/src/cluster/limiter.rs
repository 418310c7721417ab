//! Asks before something happens that may happen only so often, on all gateways together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;

use super::rate::{Rate, Taken};
use super::redis::{Away, Redis};

/// The bucket of [`Rate::take`], by Redis's own clock in microseconds. A negative cost gives back.
const TAKE: &str = "local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, depth, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
if full < now then full = now end
local after = full + cost * interval
if cost * interval > depth then depth = cost * interval end
if cost > 0 and after > now + depth then return after - now - depth end
if after <= now then redis.call('DEL', KEYS[1]) return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return 0";
/// Buckets kept in this process; full ones are forgotten first.
const BUCKETS: usize = 10_000;

/// Counts by key: in Redis where there is one, else, and while it is away, in this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Limiter {
    redis: Option<Redis>,
    since: Instant,
    /// When each bucket is full again.
    own: Arc<Mutex<HashMap<Box<str>, u64>>>,
}

impl Limiter {
    /// A limiter that shares its counts through this Redis.
    pub(crate) fn new(redis: Option<Redis>) -> Self {
        Self { redis, since: Instant::now(), own: Arc::default() }
    }

    /// Takes `cost` of what `key` may do, if it may now.
    pub(crate) async fn take(&self, key: &str, rate: Rate, cost: u32) -> Taken {
        match self.shared(key, rate, i64::from(cost)).await {
            Ok(0) => Taken::Ok,
            Ok(wait) => Taken::Wait(Duration::from_micros(wait)),
            Err(Away) => self.alone(key, rate, cost, self.now()),
        }
    }

    /// Gives back what was taken and not used.
    pub(crate) async fn give_back(&self, key: &str, rate: Rate, cost: u32) {
        if self.shared(key, rate, -i64::from(cost)).await.is_err()
            && let Some(full_at) = self.lock().get_mut(key)
        {
            *full_at = full_at.saturating_sub(u64::from(cost) * rate.interval());
        }
    }

    async fn shared(&self, key: &str, rate: Rate, cost: i64) -> Result<u64, Away> {
        let redis = self.redis.as_ref().ok_or(Away)?;
        let mut command = redis::cmd("EVAL");
        command.arg(TAKE).arg(1).arg(format!("hongyan:rate:{key}"));
        command.arg(rate.interval()).arg(rate.depth()).arg(cost);
        match redis.ask(&command).await? {
            Value::Int(wait) => Ok(u64::try_from(wait).unwrap_or_default()),
            _ => Err(Away),
        }
    }

    fn alone(&self, key: &str, rate: Rate, cost: u32, now: u64) -> Taken {
        let mut own = self.lock();
        let full_at = own.get(key).copied().unwrap_or_default();
        match rate.take(full_at, now, cost) {
            Ok(after) => {
                if own.len() >= BUCKETS {
                    own.retain(|_, full_at| *full_at > now);
                }
                if own.len() < BUCKETS || own.contains_key(key) {
                    own.insert(key.into(), after);
                }
                Taken::Ok
            }
            Err(wait) => Taken::Wait(wait),
        }
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_micros() as u64
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, u64>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_key_has_a_bucket_and_what_is_given_back_can_be_taken_again() {
        let limiter = Limiter::new(None);
        let rate: Rate = "1/d".parse().unwrap();
        assert_eq!(limiter.take("a", rate, 1).await, Taken::Ok);
        assert!(
            matches!(limiter.take("a", rate, 1).await, Taken::Wait(wait) if wait > Duration::from_hours(23))
        );
        assert_eq!(limiter.take("b", rate, 1).await, Taken::Ok);
        limiter.give_back("a", rate, 1).await;
        assert_eq!(limiter.take("a", rate, 1).await, Taken::Ok);
    }
}
