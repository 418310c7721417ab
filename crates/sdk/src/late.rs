//! Sends replies that came too late to be one as customer-service messages.

use futures_util::future::BoxFuture;
use hongyan_server::{Answer, LateSink, Push};

use crate::api::{CustomMessage, OutMessage};
use crate::client::Client;

/// A sink that sends late replies by customer service, as the account's kind and the user's window allow.
///
/// ```
/// # fn example(client: hongyan::Client, account: hongyan::server::Account) {
/// use std::sync::Arc;
/// use hongyan::server::{Callback, Router};
/// let callback = Callback::builder(account, Router::new())
///     .late(Arc::new(hongyan::CustomerService::new(client)))
///     .build();
/// # let _ = callback; }
/// ```
#[derive(Debug, Clone)]
pub struct CustomerService {
    client: Client,
}

impl CustomerService {
    /// A sink that sends with this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl LateSink for CustomerService {
    fn late(&self, push: Push, answer: Answer) -> BoxFuture<'static, ()> {
        let client = self.client.clone();
        Box::pin(async move {
            let account = &*push.account;
            match CustomMessage::from_reply(answer.reply) {
                Ok(messages) => {
                    for message in messages {
                        let message = OutMessage::new(push.message.from.clone(), message);
                        // Never repeated here: a message that may have arrived must not arrive twice.
                        if let Err(error) = client.message().send(&message).await {
                            tracing::warn!(account, exchange = push.exchange, %error, "late reply not sent");
                            break;
                        }
                    }
                }
                Err(error) => tracing::warn!(account, exchange = push.exchange, %error, "late reply dropped"),
            }
            if let Some(delivered) = answer.delivered {
                delivered();
            }
        })
    }
}
