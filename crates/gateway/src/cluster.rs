//! What several gateways of the same accounts tell one another through Redis: pushes, rates, and what happens.
//!
//! Without Redis, and while it is away, each gateway decides for itself and goes on answering.

pub(crate) mod address;
mod redis;
pub(crate) mod dedup;
pub(crate) mod rate;
pub(crate) mod limiter;
pub(crate) mod bus;

pub(crate) use address::Address;
pub(crate) use bus::Bus;
pub(crate) use limiter::Limiter;
pub use rate::Rate;
pub(crate) use rate::Taken;

pub(crate) use self::redis::Redis;

/// One gateway's part in the cluster. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    redis: Option<Redis>,
    pub(crate) bus: Bus,
    pub(crate) limiter: Limiter,
}

impl Cluster {
    /// Joins the gateways that use the same Redis; without one it is alone.
    pub(crate) async fn join(address: Option<Address>, node: &str) -> Self {
        let redis = match address {
            Some(address) => Some(Redis::start(address).await),
            None => None,
        };
        let bus = redis.as_ref().map_or_else(Bus::default, |redis| Bus::shared(redis.clone(), node));
        Self { bus, limiter: Limiter::new(redis.clone()), redis }
    }

    /// Whether Redis is there, where one is used.
    pub(crate) fn redis_up(&self) -> Option<bool> {
        self.redis.as_ref().map(Redis::up)
    }

    /// What the gateways know of an account's pushes.
    pub(crate) fn dedup(
        &self,
        app_id: hongyan_wire::AppId,
        max_age: std::time::Duration,
    ) -> Option<std::sync::Arc<dyn hongyan_server::DedupStore>> {
        let redis = self.redis.clone()?;
        // As long as a signature can be replayed: it may be dated ahead by max_age and used until max_age after.
        let keep = max_age.saturating_mul(2).max(std::time::Duration::from_mins(1));
        Some(std::sync::Arc::new(dedup::RedisDedup::new(redis, app_id, keep)))
    }
}
