//! Tells all gateways what happened: whoever has subscribed to a topic hears it, on this node and on the others.
//!
//! It is for watching, not for keeping: a listener that is too slow misses the oldest, and while Redis is away the
//! nodes hear only themselves.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::{Notify, broadcast, mpsc};

use super::redis::Redis;

/// How many messages wait for a slow listener; it misses the oldest of more.
const WAITING: usize = 256;
/// How many messages wait for Redis; further ones stay on this node.
const OUTBOUND: usize = 1024;
/// How often topics that nobody listens to any more are given up.
const TIDY: Duration = Duration::from_secs(5);
/// Pause before a broken connection is made again.
const PAUSE: Duration = Duration::from_millis(500);
/// What stands before a topic in Redis.
const PREFIX: &str = "hongyan:bus:";

/// Says something on a topic, and listens to one. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Bus {
    topics: Arc<Topics>,
    outbound: Option<mpsc::Sender<(String, Bytes)>>,
}

#[derive(Default)]
struct Topics {
    now: Mutex<HashMap<Arc<str>, broadcast::Sender<Bytes>>>,
    changed: Notify,
}

impl Bus {
    /// A bus that reaches the other gateways too. It must be made on a runtime.
    pub(super) fn shared(redis: Redis, node: &str) -> Self {
        let topics = Arc::<Topics>::default();
        let (outbound, messages) = mpsc::channel(OUTBOUND);
        // Both end with the last clone of the bus: one by its closed queue, the other by its lost topics.
        tokio::spawn(send(redis.clone(), node.to_owned(), messages));
        tokio::spawn(listen(redis, node.to_owned(), Arc::downgrade(&topics)));
        Self { topics, outbound: Some(outbound) }
    }

    /// Says `message` to everybody who listens to `topic`. Never waits.
    pub(crate) fn publish(&self, topic: &str, message: impl Into<Bytes>) {
        let message = message.into();
        self.topics.deliver(topic, &message);
        if let Some(outbound) = &self.outbound {
            // Redis does not keep up: the others miss it, as a slow listener would.
            let _ = outbound.try_send((topic.to_owned(), message));
        }
    }

    /// What is said on `topic` from now on. A receiver that is too slow gets `Lagged` and goes on with the newest.
    pub(crate) fn subscribe(&self, topic: &str) -> broadcast::Receiver<Bytes> {
        let receiver = self
            .topics
            .lock()
            .entry(topic.into())
            .or_insert_with(|| broadcast::Sender::new(WAITING))
            .subscribe();
        self.topics.tidy();
        self.topics.changed.notify_one();
        receiver
    }
}

impl Topics {
    fn deliver(&self, topic: &str, message: &Bytes) {
        if let Some(sender) = self.lock().get(topic) {
            // Nobody there any more: that is fine.
            let _ = sender.send(message.clone());
        }
    }

    fn tidy(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
    }

    fn names(&self) -> HashSet<Arc<str>> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, broadcast::Sender<Bytes>>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands messages to Redis, our name first, so that we know our own when they come back.
async fn send(redis: Redis, node: String, mut messages: mpsc::Receiver<(String, Bytes)>) {
    while let Some((topic, message)) = messages.recv().await {
        let mut framed = Vec::with_capacity(node.len() + 1 + message.len());
        framed.extend_from_slice(node.as_bytes());
        framed.push(b'\n');
        framed.extend_from_slice(&message);
        let mut command = redis::cmd("PUBLISH");
        command.arg(format!("{PREFIX}{topic}")).arg(framed);
        let _ = redis.ask(&command).await;
    }
}

/// Listens in Redis to the topics that somebody here listens to.
async fn listen(redis: Redis, node: String, topics: std::sync::Weak<Topics>) {
    while let Some(held) = topics.upgrade() {
        if held.names().is_empty() {
            drop(held);
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        drop(held);
        match redis.listen().await {
            Ok(connection) => hear(connection, &node, &topics).await,
            Err(error) => tracing::debug!(%error, "what other gateways say cannot be heard"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Follows the topics until the connection breaks.
async fn hear(connection: redis::aio::PubSub, node: &str, topics: &std::sync::Weak<Topics>) {
    let (mut sink, mut stream) = connection.split();
    let mut heard = HashSet::<Arc<str>>::new();
    loop {
        let Some(held) = topics.upgrade() else { return };
        held.tidy();
        let wanted = held.names();
        for gone in heard.difference(&wanted) {
            if sink.unsubscribe(format!("{PREFIX}{gone}")).await.is_err() {
                return;
            }
        }
        for new in wanted.difference(&heard) {
            if sink.subscribe(format!("{PREFIX}{new}")).await.is_err() {
                return;
            }
        }
        heard = wanted;
        tokio::select! {
            () = held.changed.notified() => {}
            () = tokio::time::sleep(TIDY) => {}
            message = stream.next() => {
                let Some(message) = message else { return };
                let payload = Bytes::copy_from_slice(message.get_payload_bytes());
                let topic = message.get_channel_name().strip_prefix(PREFIX);
                let cut = payload.iter().position(|byte| *byte == b'\n');
                if let (Some(topic), Some(cut)) = (topic, cut)
                    && &payload[..cut] != node.as_bytes()
                {
                    held.deliver(topic, &payload.slice(cut + 1..));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::*;

    #[tokio::test]
    async fn whoever_listens_hears_and_nobody_waits_for_him() {
        let bus = Bus::default();
        let mut listener = bus.subscribe("a");
        let _other = bus.subscribe("b");
        for number in 0..=WAITING {
            bus.publish("a", number.to_string());
        }
        bus.publish("nobody", "hello");
        assert!(matches!(listener.recv().await, Err(broadcast::error::RecvError::Lagged(_))));
        assert_eq!(listener.recv().await.unwrap(), "1");
        drop(listener);
        bus.subscribe("c");
        assert!(!bus.topics.names().contains("a"), "what nobody listens to is forgotten");
    }

    #[tokio::test]
    #[ignore = "scripts/test"]
    async fn gateways_hear_one_another_through_redis_once() {
        let address =
            std::env::var("HONGYAN_TEST_REDIS").expect("HONGYAN_TEST_REDIS is the address of a Redis");
        let address = Address::parse(&address).unwrap();
        let (one, two) = (Redis::start(address.clone()).await, Redis::start(address).await);
        let (one, two) = (Bus::shared(one, "bus-one"), Bus::shared(two, "bus-two"));
        let (mut here, mut there) = (one.subscribe("bus-test"), two.subscribe("bus-test"));
        // The subscription reaches Redis a moment later; until then nothing said elsewhere is heard.
        let first = loop {
            one.publish("bus-test", "hello");
            let heard = tokio::time::timeout(Duration::from_millis(200), there.recv()).await;
            if let Ok(heard) = heard {
                break heard.unwrap();
            }
        };
        assert_eq!(first, "hello");
        while here.try_recv().is_ok() {}
        two.publish("bus-test", "back");
        assert_eq!(here.recv().await.unwrap(), "back");
        two.publish("bus-test", "again");
        assert_eq!(here.recv().await.unwrap(), "again");
        while let Ok(heard) = there.try_recv() {
            assert!(heard == "hello" || heard == "back" || heard == "again", "{heard:?}");
        }
    }
}
