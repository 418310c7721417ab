//! Whether a service that the configuration names answers, for those who look before the gateway starts.

use crate::cluster::{Address, Redis};

/// Whether the Redis at this address answers; otherwise why not, without its password.
pub async fn redis_answers(address: &str) -> Result<(), String> {
    let address = Address::parse(address).ok_or("it is no address of a Redis")?;
    let redis = Redis::start(address).await;
    match redis.ask(&redis::cmd("PING")).await {
        Ok(_) => Ok(()),
        Err(_) => Err("nothing answers there, or it asks for another password".to_owned()),
    }
}
