//! Where replies go that came too late to be one.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::{Answer, Push};

/// Takes replies that no try of the platform's was open for any more.
pub trait LateSink: Send + Sync + 'static {
    /// Takes over the answer, and calls its `delivered` once it has. A clean stop waits for the future.
    ///
    /// An answer without a reply comes here only if it has a `delivered` to call.
    fn late(&self, push: Push, answer: Answer) -> BoxFuture<'static, ()>;
}

/// Drops late replies, and says so in the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropLate;

impl LateSink for DropLate {
    fn late(&self, push: Push, answer: Answer) -> BoxFuture<'static, ()> {
        if !answer.reply.is_none() {
            tracing::warn!(
                account = &*push.account,
                exchange = push.exchange,
                "the reply came after the platform's last try and is dropped: make the handler faster, or set a late sink"
            );
        }
        if let Some(delivered) = answer.delivered {
            delivered();
        }
        ready(()).boxed()
    }
}
