//! Where a reply goes that was ready after the platform's last try.

use futures_util::future::BoxFuture;
use hongyan_server::{Answer, LateSink, Push};

use crate::account::{Account, Pending};
use crate::config::Late;
use crate::outbox::Hold;
use crate::store::StoreError;

impl LateSink for Account {
    fn late(&self, push: Push, answer: Answer) -> BoxFuture<'static, ()> {
        let this = self.clone();
        Box::pin(async move {
            if let Some(pending) = this.follow(&push.exchange) {
                let policy = this.config().late;
                if let Err(error) = this.late_reply(&push, pending, policy).await {
                    tracing::error!(account = %push.account, exchange = push.exchange, %error, "a late reply is lost");
                }
            }
            if let Some(delivered) = answer.delivered {
                delivered();
            }
        })
    }
}

impl Account {
    async fn late_reply(&self, push: &Push, pending: Pending, policy: Late) -> Result<(), StoreError> {
        let inner = &self.inner;
        let Pending { head, rest, batch, taken, surplus, .. } = pending;
        let says_something = head.can_be_sent();
        tracing::info!(account = %inner.name, exchange = push.exchange, policy = policy.name(), "a reply came too late");
        match (policy, batch) {
            (Late::CustomerService, batch) => {
                match batch {
                    Some(batch) if says_something => inner.outbox.precede(&batch, &head.by_service()).await?,
                    Some(batch) => inner.outbox.release(&batch, inner.clock.now()).await?,
                    None if says_something => {
                        let lane = self.lane(&push.message);
                        inner.outbox.queue(lane, &[head.by_service()], Hold::No).await?;
                    }
                    None => {}
                }
                match taken {
                    Some(taken) => taken.given(&surplus).await,
                    None => inner.kept.keep(&push.message.from, &surplus).await,
                }
            }
            (Late::NextMessage, batch) => {
                if let Some(batch) = batch {
                    inner.outbox.withdraw(&batch).await?;
                }
                let all: Vec<_> =
                    says_something.then_some(head).into_iter().chain(rest).chain(surplus).collect();
                match taken {
                    Some(taken) => taken.given(&all).await,
                    None => inner.kept.keep(&push.message.from, &all).await,
                }
            }
            (Late::Drop, batch) => {
                if let Some(batch) = batch {
                    inner.outbox.withdraw(&batch).await?;
                }
                match taken {
                    Some(taken) => taken.given(&[]).await,
                    None => Ok(()),
                }
            }
        }
    }
}
