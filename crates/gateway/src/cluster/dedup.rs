//! Pushes in Redis, so that all gateways of an account recognise them.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hongyan_server::{Away, DedupStore, Noted, PushKey, Swap};
use hongyan_wire::AppId;
use redis::Value;
use sha2::{Digest, Sha256};

use super::redis::Redis;

/// Replaces the value if it is the one that was seen. What is stored begins with the time of the first write, 13
/// digits of milliseconds by Redis's own clock.
const SWAP: &str = "local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('GET', KEYS[1])
local since, value = now, ''
if found then since, value = tonumber(string.sub(found, 1, 13)), string.sub(found, 14) end
if ARGV[2] == '' or value ~= ARGV[1] then return {0, now - since, value} end
local stored = string.format('%013.0f', since) .. ARGV[2]
if found then redis.call('SET', KEYS[1], stored, 'KEEPTTL') else redis.call('SET', KEYS[1], stored, 'PX', ARGV[3]) end
return {1, now - since}";
/// Longer keys are stored by their digest.
const LONGEST: usize = 40;

/// The pushes of one account in Redis.
pub(crate) struct RedisDedup {
    redis: Redis,
    app_id: AppId,
    keep: Duration,
}

impl RedisDedup {
    /// The pushes of this account, each kept for so long.
    pub(crate) fn new(redis: Redis, app_id: AppId, keep: Duration) -> Self {
        Self { redis, app_id, keep }
    }

    async fn exchange(&self, key: &PushKey, seen: &[u8], next: &[u8]) -> Result<Swap, Away> {
        let mut command = redis::cmd("EVAL");
        command.arg(SWAP).arg(1).arg(self.name(key)).arg(seen).arg(next).arg(self.keep.as_millis() as u64);
        let answer = self.redis.ask(&command).await.map_err(|_| Away)?;
        let Value::Array(parts) = answer else { return Err(Away) };
        let mut parts = parts.into_iter();
        let (Some(Value::Int(done)), Some(Value::Int(age))) = (parts.next(), parts.next()) else {
            return Err(Away);
        };
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        if done == 1 {
            return Ok(Swap::Written(age));
        }
        let Some(Value::BulkString(value)) = parts.next() else { return Err(Away) };
        let value = Bytes::from(value);
        Ok(Swap::Found((!value.is_empty()).then_some(Noted { value, age })))
    }

    fn name(&self, key: &PushKey) -> String {
        let mut name = format!("hongyan:{}:push:", self.app_id.as_str());
        if key.as_str().len() <= LONGEST {
            name.push_str(key.as_str());
        } else {
            for byte in Sha256::digest(key.as_str()).iter().take(16) {
                let _ = write!(name, "{byte:02x}");
            }
        }
        name
    }
}

impl DedupStore for RedisDedup {
    fn read<'a>(&'a self, key: &'a PushKey) -> BoxFuture<'a, Result<Option<Noted>, Away>> {
        async move {
            match self.exchange(key, b"", b"").await? {
                Swap::Found(noted) => Ok(noted),
                Swap::Written(_) => Err(Away),
            }
        }
        .boxed()
    }

    fn swap<'a>(
        &'a self,
        key: &'a PushKey,
        seen: Option<&'a Bytes>,
        next: &'a Bytes,
    ) -> BoxFuture<'a, Result<Swap, Away>> {
        self.exchange(key, seen.map_or(b"".as_slice(), |seen| seen), next).boxed()
    }
}
