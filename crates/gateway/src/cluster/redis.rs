//! The connection to Redis: made in the background, made again when it breaks, and never waited for.
//!
//! Every command has a short time-out. The first one that fails closes the connection for all, so that while Redis is
//! away nobody waits at all: commands fail at once until a new connection stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::address::{Address, options};

/// How long a command may take: somebody's five seconds are running.
const COMMAND: Duration = Duration::from_millis(200);
/// How often an idle connection is tried.
const PROBE: Duration = Duration::from_secs(1);
/// Pauses between attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Redis cannot be asked, or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away;

/// A Redis. Cheap to clone; the last clone ends the connection.
#[derive(Clone)]
pub(crate) struct Redis {
    link: Arc<Link>,
    _alive: Arc<Alive>,
}

struct Link {
    address: Address,
    /// The connection and its number.
    now: Mutex<Option<(u64, MultiplexedConnection)>>,
    broken: Notify,
}

/// Ends the task that keeps the connection.
struct Alive(tokio::task::AbortHandle);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Redis {
    /// Begins to connect, and waits a moment for it, so that the first pushes after a start find it.
    pub(crate) async fn start(address: Address) -> Self {
        let link = Arc::new(Link { address, now: Mutex::default(), broken: Notify::new() });
        let (first, connected) = tokio::sync::oneshot::channel();
        let keeper = tokio::spawn(keep(Arc::clone(&link), first));
        let _ = timeout(PROBE, connected).await;
        Self { link, _alive: Arc::new(Alive(keeper.abort_handle())) }
    }

    /// Whether there is a connection.
    pub(crate) fn up(&self) -> bool {
        self.link.lock().is_some()
    }

    /// Sends a command.
    pub(crate) async fn ask(&self, command: &Cmd) -> Result<Value, Away> {
        let found = self.link.lock().clone();
        let (number, mut connection) = found.ok_or(Away)?;
        match timeout(COMMAND, connection.send_packed_command(command)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if breaks(&error) {
                    self.link.close(number, &error.to_string());
                } else {
                    tracing::warn!(redis = %self.link.address, %error, "Redis refuses a command");
                }
                Err(Away)
            }
            Err(_) => {
                self.link.close(number, "no answer in time");
                Err(Away)
            }
        }
    }

    /// A connection of its own for listening.
    pub(crate) async fn listen(&self) -> Result<PubSub, String> {
        let made = async {
            let client = self.link.address.client().await?;
            client.get_async_pubsub().await.map_err(|error| error.to_string())
        };
        timeout(PROBE * 2, made).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

impl Link {
    fn lock(&self) -> MutexGuard<'_, Option<(u64, MultiplexedConnection)>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives up a connection; only the first to do so says why.
    fn close(&self, number: u64, why: &str) {
        let mut now = self.lock();
        if now.as_ref().is_none_or(|(current, _)| *current != number) {
            return;
        }
        *now = None;
        drop(now);
        tracing::error!(redis = %self.address, "{why}: Redis is away, and this gateway recognises repeated pushes by itself");
        self.broken.notify_one();
    }
}

/// Keeps a connection for as long as somebody holds the Redis.
async fn keep(link: Arc<Link>, first: tokio::sync::oneshot::Sender<()>) {
    let mut first = Some(first);
    let (mut number, mut pause, mut said) = (0, PAUSES.0, false);
    loop {
        match connect(&link.address).await {
            Ok(connection) => {
                number += 1;
                *link.lock() = Some((number, connection.clone()));
                if number > 1 || said {
                    tracing::info!(redis = %link.address, "Redis is back");
                }
                if let Some(first) = first.take() {
                    let _ = first.send(());
                }
                (pause, said) = (PAUSES.0, false);
                watch(&link, number, connection).await;
            }
            Err(why) => {
                if number == 0 && !said {
                    tracing::error!(redis = %link.address, "{why}: Redis is away, and this gateway recognises repeated pushes by itself");
                }
                said = true;
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

/// Returns when the connection is of no use any more.
async fn watch(link: &Link, number: u64, mut connection: MultiplexedConnection) {
    let ping = redis::cmd("PING");
    loop {
        tokio::select! {
            () = link.broken.notified() => return,
            () = sleep(PROBE) => {}
        }
        // Longer than a command's time: what is only slow is not away.
        match timeout(PROBE, connection.send_packed_command(&ping)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => link.close(number, &error.to_string()),
            Err(_) => link.close(number, "no answer in time"),
        }
    }
}

async fn connect(address: &Address) -> Result<MultiplexedConnection, String> {
    let made = async {
        let client = address.client().await?;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&options())
            .await
            .map_err(|error| error.to_string())?;
        // It may be up and yet of no use: still loading, or a replica that takes no writes.
        let mut probe = redis::cmd("SET");
        probe.arg("hongyan:probe").arg(1).arg("PX").arg(1000);
        connection.send_packed_command(&probe).await.map_err(|error| error.to_string())?;
        Ok(connection)
    };
    timeout(PROBE * 3, made).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

/// Whether the connection is of no use after this error.
fn breaks(error: &RedisError) -> bool {
    let role = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
        )
    );
    role || error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.is_unrecoverable_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_a_redis_that_is_not_there() {
        // Whoever connects is left without a word.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        for scheme in ["redis", "rediss"] {
            let address = format!("{scheme}://{}", silent.local_addr().unwrap());
            let redis = Redis::start(Address::parse(&address).unwrap()).await;
            assert_eq!(redis.ask(&redis::cmd("PING")).await, Err(Away));
            assert!(redis.link.lock().is_none());
        }
    }

    #[tokio::test]
    #[ignore = "scripts/test"]
    async fn a_command_that_takes_too_long_ends_the_connection_and_a_new_one_is_made() {
        let address =
            std::env::var("HONGYAN_TEST_REDIS").expect("HONGYAN_TEST_REDIS is the address of a Redis");
        let redis = Redis::start(Address::parse(&address).unwrap()).await;
        let mut slow = redis::cmd("BLPOP");
        slow.arg("hongyan:test:nobody-pushes-here").arg(3);
        assert_eq!(redis.ask(&slow).await, Err(Away));
        assert_eq!(redis.ask(&redis::cmd("PING")).await, Err(Away), "nobody waits for it now");
        let ping = async || redis.ask(&redis::cmd("PING")).await;
        while ping().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    }
}
