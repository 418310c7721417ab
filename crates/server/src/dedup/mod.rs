//! Step 6, dedup: what makes two pushes the same, and who remembers it.
//!
//! Within one process the [engine](crate::engine) holds one value per push, running or answered, and needs nothing else.
//! A [`DedupStore`] stands beside it where several processes serve the same account.

pub mod record;
mod memory;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hongyan_wire::Inbound;

pub use memory::MemoryDedup;

/// What makes two pushes the same: a message's own number; for an event, which has none, its sender, time, name and
/// key, and a digest of all of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushKey(Arc<str>);

impl PushKey {
    /// The key of a message whose opened body is `body`.
    pub fn of(message: &Inbound, body: &[u8]) -> Self {
        if let Some(id) = message.msg_id.as_ref().filter(|_| message.event().is_none()) {
            return Self(id.as_str().into());
        }
        let from = message.from.as_str();
        let at = message.created.seconds();
        let event = message.event().unwrap_or_else(|| message.kind());
        let key = message.fields.text("EventKey").unwrap_or_default();
        Self(format!("{from}:{at}:{event}:{key}:{:016x}", digest(body)).into())
    }

    /// A key read back from where it was written.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// FNV-1a. It only tells two genuine events of one second apart, and every process must come to the same number.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What a store has about a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The record, as it was written.
    pub value: Bytes,
    /// How long ago the push's first record was written, by the store's clock.
    pub age: Duration,
}

/// What came of a wish to replace a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// It is replaced; the push is so old by the store's clock.
    Written(Duration),
    /// It is not, because it was not what the caller had seen, but this.
    Found(Option<Noted>),
}

/// The store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store that the processes share is away")]
pub struct Away;

/// What processes that serve the same account tell one another about its pushes: one [`record`] per push, which is
/// replaced only by someone who has seen it as it is.
///
/// The callback waits for these futures, so they must end within a fraction of a second; a store that is away says so
/// at once. Then each process dedups alone, and users get their answers. Records are of use for as long as a push can
/// come again, replayed by an outsider: twice the account's `max_age`.
pub trait DedupStore: Send + Sync + 'static {
    /// The push's record.
    fn read<'a>(&'a self, key: &'a PushKey) -> BoxFuture<'a, Result<Option<Noted>, Away>>;

    /// Makes `next` the push's record if it is `seen` at this moment; without `seen`, if there is none.
    fn swap<'a>(
        &'a self,
        key: &'a PushKey,
        seen: Option<&'a Bytes>,
        next: &'a Bytes,
    ) -> BoxFuture<'a, Result<Swap, Away>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str) -> PushKey {
        PushKey::of(&Inbound::parse(body.as_bytes()).unwrap(), body.as_bytes())
    }

    fn event(inner: &str) -> String {
        format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1732000000</CreateTime>\
             <MsgType>event</MsgType>{inner}</xml>"
        )
    }

    #[test]
    fn a_message_is_known_by_its_number() {
        let body = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1732000000</CreateTime>\
                    <MsgType>text</MsgType><Content>hi</Content><MsgId>24000000000000001</MsgId></xml>";
        assert_eq!(key(body).as_str(), "24000000000000001");
    }

    #[test]
    fn two_events_of_one_second_are_two_pushes() {
        let click = |name: &str| event(&format!("<Event>CLICK</Event><EventKey>{name}</EventKey>"));
        assert_eq!(key(&click("A")), key(&click("A")));
        assert_ne!(key(&click("A")), key(&click("B")));
        // Nothing but a field outside the key differs.
        let sent = |id: u8| event(&format!("<Event>TEMPLATESENDJOBFINISH</Event><MsgID>{id}</MsgID>"));
        assert_ne!(key(&sent(1)), key(&sent(2)));
        assert!(key(&click("A")).as_str().starts_with("o1:1732000000:CLICK:A:"));
    }
}
